import {createHmac, timingSafeEqual} from 'node:crypto'
import {children, type Element, octets, oidText, readElement, Tag} from './der.ts'
import {DecryptionError, decrypt, deriveKey, rounds} from './password-encryption.ts'

/** What a PKCS#12 file holds, as DER. */
export interface Pkcs12Content {
  certificates: Buffer[]
  /** Private keys: a plain PrivateKeyInfo, or an EncryptedPrivateKeyInfo that is still closed. */
  keys: {der: Buffer; isEncrypted: boolean}[]
}

const DATA = '1.2.840.113549.1.7.1'
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6'
const BAG = '1.2.840.113549.1.12.10.1.'
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1'
/** Two or three are usual. Each may cost a key derivation. */
const MOST_PARTS = 16
const PBMAC1 = '1.2.840.113549.1.5.14'

/** Whether this is a PFX (RFC 7292 §4): version 3, then a ContentInfo. */
export function isPkcs12(element: Element): boolean {
  if (element.tag !== Tag.sequence) return false
  const [version, authSafe] = children(element)
  return version?.tag === Tag.integer && version.content.equals(Buffer.of(3)) && authSafe?.tag === Tag.sequence
}

/** Opens a PFX whose integrity the password proves. Throws DecryptionError and BerError. */
export async function openPkcs12(pfx: Element, password: string): Promise<Pkcs12Content> {
  const [, authSafe, mac] = children(pfx)
  const authenticated = contentOf(authSafe!, DATA)
  if (mac) await checkMac(mac, authenticated, password)
  const found: Pkcs12Content = {certificates: [], keys: []}
  const parts = children(readElement(authenticated))
  if (parts.length > MOST_PARTS) throw new DecryptionError('unsupported', `it has more than ${MOST_PARTS} parts`)
  for (const part of parts) {
    collect(readElement(await openPart(part, password)), found, 0)
  }
  return found
}

/** The octets inside a ContentInfo of this type. */
function contentOf(info: Element, type: string): Buffer {
  const [oid, explicit] = children(info)
  if (!oid || oidText(oid) !== type || !explicit)
    throw new DecryptionError('unsupported', 'its content is not supported')
  return octets(children(explicit)[0]!)
}

async function openPart(info: Element, password: string): Promise<Buffer> {
  const [oid, explicit] = children(info)
  if (!oid || oidText(oid) !== ENCRYPTED_DATA) return contentOf(info, DATA)
  // RFC 5652 §8: EncryptedData {version, {type, algorithm, [0] ciphertext}}.
  const encrypted = explicit && children(children(explicit)[0]!)[1]
  const [, algorithm, ciphertext] = encrypted ? children(encrypted) : []
  if (!algorithm || !ciphertext) throw new DecryptionError('unsupported', 'its content is not supported')
  return decrypt(algorithm, octets(ciphertext), password)
}

// RFC 7292 §4.2.
function collect(safeContents: Element, found: Pkcs12Content, depth: number): void {
  for (const bag of children(safeContents)) {
    const [oid, explicit] = children(bag)
    const value = explicit && children(explicit)[0]
    const kind = oid ? oidText(oid) : ''
    if (!value) continue
    if (kind === `${BAG}1` || kind === `${BAG}2`) found.keys.push({der: value.raw, isEncrypted: kind === `${BAG}2`})
    if (kind === `${BAG}3`) found.certificates.push(...certificateIn(value))
    if (kind === `${BAG}6` && depth < 8) collect(value, found, depth + 1)
  }
}

function certificateIn(certBag: Element): Buffer[] {
  const [oid, explicit] = children(certBag)
  return oid && explicit && oidText(oid) === X509_CERTIFICATE ? [octets(children(explicit)[0]!)] : []
}

async function checkMac(mac: Element, data: Buffer, password: string): Promise<void> {
  const [digestInfo, salt, count] = children(mac)
  const [algorithm, expected] = digestInfo ? children(digestInfo) : []
  if (!algorithm || !expected || !salt) throw new DecryptionError('unsupported', 'its MAC is malformed')
  const {key, hash} = await macKey(algorithm, salt.content, count, password)
  const actual = createHmac(hash, key).update(data).digest()
  if (actual.length === expected.content.length && timingSafeEqual(actual, expected.content)) return
  throw new DecryptionError('wrong-password', 'the password does not open it')
}

const MAC_HASHES: Record<string, 'sha1' | 'sha256' | 'sha384' | 'sha512'> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

// What an HMAC is called in RFC 8018 appendix B.1.
const HMACS: Record<string, string> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}

async function macKey(algorithm: Element, salt: Buffer, count: Element | undefined, password: string) {
  const [oid, parameters] = children(algorithm)
  const name = oid ? oidText(oid) : ''
  if (name === PBMAC1 && parameters) return pbmac1Key(parameters, password)
  const hash = MAC_HASHES[name]
  if (!hash) throw new DecryptionError('unsupported', `its MAC is not supported (${name})`)
  return {key: await pkcs12Key(password, salt, count ? rounds(count, 'pkcs12') : 1, hash), hash}
}

/** RFC 9579 §4: PBKDF2 and an HMAC, each named. */
function pbmac1Key(parameters: Element, password: string) {
  const [derivation, scheme] = children(parameters)
  const [, kdfParameters] = derivation ? children(derivation) : []
  const hash = HMACS[scheme ? oidText(children(scheme)[0]!) : '']
  const keyLength = kdfParameters && children(kdfParameters)[2]
  if (!hash || !kdfParameters || keyLength?.tag !== Tag.integer || keyLength.content.length > 2) {
    throw new DecryptionError('unsupported', 'its MAC is not supported')
  }
  return {key: deriveKey(kdfParameters, password, keyLength.content.readUIntBE(0, keyLength.content.length)), hash}
}

// RFC 7292 appendix B.2, purpose 3: the key of the MAC.
async function pkcs12Key(
  password: string,
  salt: Buffer,
  count: number,
  hash: 'sha1' | 'sha256' | 'sha384' | 'sha512',
): Promise<Buffer> {
  const {default: forge} = await import('node-forge')
  const digest = forge.md[hash].create()
  const salted = forge.util.createBuffer(salt.toString('binary'))
  const key = forge.pkcs12.generateKey(password, salted as never, 3, count, digest.digestLength, digest)
  return Buffer.from(key.getBytes(), 'binary')
}
