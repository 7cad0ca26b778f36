import type {Users} from './users.ts'

/** How an exchange ended: the user it proved, or why it proved none. */
export type SaslOutcome = {user: string} | {failure: SaslFailure}

export interface SaslFailure {
  /** `malformed`: what the client sent is no message of the mechanism (501); `denied`: it proves nothing (535). */
  kind: 'malformed' | 'denied'
  /** Whom the client claimed to be; null where it did not come so far. */
  user: string | null
  /** For the log. */
  reason: string
}

/**
 * The server's side of one exchange (RFC 4422 §3): it yields challenges, is given the responses, and returns the outcome.
 * An initial response answers the first challenge, which is empty where the client speaks first.
 */
export type SaslExchange = AsyncGenerator<Buffer, SaslOutcome, Buffer>

/** What a mechanism may look at. */
export interface SaslSituation {
  users: Users
  /** `tls-exporter` of this session (RFC 9266); null where there is none. */
  channelBinding: Buffer | null
}

export const EMPTY = Buffer.alloc(0)

/** The secret does not fit, or there is no such user; `reason` is for the log. */
export function denied(user: string | null, reason: string): SaslOutcome {
  return {failure: {kind: 'denied', user, reason}}
}

/** The client does not keep to the mechanism; `reason` is for the log. */
export function malformed(reason: string, user: string | null = null): SaslOutcome {
  return {failure: {kind: 'malformed', user, reason}}
}
