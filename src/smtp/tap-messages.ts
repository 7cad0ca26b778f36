import {TlsBytes} from './tap-bytes.ts'
import {groupName, isKnownGroup, signatureName, versionName} from './tap-names.ts'

/** Handshake message types (RFC 8446 §4, RFC 5246 §7.4, RFC 6066 §8). */
export const Message = {
  clientHello: 1,
  serverHello: 2,
  newSessionTicket: 4,
  encryptedExtensions: 8,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  finished: 20,
  certificateStatus: 22,
  keyUpdate: 24,
} as const

const Extension = {
  statusRequest: 5,
  alpn: 16,
  signedCertificateTimestamp: 18,
  supportedVersions: 43,
  certificateAuthorities: 47,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const

/** The fixed random of a ServerHello that asks for another ClientHello (RFC 8446 §4.1.3). */
const RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex')

export interface ServerHello {
  /** Version as negotiated: `TLSv1.3`. */
  version: string
  /** IANA number of the cipher suite. */
  cipherSuite: number
  /** TLS 1.3: the group of the key share; null where the key exchange says it later, or there is none. */
  group: string | null
  isRetry: boolean
  alpn: string | null
  hasScts: boolean
  /** 0: none; of TLS 1.2 and before. */
  compression: number
  /** RFC 5746 §3.4. */
  hasRenegotiationInfo: boolean
}

/** Body of a ServerHello (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3). Throws `Malformed`. */
export function parseServerHello(body: Buffer): ServerHello {
  const bytes = new TlsBytes(body)
  const legacyVersion = bytes.uint(2)
  const random = bytes.take(32)
  bytes.vector(1)
  const cipherSuite = bytes.uint(2)
  const compression = bytes.uint(1)
  const extensions = bytes.extensions()
  const share = extensions.get(Extension.keyShare)
  return {
    version: versionName(extensions.get(Extension.supportedVersions)?.readUInt16BE(0) ?? legacyVersion),
    cipherSuite,
    group: share ? groupName(new TlsBytes(share).uint(2)) : null,
    isRetry: random.equals(RETRY),
    alpn: alpnOf(extensions),
    hasScts: extensions.has(Extension.signedCertificateTimestamp),
    compression,
    hasRenegotiationInfo: extensions.has(Extension.renegotiationInfo),
  }
}

/** ALPN is answered in the ServerHello of TLS 1.2 and in the EncryptedExtensions of TLS 1.3 (RFC 7301 §3.1). */
export function parseEncryptedExtensions(body: Buffer): {alpn: string | null} {
  return {alpn: alpnOf(new TlsBytes(body).extensions())}
}

function alpnOf(extensions: Map<number, Buffer>): string | null {
  const answer = extensions.get(Extension.alpn)
  return answer ? (new TlsBytes(answer).list(2, 1)[0]?.toString('latin1') ?? null) : null
}

export interface CertificateMessage {
  /** DER, in the order they were sent. */
  certificates: Buffer[]
  /** OCSP response stapled to the leaf, DER. */
  ocsp: Buffer | null
  hasScts: boolean
}

/** RFC 5246 §7.4.2. */
export function parseCertificate12(body: Buffer): Buffer[] {
  return new TlsBytes(body).list(3, 3)
}

/** RFC 8446 §4.4.2: each certificate has extensions of its own. */
export function parseCertificate13(body: Buffer): CertificateMessage {
  const bytes = new TlsBytes(body)
  bytes.vector(1)
  const list = new TlsBytes(bytes.vector(3))
  const found: CertificateMessage = {certificates: [], ocsp: null, hasScts: false}
  while (list.left > 0) {
    found.certificates.push(list.vector(3))
    const extensions = list.extensions()
    if (found.certificates.length > 1) continue
    const status = extensions.get(Extension.statusRequest)
    found.ocsp = status ? parseCertificateStatus(status) : null
    found.hasScts = extensions.has(Extension.signedCertificateTimestamp)
  }
  return found
}

/** RFC 6066 §8; null for a status type that is not OCSP. */
export function parseCertificateStatus(body: Buffer): Buffer | null {
  const bytes = new TlsBytes(body)
  return bytes.uint(1) === 1 ? bytes.vector(3) : null
}

/** RFC 8446 §4.4.3. */
export function parseCertificateVerify(body: Buffer): string {
  return signatureName(new TlsBytes(body).uint(2))
}

export interface KeyExchange {
  group: string
  signatureAlgorithm: string | null
}

/** ServerKeyExchange of (EC)DHE (RFC 8422 §5.4, RFC 5246 §7.4.3). `signed`: the version names the algorithm (TLS 1.2). */
export function parseServerKeyExchange(body: Buffer, signed: boolean): KeyExchange {
  const bytes = new TlsBytes(body)
  const group = isNamedCurve(body) ? namedCurve(bytes) : finiteField(bytes)
  return {group, signatureAlgorithm: signed && bytes.left >= 2 ? signatureName(bytes.uint(2)) : null}
}

// A finite-field prime starts with its length: 3 in the first octet makes a prime of 6144 bits or more, and no known
// curve has a number that could be the two octets after it.
function isNamedCurve(body: Buffer): boolean {
  return body.length >= 3 && body[0] === 3 && isKnownGroup(body.readUInt16BE(1))
}

function namedCurve(bytes: TlsBytes): string {
  bytes.take(1)
  const group = groupName(bytes.uint(2))
  bytes.vector(1)
  return group
}

function finiteField(bytes: TlsBytes): string {
  const prime = bytes.vector(2)
  bytes.vector(2)
  bytes.vector(2)
  return `dh-${prime.length * 8}`
}

/** RFC 5246 §7.4.4: DER Names of the CAs whose certificates the peer accepts. `signed`: TLS 1.2 lists algorithms too. */
export function parseCertificateRequest12(body: Buffer, signed: boolean): Buffer[] {
  const bytes = new TlsBytes(body)
  bytes.vector(1)
  if (signed) bytes.vector(2)
  return bytes.list(2, 2)
}

/** RFC 8446 §4.3.2, §4.2.4. */
export function parseCertificateRequest13(body: Buffer): Buffer[] {
  const bytes = new TlsBytes(body)
  bytes.vector(1)
  const authorities = bytes.extensions().get(Extension.certificateAuthorities)
  return authorities ? new TlsBytes(authorities).list(2, 2) : []
}

/** The messages that whole fragments hold, and what is left over for the next record (RFC 8446 §5.1). */
export function splitMessages(bytes: Buffer): {messages: {type: number; body: Buffer}[]; rest: Buffer} {
  const messages: {type: number; body: Buffer}[] = []
  let at = 0
  while (at + 4 <= bytes.length) {
    const end = at + 4 + bytes.readUIntBE(at + 1, 3)
    if (end > bytes.length) break
    messages.push({type: bytes[at]!, body: bytes.subarray(at + 4, end)})
    at = end
  }
  return {messages, rest: bytes.subarray(at)}
}
