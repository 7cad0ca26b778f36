import type {Credential} from './credential.ts'
import {hmac} from './credential.ts'

/** Who may authenticate. */
export interface Users {
  /** Case matters. */
  credentials: ReadonlyMap<string, Credential>
  /** Makes up salts for names that do not exist. */
  decoySecret: Buffer
}

/**
 * The credential of a name, and for a name that does not exist one that nobody can meet: the same each time, shaped like
 * that of some user, so that neither the exchange nor its time tells who exists (RFC 5802 §9).
 */
export function findCredential(
  {credentials, decoySecret}: Users,
  user: string,
): {credential: Credential; known: boolean} {
  const decoy = makeUp(credentials, decoySecret, user)
  const found = credentials.get(user)
  return found ? {credential: found, known: true} : {credential: decoy, known: false}
}

function makeUp(credentials: Users['credentials'], secret: Buffer, user: string): Credential {
  const choice = hmac(secret, `choice ${user}`).readUInt32BE() % Math.max(credentials.size, 1)
  const model = [...credentials.values()][choice]
  const salt = hmac(secret, `salt ${user}`).subarray(0, model?.salt.length ?? 16)
  const storedKey = hmac(secret, `stored key ${user}`)
  return {iterations: model?.iterations ?? 50_000, salt, storedKey, serverKey: hmac(secret, `server key ${user}`)}
}
