import type {MailOptions} from '../../mail/envelope.ts'
import type {RecipientFate} from '../fate.ts'

/** What a delivery status notification reports (RFC 3464). One report covers the recipients that failed together. */
export interface DsnReport {
  kind: 'failed' | 'delayed'
  /** Our name: Reporting-MTA, and the domain of the sender of the report. */
  hostname: string
  /** Of the report itself. */
  id: string
  at: number
  message: {id: string; reversePath: string; options: MailOptions; receivedAt: number; size: number}
  recipients: RecipientFate[]
  /** Milliseconds since the epoch: when life in the queue ends. */
  expiresAt: number
  /** The message as it is returned; null: it could not be read. */
  original: {part: 'full' | 'headers'; octets: Buffer} | null
}
