import {createDecipheriv, pbkdf2Sync} from 'node:crypto'
import {children, type Element, oidText, Tag} from './der.ts'

/** A password does not open it, or the way it is encrypted is not one of ours. */
export class DecryptionError extends Error {
  override readonly name = 'DecryptionError'
  readonly kind: 'wrong-password' | 'unsupported'

  constructor(kind: 'wrong-password' | 'unsupported', message: string) {
    super(message)
    this.kind = kind
  }
}

const PBES2 = '1.2.840.113549.1.5.13'
const PBKDF2 = '1.2.840.113549.1.5.12'

const HASHES: Record<string, string> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}

const CIPHERS: Record<string, {name: string; keyLength: number}> = {
  '2.16.840.1.101.3.4.1.2': {name: 'aes-128-cbc', keyLength: 16},
  '2.16.840.1.101.3.4.1.22': {name: 'aes-192-cbc', keyLength: 24},
  '2.16.840.1.101.3.4.1.42': {name: 'aes-256-cbc', keyLength: 32},
  '1.2.840.113549.3.7': {name: 'des-ede3-cbc', keyLength: 24},
}

// A count is written by whoever made the file; without a bound, reading it could take for ever.
const MOST_ROUNDS = {pbkdf2: 2_000_000, pkcs12: 1_000_000}

/** The rounds of a key derivation. Throws DecryptionError when they are more than a file of good will has. */
export function rounds(element: Element | undefined, kind: keyof typeof MOST_ROUNDS): number {
  const count = element && element.content.length <= 6 ? element.content.readUIntBE(0, element.content.length) : 0
  if (count >= 1 && count <= MOST_ROUNDS[kind]) return count
  throw new DecryptionError('unsupported', `${count} rounds of key derivation are not accepted`)
}

/** Decrypts under a password: PBES2 (RFC 8018 §6.2), else the PKCS#12 schemes with RC2 or 3DES (RFC 7292 appendix C). */
export async function decrypt(algorithm: Element, ciphertext: Buffer, password: string): Promise<Buffer> {
  const [oid, parameters] = children(algorithm)
  if (!oid || !parameters) throw new DecryptionError('unsupported', 'no algorithm is named')
  if (oidText(oid) === PBES2) return decryptPbes2(parameters, ciphertext, password)
  return decryptLegacy(oidText(oid), parameters, ciphertext, password)
}

function decryptPbes2(parameters: Element, ciphertext: Buffer, password: string): Buffer {
  const [derivation, scheme] = children(parameters)
  const [kdf, kdfParameters] = derivation ? children(derivation) : []
  const [cipherOid, iv] = scheme ? children(scheme) : []
  const cipher = CIPHERS[cipherOid ? oidText(cipherOid) : '']
  if (!kdf || oidText(kdf) !== PBKDF2 || !kdfParameters || !cipher || !iv) {
    throw new DecryptionError('unsupported', 'it is encrypted in a way that is not supported')
  }
  const key = deriveKey(kdfParameters, password, cipher.keyLength)
  try {
    const decipher = createDecipheriv(cipher.name, key, iv.content)
    return Buffer.concat([decipher.update(ciphertext), decipher.final()])
  } catch {
    throw new DecryptionError('wrong-password', 'the password does not open it')
  }
}

/** PBKDF2 with the parameters of RFC 8018 appendix A.2. */
export function deriveKey(parameters: Element, password: string, keyLength: number): Buffer {
  const [salt, count, ...rest] = children(parameters)
  const prf = rest.find(({tag}) => tag === Tag.sequence)
  const hash = prf ? HASHES[oidText(children(prf)[0]!)] : 'sha1'
  if (!salt || !hash) throw new DecryptionError('unsupported', 'its key derivation is not supported')
  return pbkdf2Sync(password, salt.content, rounds(count, 'pbkdf2'), keyLength, hash)
}

// OpenSSL has put RC2 away, so these go through node-forge.
async function decryptLegacy(oid: string, parameters: Element, ciphertext: Buffer, password: string): Promise<Buffer> {
  rounds(children(parameters)[1], 'pkcs12')
  const cipher = await legacyCipher(oid, parameters, password)
  const {default: forge} = await import('node-forge')
  cipher.update(forge.util.createBuffer(ciphertext.toString('binary')))
  if (cipher.finish()) return Buffer.from(cipher.output.getBytes(), 'binary')
  throw new DecryptionError('wrong-password', 'the password does not open it')
}

/** What @types/node-forge leaves out. */
interface PasswordCiphers {
  getCipher(oid: string, parameters: unknown, password: string): import('node-forge').cipher.BlockCipher
}

async function legacyCipher(oid: string, parameters: Element, password: string) {
  const {default: forge} = await import('node-forge')
  const {pbe} = forge.pki as unknown as {pbe: PasswordCiphers}
  try {
    return pbe.getCipher(oid, forge.asn1.fromDer(parameters.raw.toString('binary')), password)
  } catch {
    throw new DecryptionError('unsupported', `it is encrypted in a way that is not supported (${oid})`)
  }
}
