import type {MailOptions} from '../../mail/envelope.ts'
import type {RecipientFate} from '../fate.ts'

/** RFC 3464 §2.3.3, as far as a relay reports: it delivers into no mailbox and expands no list. */
export type DsnAction = 'failed' | 'delayed' | 'relayed'

/** What a delivery status notification reports (RFC 3464). One report covers the recipients that share an action. */
export interface DsnReport {
  kind: DsnAction
  /** Our name: Reporting-MTA, and the domain of the sender of the report. */
  hostname: string
  /** Of the report itself. */
  id: string
  at: number
  message: {
    id: string
    reversePath: string
    options: MailOptions
    receivedAt: number
    size: number
    /** As in NewMessage. */
    origin: string
  }
  recipients: RecipientFate[]
  /** Milliseconds since the epoch: when life in the queue ends. */
  expiresAt: number
  /** The message as it is returned; null: it could not be read. */
  original: {part: 'full' | 'headers'; octets: Buffer} | null
}
