import {type EffectiveProfile, LEVELS, type Level} from '../policy/profile.ts'
import type {ClientFacts} from '../smtp/receiver.ts'

/** How a message came in, for the line about it. */
export interface ReceivedPath {
  /** The strictest that governed it; null: no rule did. */
  level: Level | null
  /** Of every rule that governed one of its recipients. */
  profiles: string[]
  rules: string[]
  /** `verified`: a client certificate was asked for and holds; `refused`: the session is not what the profile wants. */
  outcome: 'clear' | 'tls' | 'verified' | 'refused'
  version: string | null
  cipher: string | null
  group: string | null
  /** SHA-256 of the client's certificate, presented or not verified alike. */
  fingerprint: string | null
}

/** `governing`: the profiles that this message met. */
export function receivedPath({tls}: Pick<ClientFacts, 'tls'>, governing: readonly EffectiveProfile[]): ReceivedPath {
  const levels = LEVELS.filter((level) => governing.some((profile) => profile.level === level))
  const level = levels.at(-1) ?? null
  return {
    level,
    profiles: [...new Set(governing.map(({name}) => name))],
    rules: [...new Set(governing.flatMap(({rule}) => rule ?? []))],
    outcome: tls === null ? 'clear' : level === 'secure' ? 'verified' : 'tls',
    version: tls?.version ?? null,
    cipher: tls?.cipher ?? null,
    group: tls?.group ?? null,
    fingerprint: tls?.client?.certificate.fingerprint256.replaceAll(':', '').toLowerCase() ?? null,
  }
}

/** The same for a command that was refused; `profile`: that of the rule that refused, null where no rule did. */
export function refusedPath(client: Pick<ClientFacts, 'tls'>, profile: EffectiveProfile | null): ReceivedPath {
  if (profile === null) return receivedPath(client, [])
  return {...receivedPath(client, [profile]), outcome: 'refused'}
}
