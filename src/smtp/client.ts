import type {ReversePath, MailOptions, RecipientOptions} from '../mail/envelope.ts'
import type {MailAddress} from '../mail/address.ts'
import type {Reply} from '../mail/reply.ts'

/** A client session that may send messages. (Placeholder shape: the class of the same name replaces it.) */
export interface ClientSession {
  readonly extensions: ReadonlyMap<string, string>
  readonly secure: boolean
  /** One mail transaction (RFC 5321 §3.3). Never throws for a reply; throws `SmtpError` when the session is lost. */
  send(message: OutgoingMessage): Promise<TransactionResult>
  /** True while another transaction may be sent on it. */
  readonly usable: boolean
  quit(): Promise<void>
  destroy(): void
}

export interface OutgoingMessage {
  reversePath: ReversePath
  options: MailOptions
  recipients: {address: MailAddress; options: RecipientOptions}[]
  /** Octets of the body, when known (SIZE). */
  size?: number
  /** The message as it goes out, CRLF line ends, not dot-stuffed. Asked for once DATA got its 354. */
  body(): AsyncIterable<Buffer>
}

export interface TransactionResult {
  /** One for each recipient, in order; the reply that decided its fate, and the command it answered. */
  recipients: {accepted: boolean; reply: Reply; command: 'MAIL' | 'RCPT' | 'DATA' | 'end of DATA'}[]
}
