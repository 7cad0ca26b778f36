import type {Envelope} from '../mail/envelope.ts'
import type {Reply} from '../mail/reply.ts'
import {IncomingBody} from './receive-body.ts'
import {type ChunkSize, parseChunkSize} from './receive-command.ts'
import {readRecipient, readSender} from './receive-envelope.ts'
import {offered} from './receive-offer.ts'
import {keepPace} from './receive-pace.ts'
import {REPLIES} from './receive-replies.ts'
import {discardChunk, isDiscardable, receiveChunk, receiveData} from './receive-transfer.ts'
import type {End, ReceiveWire} from './receive-wire.ts'
import type {BodySink, ClientFacts, ReceiverHandlers, ReceiverOptions} from './receiver.ts'

/** A reply, or why the connection is over; null: nothing is to be said. */
export type Answer = Reply | {over: string} | null

/** A mail transaction (RFC 5321 §3.3): open from MAIL to the end of the message, RSET, EHLO or STARTTLS. */
interface Transaction extends Envelope {
  /** RCPT was tried, with whatever success. */
  tried: boolean
  /** From the first BDAT on: the message so far, or the reply that refused it. */
  chunks?: IncomingBody | {refusal: Reply}
}

/** What a transaction needs of the session that it is a part of. */
export interface TransactionSession {
  wire: ReceiveWire
  options: ReceiverOptions
  handlers: ReceiverHandlers
  client(): ClientFacts
  send(reply: Reply): void
  /** What the house answers; a reply of 451 where it fails. */
  ask<T>(question: () => Promise<T>): Promise<T | Reply>
  /** A message was taken. */
  taken(): void
}

/** MAIL, RCPT, DATA, BDAT and RSET of one session: at most one transaction at a time, and what is left of it at the end. */
export class ReceiveTransactions {
  readonly #session: TransactionSession
  readonly #wire: ReceiveWire
  readonly #options: ReceiverOptions
  readonly #handlers: ReceiverHandlers
  #open: Transaction | null = null
  #stopPace: (() => void) | null = null

  constructor(session: TransactionSession) {
    this.#session = session
    this.#wire = session.wire
    this.#options = session.options
    this.#handlers = session.handlers
  }

  get isOpen(): boolean {
    return this.#open !== null
  }

  /** A message has begun to come in chunks, or was refused with the first of them. */
  get hasChunks(): boolean {
    return this.#open?.chunks !== undefined
  }

  /** A session that is torn down is watched no longer; its message is still to be ended. */
  stopPace(): void {
    this.#stopPace?.()
  }

  get #client(): ClientFacts {
    return this.#session.client()
  }

  #offered(): ReadonlySet<string> {
    return offered(this.#options, this.#client)
  }

  async mail(argument: string): Promise<Reply> {
    if (this.#client.hello === null) return REPLIES.helloFirst
    if (this.#open) return REPLIES.nestedMail
    const sender = readSender(argument, this.#offered(), this.#options.limits.messageSize)
    if ('refusal' in sender) return sender.refusal
    const refusal = await this.#session.ask(() => this.#handlers.mail(this.#client, sender.reversePath, sender.options))
    if (refusal) return refusal
    this.#open = {...sender, recipients: [], tried: false}
    return REPLIES.senderOk
  }

  async rcpt(argument: string): Promise<Reply> {
    const transaction = this.#open
    if (!transaction) return REPLIES.mailFirst
    if (transaction.chunks) return REPLIES.chunksBegun
    transaction.tried = true
    const house = {hostname: this.#options.hostname, smtputf8: transaction.options.smtputf8 === true}
    const recipient = readRecipient(argument, this.#offered(), house)
    if ('refusal' in recipient) return recipient.refusal
    if (transaction.recipients.length >= this.#options.limits.recipients) return REPLIES.tooManyRecipients
    const refusal = await this.#session.ask(() =>
      this.#handlers.rcpt(this.#client, recipient.address, recipient.options),
    )
    if (refusal) return refusal
    transaction.recipients.push(recipient)
    return REPLIES.recipientOk
  }

  async data(argument: string): Promise<Answer> {
    if (argument !== '') return REPLIES.noArgument
    const envelope = this.#envelope()
    if ('code' in envelope) return envelope
    this.#open = null
    const body = await this.#body(envelope, 'dots')
    if (!(body instanceof IncomingBody)) return body.refusal
    this.#session.send(REPLIES.startMail)
    this.#startPace()
    const received = await receiveData(this.#wire, body)
    this.stopPace()
    return this.#received(received, true)
  }

  /** RFC 3030 §2. Whatever is wrong, the announced octets are read before the answer: behind them come commands. */
  async bdat(argument: string): Promise<Answer> {
    const size = parseChunkSize(argument)
    if (size === null) return this.#outOfStep(REPLIES.chunkSize)
    if (!isDiscardable(size.octets, this.#options.limits.messageSize)) return this.#outOfStep(REPLIES.tooLarge)
    const chunks = await this.#chunks()
    if (!(chunks instanceof IncomingBody)) return this.#discarded(size, chunks.refusal)
    const received = await receiveChunk(this.#wire, chunks, size)
    if (size.last && 'reply' in received) this.close()
    return this.#received(received, size.last)
  }

  async reset(argument: string): Promise<Reply> {
    if (argument !== '') return REPLIES.noArgument
    await this.end()
    return REPLIES.ok
  }

  /** Nothing may remain of a message whose last chunk never came. */
  async end(): Promise<void> {
    const chunks = this.#open?.chunks
    this.close()
    if (chunks instanceof IncomingBody && !chunks.refusal) await chunks.abort()
  }

  /** Forgets it; whoever took the message has it, or it is refused. */
  close(): void {
    this.stopPace()
    this.#open = null
  }

  /** The message that this chunk belongs to, begun where it is the first one; or the reply that refuses it. */
  async #chunks(): Promise<IncomingBody | {refusal: Reply}> {
    const transaction = this.#open
    if (transaction?.chunks) return transaction.chunks
    if (!this.#offered().has('CHUNKING')) return {refusal: REPLIES.notImplemented}
    const envelope = this.#envelope()
    const chunks = 'code' in envelope ? {refusal: envelope} : await this.#body(envelope, 'chunks')
    // Once a chunk was refused the rest of its message is too, up to RSET or the last one: half a message is none.
    if (transaction) transaction.chunks = chunks
    if (chunks instanceof IncomingBody) this.#startPace()
    return chunks
  }

  async #discarded({octets, last}: ChunkSize, refusal: Reply): Promise<Answer> {
    const ended = await discardChunk(this.#wire, octets)
    if (last && this.#open?.chunks) this.close()
    return ended ? {over: ended.ended} : refusal
  }

  /** Nobody knows where the next command begins: what is in a message must not be taken for one. */
  #outOfStep(refusal: Reply): Answer {
    this.#session.send(refusal)
    return REPLIES.outOfStep
  }

  /** What the message is for, once there are recipients. */
  #envelope(): Envelope | Reply {
    if (!this.#open) return REPLIES.mailFirst
    const {tried, chunks, ...envelope} = this.#open
    if (chunks) return REPLIES.chunksBegun
    if (envelope.recipients.length > 0) return envelope
    return tried ? REPLIES.noRecipients : REPLIES.rcptFirst
  }

  async #body(envelope: Envelope, framing: 'dots' | 'chunks'): Promise<IncomingBody | {refusal: Reply}> {
    const sink = await this.#session.ask<BodySink | Reply>(() => this.#handlers.data(this.#client, envelope))
    if ('code' in sink) return {refusal: sink}
    const {limits, bareLineFeeds} = this.#options
    const rules = {messageSize: limits.messageSize, refuseBareLf: bareLineFeeds === 'refuse'}
    return new IncomingBody(sink, rules, framing)
  }

  #received(received: {reply: Reply} | End, whole: boolean): Answer {
    if ('ended' in received) return {over: received.ended}
    if (whole && received.reply.code < 300) this.#session.taken()
    return received.reply
  }

  #startPace(): void {
    const {leastPace} = this.#options
    this.stopPace()
    this.#stopPace = leastPace ? keepPace(this.#wire, leastPace) : null
  }
}
