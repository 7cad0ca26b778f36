import type {Duplex} from 'node:stream'
import {type Limit, within} from '../mail/limit.ts'
import type {Reply} from '../mail/reply.ts'
import {lost, SmtpError} from './error.ts'
import {LineReader} from './line-reader.ts'
import {ReplyParser} from './reply-parser.ts'

/** Octets that may wait unread before the peer is held back. */
const MOST_WAITING = 65_536

/**
 * Commands out, replies in, over any stream. Octets are taken as they come into a bounded buffer of our own, so that a
 * reply which arrived before the connection broke still counts.
 */
export class Channel {
  readonly #stream: Duplex
  readonly #lines = new LineReader()
  #lost: SmtpError | null = null
  #wake: (() => void) | null = null

  constructor(stream: Duplex) {
    this.#stream = stream
    stream.on('data', this.#onData)
    stream.on('end', this.#onEnd)
    stream.on('close', this.#onEnd)
    stream.on('error', this.#onError)
    stream.on('drain', this.#onDrain)
  }

  get open(): boolean {
    return this.#lost === null && !this.#stream.destroyed
  }

  /** Octets have come that nobody asked for yet. */
  get spoke(): boolean {
    return this.#lines.length > 0
  }

  /** Some line of the peer ended in LF alone. */
  get bareLineFeeds(): boolean {
    return this.#lines.bareLineFeeds
  }

  /** What waits begins like a reply that refuses, such as a 421 before the peer hangs up. */
  get refusing(): boolean {
    return /^[45]\d\d/.test(this.#lines.peek(3))
  }

  /** The next reply. The limit is for the whole of it, not for each read. Throws `SmtpError`, or the signal's reason. */
  async read(limit: Limit): Promise<Reply> {
    try {
      return await within(limit, (signal) => this.#assemble(signal))
    } catch (error) {
      throw this.#end(lost(error))
    }
  }

  /** True once the octets are on their way; false when the connection is gone, and a reply may say why. */
  async write(data: Buffer | string, limit: Limit): Promise<boolean> {
    if (!this.open || this.#stream.writableEnded) return false
    if (this.#stream.write(data)) return true
    try {
      await within(limit, (signal) => this.#drained(signal))
    } catch (error) {
      throw lost(error)
    }
    return this.open
  }

  /** Lets go of the stream. What came and was not read is discarded; the count says how much that was. */
  detach(): number {
    this.#stream.pause()
    this.#stream.off('data', this.#onData)
    this.#stream.off('end', this.#onEnd)
    this.#stream.off('close', this.#onEnd)
    this.#stream.off('drain', this.#onDrain)
    return this.#lines.clear()
  }

  destroy(): void {
    this.#lost ??= new SmtpError('smtp-connection-lost', 'the session was ended')
    this.#stream.destroy()
    this.#wake?.()
  }

  async #assemble(signal: AbortSignal): Promise<Reply> {
    const parser = new ReplyParser()
    for (;;) {
      const line = this.#lines.next()
      if (line === 'too-long') throw new SmtpError('smtp-protocol-error', 'a line of the peer has no end')
      const reply = line === null ? null : parser.push(line)
      if (reply) return reply
      if (line !== null) continue
      if (this.#lost) throw this.#cutShort(parser)
      this.#stream.resume()
      await this.#change(signal)
    }
  }

  async #drained(signal: AbortSignal): Promise<void> {
    while (this.open && this.#stream.writableNeedDrain) await this.#change(signal)
  }

  #cutShort(parser: ReplyParser): SmtpError {
    if (!parser.partial && this.#lines.length === 0) return this.#lost!
    return new SmtpError('smtp-protocol-error', 'the peer closed the connection within a reply', this.#lost)
  }

  /** Resolves when octets came, the stream drained, the connection was lost or the signal aborted (then it throws). */
  async #change(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      // `onabort` holds one listener, however often a dripping peer brings us here within one step.
      signal.onabort = () => resolve()
    })
    this.#wake = null
    signal.throwIfAborted()
  }

  #end(error: unknown): unknown {
    if (error instanceof SmtpError) this.#lost ??= error
    this.#stream.destroy()
    return error
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#lines.push(chunk)
    if (this.#lines.length > MOST_WAITING) this.#stream.pause()
    this.#wake?.()
  }

  readonly #onDrain = (): void => this.#wake?.()

  readonly #onEnd = (): void => {
    this.#lost ??= new SmtpError('smtp-connection-lost', 'the peer closed the connection')
    this.#wake?.()
  }

  readonly #onError = (error: Error): void => {
    this.#lost ??= new SmtpError('smtp-connection-lost', `the connection broke: ${words(error)}`, error)
    this.#wake?.()
  }
}

/** OpenSSL puts its own words beside a message that is full of its source files. */
function words(error: Error): string {
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message
}
