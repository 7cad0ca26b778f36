import type {SaslExchange, SaslSituation} from './exchange.ts'
import {login, plain} from './plain.ts'
import {scram, scramPlus} from './scram.ts'

/** The mechanisms, the strongest first. All of them only inside TLS: without it somebody could change what follows. */
export const MECHANISMS: ReadonlyMap<string, (situation: SaslSituation) => SaslExchange> = new Map([
  ['SCRAM-SHA-256-PLUS', scramPlus],
  ['SCRAM-SHA-256', scram],
  ['PLAIN', plain],
  ['LOGIN', login],
])

/** Those a TLS session of this version may use; `-PLUS` needs a channel to bind to (RFC 9266 §3). */
export function mechanismsFor(version: string): string[] {
  return [...MECHANISMS.keys()].filter((name) => version === 'TLSv1.3' || !name.endsWith('-PLUS'))
}
