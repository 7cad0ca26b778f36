import type {Socket} from 'node:net'
import {printable} from '../mail/domain.ts'
import type {Reply} from '../mail/reply.ts'
import {Authentication, withoutSecret} from './receive-auth.ts'
import {type Command, parseCommand} from './receive-command.ts'
import type {InputLine} from './receive-input.ts'
import {extensionLines, offersTls} from './receive-offer.ts'
import {REPLIES, reply} from './receive-replies.ts'
import {acceptTls, tlsFacts} from './receive-tls.ts'
import {type Answer, ReceiveTransactions} from './receive-transaction.ts'
import {ReceiveWire} from './receive-wire.ts'
import type {ClientFacts, ReceiverHandlers, ReceiverOptions} from './receiver.ts'

let sessions = 0

/** The state of one receiving session; `receive.ts` starts it and watches its time. */
export class ReceiveSession {
  readonly #wire: ReceiveWire
  readonly #options: ReceiverOptions
  readonly #handlers: ReceiverHandlers
  readonly #authentication: Authentication
  #client: ClientFacts
  readonly #transactions: ReceiveTransactions
  #errors = 0

  readonly #verbs: Record<string, (argument: string) => Answer | Promise<Answer>> = {
    EHLO: (name) => this.#hello(name, true),
    HELO: (name) => this.#hello(name, false),
    STARTTLS: (argument) => this.#startTls(argument),
    MAIL: (argument) => this.#transactions.mail(argument),
    RCPT: (argument) => this.#transactions.rcpt(argument),
    DATA: (argument) => this.#transactions.data(argument),
    RSET: (argument) => this.#transactions.reset(argument),
    QUIT: (argument) => (argument === '' ? {over: 'QUIT'} : REPLIES.noArgument),
    NOOP: () => REPLIES.ok,
    HELP: () => REPLIES.help,
    // RFC 5321 §7.3: an answer that tells nobody who exists.
    VRFY: (argument) => (argument === '' ? REPLIES.badArgument : REPLIES.cannotVerify),
    EXPN: () => REPLIES.notImplemented,
    AUTH: (argument) => this.#auth(argument),
    BDAT: (argument) => this.#transactions.bdat(argument),
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
    this.#transactions = new ReceiveTransactions({
      wire: this.#wire,
      options,
      handlers,
      client: () => this.#client,
      send: (answer) => this.#send(answer),
      ask: (question) => this.#ask(question),
      taken: () => {
        this.#errors = 0
      },
    })
  }

  expire(): void {
    this.#wire.expire('session timeout')
  }

  stop(): void {
    this.#wire.stop()
  }

  destroy(): void {
    this.#transactions.stopPace()
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
    await this.#transactions.end()
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
    await this.#transactions.end()
    this.#client = {...this.#client, hello: name, protocol: extended ? extendedProtocol(this.#client) : 'SMTP'}
    const {hostname} = this.#options
    return extended ? reply(250, hostname, ...extensionLines(this.#options, this.#client)) : reply(250, hostname)
  }

  async #startTls(argument: string): Promise<Answer> {
    if (this.#client.tls) return REPLIES.tlsIsOn
    if (!offersTls(this.#options)) return REPLIES.notImplemented
    if (argument !== '') return REPLIES.noArgument
    if (this.#transactions.hasChunks) return REPLIES.chunksBegun
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
    this.#transactions.close()
    this.#client = {...this.#client, hello: null, protocol: 'SMTP', tls, user: null}
    this.#options.observe?.({type: 'tls', facts: tls})
    return null
  }

  async #auth(argument: string): Promise<Answer> {
    const open = {transaction: this.#transactions.isOpen}
    const challenge = (reply: Reply) => this.#send(reply)
    const result = await this.#ask(() => this.#authentication.run(argument, this.#client, open, challenge))
    if (!('user' in result)) return result
    const client = {...this.#client, user: result.user}
    this.#client = {...client, protocol: extendedProtocol(client)}
    return result.reply
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
