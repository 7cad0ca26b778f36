import type {TrustAnchors} from '../pki/certificate.ts'

export type Level = 'none' | 'preferred' | 'encrypt' | 'secure'
export const LEVELS = ['none', 'preferred', 'encrypt', 'secure'] as const satisfies readonly Level[]

export type FailureAction = 'tempfail' | 'fail'
export type PublishedStandard = 'off' | 'opportunistic' | 'mandatory'

/** Which reference identifiers the certificate may match; several are alternatives. */
export type SubjectCheck =
  | {kind: 'mx'}
  | {kind: 'domain'}
  | {kind: 'any'}
  | {kind: 'contains' | 'exact' | 'wildcard'; value: string}

/** How strict TLS has to be. The keys are those of `profiles/NAME.yaml`. */
export interface Profile {
  name: string
  level: Level
  onFailure: FailureAction
  /** Names of imported CAs. */
  ca: string[]
  trust: 'imported' | 'system' | 'both'
  subject: SubjectCheck[]
  minTls: '1.2' | '1.3'
  /** Bits of the symmetric cipher. */
  minStrength: number
  fallbackAfter: number | 'never'
  dane: PublishedStandard
  mtaSts: PublishedStandard
  comment: string | null
}

/** A profile with everything that judging and dialling need, bound to the rule that chose it. */
export interface EffectiveProfile extends Profile {
  /** Id of the rule that chose it; null: no rule matched, or the profile was named by hand. */
  rule: string | null
  anchors: TrustAnchors
}

export type RuleAction = 'accept' | 'reject'
export type Direction = 'delivery' | 'receiving'

/** One line of policy.yaml. Empty lists match everything. */
export interface Rule {
  id: string
  direction: Direction
  recipients: string[]
  senders: string[]
  /** CIDR, of the address that is dialled. */
  destinations: string[]
  /** CIDR, of the client that connects (receiving). */
  clients: string[]
  profile: string
  /** What becomes of the mail that a receiving rule matches, whatever its TLS; absent: accept. */
  action?: RuleAction | undefined
  mode: 'enforce' | 'rehearse'
  comment: string | null
}
