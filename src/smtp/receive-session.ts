import type {Socket} from 'node:net'
import {printable} from '../mail/domain.ts'
import type {Envelope} from '../mail/envelope.ts'
import type {Reply} from '../mail/reply.ts'
import {receiveBody} from './receive-body.ts'
import {type Command, parseCommand} from './receive-command.ts'
import {readRecipient, readSender} from './receive-envelope.ts'
import type {InputLine} from './receive-input.ts'
import {extensionLines, offered, offersTls} from './receive-offer.ts'
import {REPLIES, reply} from './receive-replies.ts'
import {acceptTls, tlsFacts} from './receive-tls.ts'
import {ReceiveWire} from './receive-wire.ts'
import type {BodySink, ClientFacts, ReceiverHandlers, ReceiverOptions} from './receiver.ts'

let sessions = 0

/** A reply, or why the connection is over; null: nothing is to be said. */
type Answer = Reply | {over: string} | null

/** A mail transaction (RFC 5321 §3.3): open from MAIL to the end of DATA, RSET, EHLO or STARTTLS. */
interface Transaction extends Envelope {
  /** RCPT was tried, with whatever success. */
  tried: boolean
}

/** The state of one receiving session; `receive.ts` starts it and watches its time. */
export class ReceiveSession {
  readonly #wire: ReceiveWire
  readonly #options: ReceiverOptions
  readonly #handlers: ReceiverHandlers
  #client: ClientFacts
  #transaction: Transaction | null = null
  #errors = 0

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
    AUTH: () => REPLIES.notImplemented,
    BDAT: () => REPLIES.notImplemented,
    ETRN: () => REPLIES.notImplemented,
    TURN: () => REPLIES.notImplemented,
  }

  constructor(socket: Socket, options: ReceiverOptions, handlers: ReceiverHandlers) {
    this.#wire = new ReceiveWire(socket)
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
    }
  }

  expire(): void {
    this.#wire.expire('session timeout')
  }

  stop(): void {
    this.#wire.stop()
  }

  destroy(): void {
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
    this.#send(refusal ?? reply(220, `${this.#options.hostname} ESMTP Postern`))
    const reason = refusal ? 'refused' : await this.#converse()
    await this.#wire.close()
    return reason
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
    this.#options.observe?.({type: 'command', line: printable(line.octets.toString('utf8'), 500)})
    const command = parseCommand(line.octets)
    return command ? this.#obey(command) : REPLIES.notText
  }

  async #obey({verb, argument}: Command): Promise<Answer> {
    if (!Object.hasOwn(this.#verbs, verb)) return REPLIES.unknownCommand
    return this.#verbs[verb]!(argument)
  }

  #hello(name: string, extended: boolean): Reply {
    // What is named here ends up in a Received header; host names and address literals need no more than this.
    if (!/^[\w.:[\]\u0080-\u{10ffff}-]{1,255}$/u.test(name)) return REPLIES.badArgument
    this.#transaction = null
    const protocol = extended ? (this.#client.tls ? 'ESMTPS' : 'ESMTP') : 'SMTP'
    this.#client = {...this.#client, hello: name, protocol}
    const {hostname} = this.#options
    return extended ? reply(250, hostname, ...extensionLines(this.#options, this.#client)) : reply(250, hostname)
  }

  async #startTls(argument: string): Promise<Answer> {
    if (this.#client.tls) return REPLIES.tlsIsOn
    if (!offersTls(this.#options)) return REPLIES.notImplemented
    if (argument !== '') return REPLIES.noArgument
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
    this.#client = {...this.#client, hello: null, protocol: 'SMTP', tls}
    this.#options.observe?.({type: 'tls', facts: tls})
    return null
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
    if (!this.#transaction) return REPLIES.mailFirst
    const {tried, ...envelope} = this.#transaction
    if (envelope.recipients.length === 0) return tried ? REPLIES.noRecipients : REPLIES.rcptFirst
    this.#transaction = null
    const sink = await this.#ask<BodySink | Reply>(() => this.#handlers.data(this.#client, envelope))
    if ('code' in sink) return sink
    this.#send(REPLIES.startMail)
    const {limits, timeouts, bareLineFeeds} = this.#options
    const received = await receiveBody(this.#wire, sink, {
      messageSize: limits.messageSize,
      timeout: timeouts.data,
      refuseBareLf: bareLineFeeds === 'refuse',
    })
    return 'ended' in received ? {over: received.ended} : received.reply
  }

  #reset(argument: string): Reply {
    if (argument !== '') return REPLIES.noArgument
    this.#transaction = null
    return REPLIES.ok
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
    this.#errors = answer.code >= 500 ? this.#errors + 1 : 0
    return this.#errors > this.#options.limits.errors ? REPLIES.tooManyErrors : answer
  }

  #farewell(reason: string): void {
    if (reason === 'QUIT') this.#send(reply(221, `2.0.0 ${this.#options.hostname} closing`))
    if (reason === 'timeout' || reason === 'session timeout') this.#send(REPLIES.timeout)
    if (reason === 'stopping') this.#send(REPLIES.stopping)
  }

  #send(answer: Reply): void {
    this.#options.observe?.({type: 'reply', reply: answer})
    this.#wire.reply(answer)
  }
}
