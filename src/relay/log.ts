import type {Level} from '../policy/profile.ts'
import type {DsnAction} from './dsn/report.ts'
import type {ReceivedPath} from './received-facts.ts'

/** Where the relay's events go: a terminal, or JSON lines. One call is one line. */
export interface RelayLog {
  event(event: RelayEvent): void
}

/** Facts of one path, for the line about an attempt. */
export interface PathFacts {
  host: string
  address: string
  port: number
  profile: string
  level: Level
  rule: string | null
  /** `clear`, `tls`, `verified`, `refused`, `unreachable`. */
  outcome: string
  version: string | null
  cipher: string | null
  group: string | null
  /** SHA-256 of the leaf. */
  fingerprint: string | null
  /** Codes of the findings. */
  findings: string[]
  /** Why it is refused, unreachable or in clear text; null otherwise. */
  reason: string | null
  /** The connection had carried another message before. */
  reused: boolean
  /** Its TLS session was resumed: the certificate is that of the handshake it came from. */
  resumed: boolean
}

export type RelayEvent =
  | {event: 'started'; revision: string; hostname: string; pid: number}
  | {event: 'listening' | 'closed'; address: string; port: number; tls: 'starttls' | 'implicit' | 'off'}
  | {event: 'stopping' | 'stopped'; reason: string}
  | {event: 'reloaded'; revision: string}
  | {event: 'reload-failed'; revision: string; code: string; reason: string; hints: string[]}
  /** The first of a client comes at once, more of the same as one line a minute; `count`: how many it tells of. */
  | {event: 'connection-refused' | 'held-back'; client: string; reason: string; count: number}
  | {
      event: 'rejected'
      session: string
      client: string
      command: 'MAIL' | 'RCPT' | 'DATA'
      argument: string
      reply: string
      path: ReceivedPath
      reason: string
      /** How many of that client it tells of, this one being the last; absent: this one. */
      count?: number
    }
  | {
      event: 'auth-failed'
      session: string
      client: string
      mechanism: string
      /** As the client has it. */
      user: string | null
      reason: string
      /** Milliseconds that the reply was held back. */
      held: number
      count?: number
    }
  | {
      event: 'would-reject'
      session: string
      client: string
      rule: string | null
      profile: string
      reason: string
      count?: number
    }
  | {
      event: 'accepted'
      queue: string
      session: string
      client: string
      /** Who authenticated. */
      user: string | null
      hello: string | null
      path: ReceivedPath
      from: string
      recipients: number
      size: number
    }
  | {event: 'attempt'; queue: string; destination: string; path: PathFacts}
  | {
      event: 'delivered' | 'deferred' | 'bounced'
      queue: string
      recipient: string
      destination: string
      path: PathFacts | null
      status: string
      reason: string
      /** ISO 8601, for `deferred`. */
      next: string | null
      /** Milliseconds since it was accepted. */
      age: number
    }
  | {event: 'would-refuse'; queue: string; destination: string; path: PathFacts}
  | {event: 'dsn'; queue: string; about: string; to: string; kind: DsnAction; recipients: number}
  | {event: 'queue-failed' | 'queue-full' | 'queue-recovered'; reason: string}
  | {event: 'fault'; where: string; reason: string}
  /** The relay runs, and its administrator should know. */
  | {event: 'notice'; reason: string; hints: string[]}
  /** Lines that could not be written while the disk was full. */
  | {event: 'lines-lost'; lines: number}

/** How loud an event is. */
export function severityOf({event}: RelayEvent): 'info' | 'warn' | 'error' {
  if (['queue-failed', 'queue-full', 'fault', 'reload-failed'].includes(event)) return 'error'
  const warnings = [
    'deferred',
    'bounced',
    'rejected',
    'would-refuse',
    'would-reject',
    'connection-refused',
    'auth-failed',
    'held-back',
    'notice',
    'lines-lost',
  ]
  return warnings.includes(event) ? 'warn' : 'info'
}
