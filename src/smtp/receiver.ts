import type {Socket} from 'node:net'
import type {PeerCertificate, SecureContext, TLSSocket} from 'node:tls'
import type {MailAddress} from '../mail/address.ts'
import type {Envelope, MailOptions, RecipientOptions, ReversePath} from '../mail/envelope.ts'
import type {Reply} from '../mail/reply.ts'
import type {ReceiveMemory} from './receive-memory.ts'
import type {LeastPace} from './receive-pace.ts'
import type {SaslFailure} from './sasl/exchange.ts'
import type {Users} from './sasl/users.ts'

/** What a receiving session asks of the house it stands in. It knows SMTP and no policy. */
export interface ReceiverHandlers {
  /** Called once for each connection; a reply refuses it (and closes), null lets it in. */
  connect?(client: ClientFacts): Promise<Reply | null>
  /** null accepts. */
  mail(client: ClientFacts, reversePath: ReversePath, options: MailOptions): Promise<Reply | null>
  /** null accepts. */
  rcpt(client: ClientFacts, recipient: MailAddress, options: RecipientOptions): Promise<Reply | null>
  /** Called after DATA before the 354, or at the first BDAT; a Reply refuses. */
  data(client: ClientFacts, envelope: Envelope): Promise<BodySink | Reply>
  /** Told about each AUTH that failed; returns how long its reply is held back, milliseconds. */
  authFailed?(client: ClientFacts, attempt: SaslFailure & {mechanism: string}): number
}

/** Takes the body while it arrives. Memory is bounded because the session waits for each write. */
export interface BodySink {
  /** Dot-unstuffed bytes, CRLF line ends; the final dot is not part of it. */
  write(chunk: Buffer): Promise<void>
  /** The answer to the final dot. The 250 of a queueing sink comes after the data is durable. */
  end(): Promise<Reply>
  /** The client went away, or broke a rule and is given that reply; nothing of it may remain. */
  abort(refusal?: Reply): Promise<void>
}

export interface ClientFacts {
  /** Unique in the process; names the session in the log. */
  session: string
  address: string
  port: number
  localAddress: string
  localPort: number
  /** As given in EHLO or HELO; null before. */
  hello: string | null
  /** RFC 3848; AUTH is only inside TLS, so that there is no ESMTPA. */
  protocol: 'SMTP' | 'ESMTP' | 'ESMTPS' | 'ESMTPSA'
  tls: ReceivedTls | null
  /** Who authenticated; null: nobody. */
  user: string | null
}

export interface ReceivedTls {
  version: string
  cipher: string
  bits: number
  group: string | null
  serverName: string | null
  /** Present when the client sent one. `authorized` is OpenSSL's word. */
  client: {authorized: boolean; error: string | null; certificate: PeerCertificate} | null
}

export interface ReceiverOptions {
  hostname: string
  mode: 'starttls' | 'implicit' | 'off'
  /** Context for the handshake; null withdraws STARTTLS from this client (receiving level `none`, or TLS off). */
  secureContext: SecureContext | null
  /** AUTH, which is offered inside TLS; `failures`: how many end the session. The users are asked for each time. */
  auth?: {users(): Users; failures: number}
  /** Several identities: the context for a server name (SNI); null leaves `secureContext`. */
  contextFor?(serverName: string): SecureContext | null
  /** Ask the client for a certificate; never refused in the handshake, judged afterwards. */
  requestClientCertificate: boolean
  limits: ReceiverLimits
  /** Milliseconds. */
  timeouts: {command: number; data: number; handshake: number; session: number}
  /** The slowest that a message may come; absent: any pace that meets the timeouts. */
  leastPace?: LeastPace
  /** Milliseconds before the greeting, in which a client that speaks gives itself away and is refused; absent: none. */
  greetingDelay?: number
  /** Shared by all sessions of a house: bounds what they hold unread, together. */
  memory?: ReceiveMemory
  /** Aborted: the session ends with a 421 before its next command; a message that is on its way is taken first. */
  signal?: AbortSignal
  /**
   * A bare LF in a message: made CRLF (default; some programs send text as it is), or the message refused with 550. It ends
   * neither the data nor a line for dot-stuffing in either case. A bare CR is always refused.
   */
  bareLineFeeds?: 'normalize' | 'refuse'
  /** Extensions to leave out of EHLO, for the lab. Upper case. */
  hideExtensions?: readonly string[]
  /** For the lab: what happens on the connection after the 220 of STARTTLS in place of a handshake; resolves at its end. */
  insteadOfTls?(socket: Socket): Promise<void>
  /** Told about each line and event, for logs and tests. */
  observe?(event: ReceiverEvent): void
}

export interface ReceiverLimits {
  /** Octets, dot-unstuffed. */
  messageSize: number
  recipients: number
  /** Errors before 421; counted anew once a message was taken. */
  errors: number
  /** Octets of one command line, CRLF included (RFC 5321 §4.5.3.1.4 asks for 512 at least). */
  commandLine: number
}

export type ReceiverEvent =
  | {type: 'command'; line: string}
  | {type: 'reply'; reply: Reply}
  | {type: 'tls'; facts: ReceivedTls}
  /** Plaintext that was sent behind STARTTLS and thrown away. */
  | {type: 'discarded'; octets: number}
  | {type: 'closed'; reason: string}

export type {Socket, TLSSocket}
