import {createDecipheriv, createHmac} from 'node:crypto'
import {Content, type TlsRecord} from './tap-record.ts'

interface Suite {
  aead: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'
  hash: 'sha256' | 'sha384'
  /** Octets. */
  key: number
}

/** The cipher suites of TLS 1.3 that Node offers (RFC 8446 §B.4). */
const SUITES: Record<number, Suite> = {
  4865: {aead: 'aes-128-gcm', hash: 'sha256', key: 16},
  4866: {aead: 'aes-256-gcm', hash: 'sha384', key: 32},
  4867: {aead: 'chacha20-poly1305', hash: 'sha256', key: 32},
}

const TAG = 16
const IV = 12

/** Opens the records of one direction and epoch of TLS 1.3, in the order they came (RFC 8446 §5.2, §5.3, §7.3). */
export class RecordOpener {
  readonly #suite: Suite
  readonly #key: Buffer
  readonly #iv: Buffer
  #sequence = 0n

  private constructor(suite: Suite, secret: Buffer) {
    this.#suite = suite
    this.#key = expandLabel(suite.hash, secret, 'key', suite.key)
    this.#iv = expandLabel(suite.hash, secret, 'iv', IV)
  }

  /** `secret` is a traffic secret, as the key log names them. Null where the suite is none that we know. */
  static for(cipherSuite: number, secret: Buffer): RecordOpener | null {
    const suite = SUITES[cipherSuite]
    return suite ? new RecordOpener(suite, secret) : null
  }

  /** The inner content type and content; null when the record was not sealed under this key. */
  open({header, fragment}: TlsRecord): {type: number; content: Buffer} | null {
    if (fragment.length < TAG) return null
    const decipher = createDecipheriv(this.#suite.aead as 'aes-256-gcm', this.#key, this.#nonce(), {authTagLength: TAG})
    decipher.setAAD(header)
    decipher.setAuthTag(fragment.subarray(-TAG))
    try {
      const inner = Buffer.concat([decipher.update(fragment.subarray(0, -TAG)), decipher.final()])
      this.#sequence += 1n
      return withoutPadding(inner)
    } catch {
      return null
    }
  }

  #nonce(): Buffer {
    const nonce = Buffer.alloc(IV)
    nonce.writeBigUInt64BE(this.#sequence, IV - 8)
    for (let i = 0; i < IV; i++) nonce[i]! ^= this.#iv[i]!
    return nonce
  }
}

/** RFC 8446 §5.4: the content type is the last octet that is not zero. */
function withoutPadding(inner: Buffer): {type: number; content: Buffer} | null {
  let end = inner.length
  while (end > 0 && inner[end - 1] === 0) end--
  const type = inner[end - 1]
  if (type === undefined || type < Content.changeCipherSpec) return null
  return {type, content: inner.subarray(0, end - 1)}
}

/**
 * HKDF-Expand-Label with an empty context (RFC 8446 §7.1). Keys and IVs are no longer than the hash, so that one block
 * of HKDF-Expand (RFC 5869 §2.3) is all of it.
 */
export function expandLabel(hash: 'sha256' | 'sha384', secret: Buffer, label: string, length: number): Buffer {
  const full = Buffer.from(`tls13 ${label}`, 'ascii')
  const info = Buffer.concat([Buffer.from([length >> 8, length & 255, full.length]), full, Buffer.from([0])])
  return createHmac(hash, secret)
    .update(info)
    .update(Buffer.from([1]))
    .digest()
    .subarray(0, length)
}
