import type {Socket} from 'node:net'
import {printable} from '../mail/domain.ts'
import type {Envelope} from '../mail/envelope.ts'
import type {Reply} from '../mail/reply.ts'
import {Authentication, withoutSecret} from './receive-auth.ts'
import {IncomingBody} from './receive-body.ts'
import {type ChunkSize, type Command, parseChunkSize, parseCommand} from './receive-command.ts'
import {readRecipient, readSender} from './receive-envelope.ts'
import type {InputLine} from './receive-input.ts'
import {extensionLines, offered, offersTls} from './receive-offer.ts'
import {keepPace} from './receive-pace.ts'
import {REPLIES, reply} from './receive-replies.ts'
import {acceptTls, tlsFacts} from './receive-tls.ts'
import {discardChunk, isDiscardable, receiveChunk, receiveData} from './receive-transfer.ts'
import {type End, ReceiveWire} from './receive-wire.ts'
import type {BodySink, ClientFacts, ReceiverHandlers, ReceiverOptions} from './receiver.ts'

let sessions = 0

/** A reply, or why the connection is over; null: nothing is to be said. */
type Answer = Reply | {over: string} | null

/** A mail transaction (RFC 5321 §3.3): open from MAIL to the end of the message, RSET, EHLO or STARTTLS. */
interface Transaction extends Envelope {
  /** RCPT was tried, with whatever success. */
  tried: boolean
  /** From the first BDAT on: the message so far, or the reply that refused it. */
  chunks?: IncomingBody | {refusal: Reply}
}

/** The state of one receiving session; `receive.ts` starts it and watches its time. */
export class ReceiveSession {
  readonly #wire: ReceiveWire
  readonly #options: ReceiverOptions
  readonly #handlers: ReceiverHandlers
  readonly #authentication: Authentication
  #client: ClientFacts
  #transaction: Transaction | null = null
  #errors = 0
  #stopPace: (() => void) | null = null

  readonly #verbs: Record<string, (argument: string) => Answer | Promise<Answer>> = {
    EHLO: (name) => this.#hello(name, true),
    HELO: (name) => this.#hello(name, false),
    STARTTLS: (argument) => this.#startTls(argument),
    MAIL: (argument) => this.#mail(argument),
    RCPT: (argument) => this.#rcpt(argument),
    DATA: (argument) => this.#data(argument),
    RSET: (argument) => this.#reset(argument),
    QUIT: (argument) => (argument === '' ? {over: 'QUIT'} : REPLIES.noArgument),
    NOOP: () => REPLIES.ok,
    HELP: () => REPLIES.help,
    // RFC 5321 §7.3: an answer that tells nobody who exists.
    VRFY: (argument) => (argument === '' ? REPLIES.badArgument : REPLIES.cannotVerify),
    EXPN: () => REPLIES.notImplemented,
    AUTH: (argument) => this.#auth(argument),
    BDAT: (argument) => this.#bdat(argument),
    ETRN: () => REPLIES.notImplemented,
    TURN: () => REPLIES.notImplemented,
  }

  constructor(socket: Socket, options: ReceiverOptions, handlers: ReceiverHandlers) {
    this.#wire = new ReceiveWire(socket, options.timeouts.data, options.memory ?? null)
    this.#options = options
    this.#handlers = handlers
    this.#client = {
      session: `s${++sessions}`,
      address: socket.remoteAddress ?? '',
      port: socket.remotePort ?? 0,
      localAddress: socket.localAddress ?? '',
      localPort: socket.localPort ?? 0,
      hello: null,
      protocol: 'SMTP',
      tls: null,
      user: null,
    }
    this.#authentication = new Authentication(options, handlers, this.#wire)
  }

  expire(): void {
    this.#wire.expire('session timeout')
  }

  stop(): void {
    this.#wire.stop()
  }

  destroy(): void {
    this.#stopPace?.()
    this.#wire.destroy()
  }

  /** Runs to the end of the connection; resolves with why it ended. */
  async run(): Promise<string> {
    if (this.#options.mode !== 'implicit') this.#wire.attach(this.#wire.socket)
    else {
      const failed = await this.#upgrade()
      if (failed) return failed.over
    }
    const refusal = await this.#ask(() => this.#handlers.connect?.(this.#client) ?? Promise.resolve(null))
    const early = refusal ?? (await this.#early())
    this.#send(early ?? reply(220, `${this.#options.hostname} ESMTP Postern`))
    const reason = early ? (refusal ? 'refused' : 'the client spoke before the greeting') : await this.#converse()
    await this.#endTransaction()
    await this.#wire.close()
    return reason
  }

  /** RFC 5321 §4.3.1: a client waits for the greeting. One that does not is a program that reads no replies. */
  async #early(): Promise<Reply | null> {
    const {greetingDelay = 0} = this.#options
    return greetingDelay > 0 && (await this.#wire.speaks(greetingDelay)) ? REPLIES.tooEarly : null
  }

  async #converse(): Promise<string> {
    const {limits, timeouts} = this.#options
    for (;;) {
      const line = await this.#wire.line(limits.commandLine, timeouts.command)
      const answer = 'ended' in line ? {over: line.ended} : this.#counted(await this.#answer(line))
      if (answer === null) continue
      if ('over' in answer) {
        this.#farewell(answer.over)
        return answer.over
      }
      this.#send(answer)
      // RFC 5321 §3.8: 421 announces that the channel closes.
      if (answer.code === 421) return printable(answer.lines[0] ?? '421')
    }
  }

  async #answer(line: InputLine): Promise<Answer> {
    if ('malformed' in line) return line.malformed === 'too long' ? REPLIES.tooLong : REPLIES.bareLineFeed
    this.#options.observe?.({type: 'command', line: printable(withoutSecret(line.octets.toString('utf8')), 500)})
    const command = parseCommand(line.octets)
    return command ? this.#obey(command) : REPLIES.notText
  }

  async #obey({verb, argument}: Command): Promise<Answer> {
    if (!Object.hasOwn(this.#verbs, verb)) return REPLIES.unknownCommand
    return this.#verbs[verb]!(argument)
  }

  async #hello(name: string, extended: boolean): Promise<Reply> {
    // What is named here ends up in a Received header; host names and address literals need no more than this.
    if (!/^[\w.:[\]\u00a0-\u2027\u202a-\u{10ffff}-]{1,255}$/u.test(name)) return REPLIES.badArgument
    await this.#endTransaction()
    this.#client = {...this.#client, hello: name, protocol: extended ? extendedProtocol(this.#client) : 'SMTP'}
    const {hostname} = this.#options
    return extended ? reply(250, hostname, ...extensionLines(this.#options, this.#client)) : reply(250, hostname)
  }

  async #startTls(argument: string): Promise<Answer> {
    if (this.#client.tls) return REPLIES.tlsIsOn
    if (!offersTls(this.#options)) return REPLIES.notImplemented
    if (argument !== '') return REPLIES.noArgument
    if (this.#transaction?.chunks) return REPLIES.chunksBegun
    // RFC 3207 §4.2, CVE-2011-0411: what was sent behind STARTTLS without waiting is not part of the secure session.
    const discarded = this.#wire.detach()
    if (discarded > 0) this.#options.observe?.({type: 'discarded', octets: discarded})
    this.#send(REPLIES.readyForTls)
    await this.#wire.sent()
    return this.#upgrade()
  }

  /** The handshake. Everything that was known of the client before is forgotten (RFC 3207 §4.2). */
  async #upgrade(): Promise<{over: string} | null> {
    const {secureContext, insteadOfTls} = this.#options
    if (insteadOfTls) {
      await insteadOfTls(this.#wire.socket)
      return {over: 'STARTTLS was answered with something else'}
    }
    if (!secureContext) return {over: 'no certificate to offer'}
    const handshake = acceptTls(this.#wire.socket, secureContext, this.#options)
    this.#wire.attach(handshake.tls)
    const failure = await handshake.failure
    if (failure !== null) return {over: failure}
    const tls = tlsFacts(handshake.tls)
    this.#transaction = null
    this.#client = {...this.#client, hello: null, protocol: 'SMTP', tls, user: null}
    this.#options.observe?.({type: 'tls', facts: tls})
    return null
  }

  async #auth(argument: string): Promise<Answer> {
    const open = {transaction: this.#transaction !== null}
    const challenge = (reply: Reply) => this.#send(reply)
    const result = await this.#ask(() => this.#authentication.run(argument, this.#client, open, challenge))
    if (!('user' in result)) return result
    const client = {...this.#client, user: result.user}
    this.#client = {...client, protocol: extendedProtocol(client)}
    return result.reply
  }

  async #mail(argument: string): Promise<Reply> {
    if (this.#client.hello === null) return REPLIES.helloFirst
    if (this.#transaction) return REPLIES.nestedMail
    const sender = readSender(argument, offered(this.#options, this.#client), this.#options.limits.messageSize)
    if ('refusal' in sender) return sender.refusal
    const refusal = await this.#ask(() => this.#handlers.mail(this.#client, sender.reversePath, sender.options))
    if (refusal) return refusal
    this.#transaction = {...sender, recipients: [], tried: false}
    return REPLIES.senderOk
  }

  async #rcpt(argument: string): Promise<Reply> {
    const transaction = this.#transaction
    if (!transaction) return REPLIES.mailFirst
    if (transaction.chunks) return REPLIES.chunksBegun
    transaction.tried = true
    const house = {hostname: this.#options.hostname, smtputf8: transaction.options.smtputf8 === true}
    const recipient = readRecipient(argument, offered(this.#options, this.#client), house)
    if ('refusal' in recipient) return recipient.refusal
    if (transaction.recipients.length >= this.#options.limits.recipients) return REPLIES.tooManyRecipients
    const refusal = await this.#ask(() => this.#handlers.rcpt(this.#client, recipient.address, recipient.options))
    if (refusal) return refusal
    transaction.recipients.push(recipient)
    return REPLIES.recipientOk
  }

  async #data(argument: string): Promise<Answer> {
    if (argument !== '') return REPLIES.noArgument
    const envelope = this.#envelope()
    if ('code' in envelope) return envelope
    this.#transaction = null
    const body = await this.#body(envelope, 'dots')
    if (!(body instanceof IncomingBody)) return body.refusal
    this.#send(REPLIES.startMail)
    this.#startPace()
    const received = await receiveData(this.#wire, body)
    this.#stopPace?.()
    return this.#received(received, true)
  }

  /** RFC 3030 §2. Whatever is wrong, the announced octets are read before the answer: behind them come commands. */
  async #bdat(argument: string): Promise<Answer> {
    const size = parseChunkSize(argument)
    if (size === null) return this.#outOfStep(REPLIES.chunkSize)
    if (!isDiscardable(size.octets, this.#options.limits.messageSize)) return this.#outOfStep(REPLIES.tooLarge)
    const chunks = await this.#chunks()
    if (!(chunks instanceof IncomingBody)) return this.#discarded(size, chunks.refusal)
    const received = await receiveChunk(this.#wire, chunks, size)
    if (size.last && 'reply' in received) this.#closeTransaction()
    return this.#received(received, size.last)
  }

  /** The message that this chunk belongs to, begun where it is the first one; or the reply that refuses it. */
  async #chunks(): Promise<IncomingBody | {refusal: Reply}> {
    const transaction = this.#transaction
    if (transaction?.chunks) return transaction.chunks
    if (!offered(this.#options, this.#client).has('CHUNKING')) return {refusal: REPLIES.notImplemented}
    const envelope = this.#envelope()
    const chunks = 'code' in envelope ? {refusal: envelope} : await this.#body(envelope, 'chunks')
    // Once a chunk was refused the rest of its message is too, up to RSET or the last one: half a message is none.
    if (transaction) transaction.chunks = chunks
    if (chunks instanceof IncomingBody) this.#startPace()
    return chunks
  }

  async #discarded({octets, last}: ChunkSize, refusal: Reply): Promise<Answer> {
    const ended = await discardChunk(this.#wire, octets)
    if (last && this.#transaction?.chunks) this.#closeTransaction()
    return ended ? {over: ended.ended} : refusal
  }

  /** Nobody knows where the next command begins: what is in a message must not be taken for one. */
  #outOfStep(refusal: Reply): Answer {
    this.#send(refusal)
    return REPLIES.outOfStep
  }

  /** What the message is for, once there are recipients. */
  #envelope(): Envelope | Reply {
    if (!this.#transaction) return REPLIES.mailFirst
    const {tried, chunks, ...envelope} = this.#transaction
    if (chunks) return REPLIES.chunksBegun
    if (envelope.recipients.length > 0) return envelope
    return tried ? REPLIES.noRecipients : REPLIES.rcptFirst
  }

  async #body(envelope: Envelope, framing: 'dots' | 'chunks'): Promise<IncomingBody | {refusal: Reply}> {
    const sink = await this.#ask<BodySink | Reply>(() => this.#handlers.data(this.#client, envelope))
    if ('code' in sink) return {refusal: sink}
    const {limits, bareLineFeeds} = this.#options
    const rules = {messageSize: limits.messageSize, refuseBareLf: bareLineFeeds === 'refuse'}
    return new IncomingBody(sink, rules, framing)
  }

  #received(received: {reply: Reply} | End, whole: boolean): Answer {
    if ('ended' in received) return {over: received.ended}
    if (whole && received.reply.code < 300) this.#errors = 0
    return received.reply
  }

  #startPace(): void {
    const {leastPace} = this.#options
    this.#stopPace?.()
    this.#stopPace = leastPace ? keepPace(this.#wire, leastPace) : null
  }

  async #reset(argument: string): Promise<Reply> {
    if (argument !== '') return REPLIES.noArgument
    await this.#endTransaction()
    return REPLIES.ok
  }

  /** Nothing may remain of a message whose last chunk never came. */
  async #endTransaction(): Promise<void> {
    const chunks = this.#transaction?.chunks
    this.#closeTransaction()
    if (chunks instanceof IncomingBody && !chunks.refusal) await chunks.abort()
  }

  #closeTransaction(): void {
    this.#stopPace?.()
    this.#transaction = null
  }

  /** What the house answers; 451 where it fails. */
  async #ask<T>(question: () => Promise<T>): Promise<T | Reply> {
    try {
      return await question()
    } catch {
      return REPLIES.localError
    }
  }

  /** A client that does nothing right is sent away: 421 takes the place of the reply after the last error allowed. */
  #counted(answer: Answer): Answer {
    if (answer === null || 'over' in answer) return answer
    if (answer.code >= 500) this.#errors++
    return this.#errors > this.#options.limits.errors ? REPLIES.tooManyErrors : answer
  }

  #farewell(reason: string): void {
    if (reason === 'QUIT') this.#send(reply(221, `2.0.0 ${this.#options.hostname} closing`))
    if (['timeout', 'session timeout', 'too slow'].includes(reason)) this.#send(REPLIES.timeout)
    if (reason === 'stopping') this.#send(REPLIES.stopping)
  }

  #send(answer: Reply): void {
    this.#options.observe?.({type: 'reply', reply: answer})
    this.#wire.reply(answer)
  }
}

/** RFC 3848. */
function extendedProtocol({tls, user}: ClientFacts): ClientFacts['protocol'] {
  if (!tls) return 'ESMTP'
  return user === null ? 'ESMTPS' : 'ESMTPSA'
}
