import type {AttemptEvidence, Finding, Outcome} from './evidence.ts'
import {type FindingCode, finding} from './findings.ts'
import type {Level} from './profile.ts'

/** What the law (docs/outcomes.md, "Delivery: one attempt") says of one finding; `fallback` is "clear after N failed attempts". */
export interface LawRow {
  preferred: 'clear' | 'tls' | 'fallback'
  encrypt: 'tls' | 'refused'
  secure: 'refused'
  /** x.7.4 not offered, x.7.5 handshake or certificate, x.7.6 too weak. */
  detail: 4 | 5 | 6
}

const noTls: LawRow = {preferred: 'clear', encrypt: 'refused', secure: 'refused', detail: 4}
const failedTls: LawRow = {preferred: 'fallback', encrypt: 'refused', secure: 'refused', detail: 5}
const badCertificate: LawRow = {preferred: 'tls', encrypt: 'tls', secure: 'refused', detail: 5}
const tooWeak: LawRow = {preferred: 'tls', encrypt: 'refused', secure: 'refused', detail: 6}

export const LAW = {
  'starttls-not-supported': noTls,
  'starttls-refused': {...failedTls, detail: 4},
  'validation-failure': failedTls,
  'plaintext-injected': failedTls,
  'tls-not-attempted': noTls,
  'clear-text-fallback': failedTls,
  'certificate-not-trusted': badCertificate,
  'certificate-expired': badCertificate,
  'certificate-revoked': badCertificate,
  'certificate-issuer-mismatch': badCertificate,
  'certificate-host-mismatch': badCertificate,
  'tls-version-too-low': tooWeak,
  'cipher-too-weak': tooWeak,
} as const satisfies Partial<Record<FindingCode, LawRow>>

export type LawCode = keyof typeof LAW

/** A finding together with what it does at each level. */
export interface Problem {
  finding: Finding
  law: LawRow
  /** How often TLS has failed here in a row, this time included: what `fallback-after` is compared with. */
  failures: number
}

/** `failures`: handshakes in a row that failed, which may open the way to clear text. */
export function problem(code: LawCode, message: string, hint: string, failures = 0): Problem {
  return {finding: finding(code, message, hint), law: LAW[code], failures}
}

export const BEST: Record<Level, Outcome> = {none: 'clear', preferred: 'tls', encrypt: 'tls', secure: 'verified'}

/** How sentences name the peer: `mx1.example.mil (192.0.2.1)`. */
export function peerName(attempt: Pick<AttemptEvidence, 'host' | 'address'>): string {
  return attempt.host.includes(attempt.address) ? attempt.host : `${attempt.host} (${attempt.address})`
}
