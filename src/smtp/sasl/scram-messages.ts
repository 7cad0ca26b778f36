import {isUtf8} from 'node:buffer'
import {decodeBase64} from './base64.ts'

/** `client-first-message` (RFC 5802 §7). */
export interface ClientFirst {
  /** `n`: it knows of no channel binding; `y`: it does, and believes that we do not; else the name of the type. */
  binding: 'n' | 'y' | {type: string}
  /** As whom it wants to act; null: as itself. */
  actFor: string | null
  /** As sent: the client says it once more in its last message. */
  header: string
  /** What the proof is made over. */
  bare: string
  user: string
  nonce: string
}

/** `client-final-message`. */
export interface ClientFinal {
  /** Octets of `c=`. */
  binding: Buffer
  nonce: string
  proof: Buffer
  withoutProof: string
}

// RFC 5802 §7: printable but for the comma.
const NONCE = /^[\x21-\x2b\x2d-\x7e]{1,512}$/

/** null: it is none, or asks for an extension that must be understood (`m=`), and none is. */
export function parseClientFirst(octets: Buffer): ClientFirst | null {
  const found =
    isUtf8(octets) &&
    /^((n|y|p=([A-Za-z0-9.-]+)),(?:a=([^,]+))?,)(n=([^,]+),r=([^,]+)(?:,.*)?)$/su.exec(octets.toString('utf8'))
  if (!found) return null
  const [, header, flag, type, authzid, bare, name, nonce] = found as unknown as string[]
  const user = saslName(name!)
  const actFor = authzid === undefined ? null : saslName(authzid)
  if (user === null || (authzid !== undefined && actFor === null) || !NONCE.test(nonce!)) return null
  const binding = type === undefined ? (flag as 'n' | 'y') : {type}
  return {binding, actFor, header: header!, bare: bare!, user, nonce: nonce!}
}

/** null: it is none. */
export function parseClientFinal(octets: Buffer): ClientFinal | null {
  const found = isUtf8(octets) && /^(c=([^,]+),r=([^,]+)(?:,.*)?),p=([^,]+)$/su.exec(octets.toString('utf8'))
  if (!found) return null
  const [, withoutProof, binding, nonce, proof] = found as unknown as string[]
  const [channel, proved] = [decodeBase64(binding!), decodeBase64(proof!)]
  if (!channel || !proved || !NONCE.test(nonce!)) return null
  return {binding: channel, nonce: nonce!, proof: proved, withoutProof: withoutProof!}
}

/** `saslname`: a comma is written =2C and an equals sign =3D, and no other `=` is allowed. */
function saslName(text: string): string | null {
  if (/=(?!2C|3D)|\0/.test(text)) return null
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=')
}
