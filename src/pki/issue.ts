import {createPrivateKey, generateKeyPair, type KeyObject, randomBytes, X509Certificate} from 'node:crypto'
import {promisify} from 'node:util'
import {children, der, derOid, readElement, Tag} from './der.ts'
import {bodyOf} from './describe.ts'
import * as write from './write.ts'

export type IssuedKey = 'ec-256' | 'rsa-2048'

export interface IssueOptions {
  /** Common name. Decoration: names are looked for in `dnsNames` only. */
  subject: string
  organization?: string
  dnsNames?: string[]
  ipAddresses?: string[]
  /** A certificate authority; default false, an end-entity certificate for both sides of TLS. */
  ca?: boolean
  /** Absent: self-signed. */
  issuer?: {certificatePem: string; keyPem: string}
  /** Kind of the new key; default `ec-256`. */
  key?: IssuedKey
  /** Use this key instead of a new one. */
  keyPem?: string
  /** Default: an hour ago, for peers whose clocks are slow. */
  notBefore?: Date
  /** Default: a year after notBefore. */
  notAfter?: Date
  /** caIssuers addresses to write down (RFC 5280 §4.2.2.1). */
  aia?: string[]
}

export interface IssuedCertificate {
  certificatePem: string
  /** PKCS#8. */
  keyPem: string
}

const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR

/** Issues a certificate: a root, an intermediate or a leaf; one's own or the lab's. It checks nothing about the issuer. */
export async function issueCertificate(options: IssueOptions): Promise<IssuedCertificate> {
  const key = options.keyPem === undefined ? await newKey(options.key ?? 'ec-256') : createPrivateKey(options.keyPem)
  const issuerKey = options.issuer ? createPrivateKey(options.issuer.keyPem) : key
  const body = tbsCertificate(options, key, issuerKey)
  return {
    certificatePem: write.toPem('CERTIFICATE', write.signed(body, issuerKey)),
    keyPem: key.export({format: 'pem', type: 'pkcs8'}).toString(),
  }
}

/** A new private key. */
export async function newKey(kind: IssuedKey): Promise<KeyObject> {
  const generate = promisify(generateKeyPair)
  if (kind === 'ec-256') return (await generate('ec', {namedCurve: 'prime256v1'})).privateKey
  return (await generate('rsa', {modulusLength: 2048})).privateKey
}

// RFC 5280 §4.1.2.
function tbsCertificate(options: IssueOptions, key: KeyObject, issuerKey: KeyObject): Buffer {
  const notBefore = options.notBefore ?? new Date(Date.now() - HOUR)
  const notAfter = options.notAfter ?? new Date(notBefore.getTime() + YEAR)
  const subject = write.derName(options.subject, options.organization)
  const issuer = options.issuer ? new X509Certificate(options.issuer.certificatePem) : null
  return der(
    Tag.sequence,
    der(0xa0, write.derInteger(Buffer.of(2))),
    write.derInteger(serialNumber()),
    write.signatureAlgorithm(issuerKey),
    issuer ? subjectOf(issuer) : subject,
    der(Tag.sequence, write.derTime(notBefore), write.derTime(notAfter)),
    subject,
    write.publicKeyInfo(key),
    der(0xa3, der(Tag.sequence, ...extensions(options, key, issuer))),
  )
}

// 127 random bits, the first set: positive, and always 16 octets long.
function serialNumber(): Buffer {
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  return serial
}

/** The subject as the issuer has it, byte for byte: names must chain (RFC 5280 §6.1.3). */
function subjectOf(certificate: X509Certificate): Buffer {
  const fields = children(children(readElement(certificate.raw))[0]!)
  return fields[fields[0]!.tag === 0xa0 ? 5 : 4]!.raw
}

function extensions(options: IssueOptions, key: KeyObject, issuer: X509Certificate | null): Buffer[] {
  const authorityKeyId = issuer && bodyOf(issuer).keyId
  return [
    ...(options.ca ? authorityExtensions() : leafExtensions(key)),
    write.derExtension('2.5.29.14', false, der(Tag.octetString, write.keyIdentifier(write.publicKeyInfo(key)))),
    ...(authorityKeyId ? [authorityKey(Buffer.from(authorityKeyId, 'hex'))] : []),
    ...(options.dnsNames?.length || options.ipAddresses?.length ? [write.derAltNames(options)] : []),
    ...(options.aia?.length ? [caIssuers(options.aia)] : []),
  ]
}

function authorityExtensions(): Buffer[] {
  const constraints = der(Tag.sequence, der(Tag.boolean, Buffer.of(0xff)))
  // keyCertSign and cRLSign.
  return [write.derExtension('2.5.29.19', true, constraints), write.derKeyUsage([5, 6])]
}

function leafExtensions(key: KeyObject): Buffer[] {
  // digitalSignature; keyEncipherment for RSA key exchange of TLS 1.2.
  const usage = key.asymmetricKeyType === 'rsa' ? [0, 2] : [0]
  // serverAuth and clientAuth: a relay is both.
  const purposes = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'].map(derOid)
  return [
    write.derExtension('2.5.29.19', true, der(Tag.sequence)),
    write.derKeyUsage(usage),
    write.derExtension('2.5.29.37', false, der(Tag.sequence, ...purposes)),
  ]
}

function authorityKey(keyId: Buffer): Buffer {
  return write.derExtension('2.5.29.35', false, der(Tag.sequence, der(0x80, keyId)))
}

function caIssuers(addresses: string[]): Buffer {
  const method = derOid('1.3.6.1.5.5.7.48.2')
  const entries = addresses.map((address) => der(Tag.sequence, method, der(0x86, Buffer.from(address, 'latin1'))))
  return write.derExtension('1.3.6.1.5.5.7.1.1', false, der(Tag.sequence, ...entries))
}

/** A certification request (PKCS#10, RFC 2986) for these names. */
export function requestCertificate(
  names: {subject: string; organization?: string; dnsNames: string[]; ipAddresses?: string[]},
  keyPem: string,
): string {
  const key = createPrivateKey(keyPem)
  const wanted = der(Tag.sequence, write.derAltNames(names))
  // RFC 2985 §5.4.2: extensionRequest.
  const attribute = der(Tag.sequence, derOid('1.2.840.113549.1.9.14'), der(Tag.set, wanted))
  const body = der(
    Tag.sequence,
    write.derInteger(Buffer.of(0)),
    write.derName(names.subject, names.organization),
    write.publicKeyInfo(key),
    der(0xa0, attribute),
  )
  return write.toPem('CERTIFICATE REQUEST', write.signed(body, key))
}
