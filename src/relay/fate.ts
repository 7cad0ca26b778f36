import type {RecipientOptions} from '../mail/envelope.ts'
import type {Reply} from '../mail/reply.ts'
import type {Finding} from '../policy/evidence.ts'
import type {HostFailure} from './host-failure.ts'

/** What one delivery attempt came to for one recipient. */
export interface RecipientFate {
  /** The queue's number of the recipient. */
  id: number
  address: string
  options: RecipientOptions
  result: 'delivered' | 'deferred' | 'bounced'
  /** RFC 3463, `5.7.5`. */
  status: string
  /** One line for logs and the queue. */
  reason: string
  /** Who said so; null: nobody was reached, or nobody was asked. */
  remote: {host: string; address: string} | null
  /** What the remote host answered, and to which command; null where our own policy or the network decided. */
  reply: {reply: Reply; command: string} | null
  /** What the policy found wrong on the way, errors only. */
  findings: Finding[]
  /** The addresses that did not take it, in the order in which they were tried. */
  failures: HostFailure[]
  /** Who took it offers DSN, was given what the sender asked for, and reports from here on (RFC 3461 §5.2.1). */
  dsnHandedOn: boolean
  /** What was seen, for the queue's history. */
  evidence: unknown
}
