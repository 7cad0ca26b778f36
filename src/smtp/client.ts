import type {Duplex} from 'node:stream'
import type {MailAddress} from '../mail/address.ts'
import type {MailOptions, RecipientOptions, ReversePath} from '../mail/envelope.ts'
import type {Reply} from '../mail/reply.ts'
import {Channel} from './channel.ts'
import {SmtpError} from './error.ts'
import {parseExtensions} from './extensions.ts'
import {transact, type Wire} from './transaction.ts'

/** Milliseconds, each for one step (RFC 5321 §4.5.3.2). */
export interface SessionTimeouts {
  greeting: number
  /** Every command and its reply; the group, where commands are pipelined. */
  command: number
  /** One block of the message on its way out. Default 3 minutes. */
  dataBlock?: number
  /** From the final dot to its reply. Default 10 minutes: a timeout here costs a duplicate. */
  dataEnd?: number
}

export interface SessionOptions {
  timeouts: SessionTimeouts
  /** The stream is protected by TLS. */
  secure: boolean
  /** Ends every step at once; `release()` lets go of it. */
  signal?: AbortSignal
  /** What is below the stream and has to be closed with it. */
  underlying?: {destroy(): unknown}
}

export interface OutgoingMessage {
  reversePath: ReversePath
  options: MailOptions
  recipients: {address: MailAddress; options: RecipientOptions}[]
  /** Octets of the body, when known (SIZE). */
  size?: number
  /**
   * The message as it goes out, CRLF line ends, not dot-stuffed. Asked for once DATA got its 354, or BDAT may begin. Where
   * the peer lacks 8BITMIME or SMTPUTF8 it is asked for once before, to look whether the message needs it.
   */
  body(): AsyncIterable<Buffer>
}

export interface TransactionResult {
  /** One for each recipient, in order; the reply that decided its fate, and the command it answered. */
  recipients: RecipientResult[]
}

export interface RecipientResult {
  accepted: boolean
  reply: Reply
  command: 'MAIL' | 'RCPT' | 'DATA' | 'end of DATA' | 'BDAT'
  /** The reply is our own: the peer lacks what the message needs, and was not asked. Another host may have it. */
  unasked?: true
}

/** How long QUIT may take: the answer to it changes nothing. */
const QUIT_MS = 2_000

/**
 * The client's side of SMTP (RFC 5321) on a connection that stands already. A reply is always a value, whatever its
 * code; `SmtpError` means that the session is lost.
 */
export class ClientSession {
  readonly secure: boolean
  #extensions: ReadonlyMap<string, string> = new Map()
  readonly #stream: Duplex
  readonly #channel: Channel
  readonly #options: SessionOptions
  #signal: AbortSignal | undefined
  #idle = true
  #closing = false
  #needsReset = false
  #helo = false

  constructor(stream: Duplex, options: SessionOptions) {
    this.#stream = stream
    this.#channel = new Channel(stream)
    this.#options = options
    this.#signal = options.signal
    this.secure = options.secure
  }

  /** What the last EHLO announced: upper-case keyword → parameters. Empty after HELO. */
  get extensions(): ReadonlyMap<string, string> {
    return this.#extensions
  }

  /** EHLO was refused, and HELO sent in its place. */
  get helo(): boolean {
    return this.#helo
  }

  /** Some line of the peer ended in LF alone (RFC 5321 §2.3.8 forbids it). */
  get bareLineFeeds(): boolean {
    return this.#channel.bareLineFeeds
  }

  /** True while another transaction may be sent on it. */
  get usable(): boolean {
    return this.#channel.open && this.#idle && !this.#closing && !this.#channel.spoke
  }

  /** The 220, or the 4xx or 5xx that stands in its place (RFC 5321 §3.1). */
  greeting(): Promise<Reply> {
    return this.#read(this.#options.timeouts.greeting)
  }

  /** EHLO, and HELO where the peer does not know EHLO (RFC 5321 §3.2). The reply is that of the last command sent. */
  async hello(name: string): Promise<Reply> {
    this.#extensions = new Map()
    const reply = await this.command(`EHLO ${name}`)
    if (reply.code < 500) {
      if (reply.code === 250) this.#extensions = parseExtensions(reply)
      return reply
    }
    this.#helo = true
    return this.command(`HELO ${name}`)
  }

  /** One command line and its reply. Throws `SmtpError`. */
  async command(line: string): Promise<Reply> {
    await this.write([line])
    return this.#read(this.#options.timeouts.command)
  }

  /** One mail transaction (RFC 5321 §3.3). Never throws for a reply; throws `SmtpError` when the session is lost. */
  async send(message: OutgoingMessage): Promise<TransactionResult> {
    this.#idle = false
    try {
      if (this.#needsReset) await this.#reset()
      this.#needsReset = true
      const result = await transact(this.#wire(), message)
      this.#needsReset = !result.recipients.some(endsTransaction)
      return result
    } catch (error) {
      this.destroy()
      throw error
    } finally {
      this.#idle = true
    }
  }

  /** Writes command lines, all at once where there are several (PIPELINING). */
  async write(lines: string[]): Promise<void> {
    // A line end inside a command would be a second command of somebody else's making.
    if (lines.some((line) => /[\r\n]/.test(line))) throw new TypeError('a command line holds a line end')
    this.#refuseEarlyReplies()
    await this.#channel.write(`${lines.join('\r\n')}\r\n`, this.#limit(this.#options.timeouts.command))
  }

  /** Takes the stream out of the session, for the upgrade. `discarded` counts octets that came and were not read. */
  detach(): {stream: Duplex; discarded: number} {
    return {stream: this.#stream, discarded: this.#channel.detach()}
  }

  /** From here on the session lives on its own: the signal it was opened with ends it no more. */
  release(): void {
    this.#signal = undefined
  }

  /** Says QUIT and closes. Never throws, and waits two seconds at most. */
  async quit(): Promise<void> {
    this.#closing = true
    try {
      if (this.#channel.open && (await this.#channel.write('QUIT\r\n', this.#limit(QUIT_MS)))) await this.#read(QUIT_MS)
    } catch {
      // Whatever became of QUIT, the session is over.
    }
    this.destroy()
  }

  destroy(): void {
    this.#closing = true
    this.#channel.destroy()
    this.#options.underlying?.destroy()
  }

  async #reset(): Promise<void> {
    const reply = await this.command('RSET')
    if (reply.code !== 250) throw new SmtpError('smtp-protocol-error', `the peer answered RSET with ${reply.code}`)
  }

  async #read(ms: number): Promise<Reply> {
    const reply = await this.#channel.read(this.#limit(ms))
    // RFC 5321 §3.8: 421 may come at any time, and the peer hangs up after it.
    if (reply.code === 421) this.#closing = true
    return reply
  }

  #refuseEarlyReplies(): void {
    if (!this.#channel.spoke || this.#channel.refusing) return
    this.destroy()
    throw new SmtpError('smtp-protocol-error', 'the peer spoke before it was asked')
  }

  #limit(ms: number) {
    return {ms, signal: this.#signal}
  }

  #wire(): Wire {
    const {command, dataBlock = 180_000, dataEnd = 600_000} = this.#options.timeouts
    return {
      extensions: this.#extensions,
      secure: this.secure,
      write: (lines: string[]) => this.write(lines),
      writeBody: (block: Buffer) => this.#channel.write(block, this.#limit(dataBlock)),
      spoke: () => this.#channel.spoke,
      refusing: () => this.#channel.refusing,
      abandon: () => this.destroy(),
      read: () => this.#read(command),
      readEnd: () => this.#read(dataEnd),
    }
  }
}

/** RFC 3030 §2: a BDAT that is refused leaves the transaction open. */
function endsTransaction({accepted, command}: RecipientResult): boolean {
  return command === 'end of DATA' || (command === 'BDAT' && accepted)
}
