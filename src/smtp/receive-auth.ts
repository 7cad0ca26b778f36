import {TLSSocket} from 'node:tls'
import type {Reply} from '../mail/reply.ts'
import {offered} from './receive-offer.ts'
import {REPLIES, reply} from './receive-replies.ts'
import {channelBinding} from './receive-tls.ts'
import type {ReceiveWire} from './receive-wire.ts'
import type {ClientFacts, ReceiverHandlers, ReceiverOptions} from './receiver.ts'
import {decodeBase64} from './sasl/base64.ts'
import type {SaslExchange, SaslFailure} from './sasl/exchange.ts'
import {MECHANISMS} from './sasl/mechanisms.ts'

/** RFC 4954 §4: a line of an exchange has at most this many octets, CRLF included. */
const LONGEST_LINE = 12_288

const DONE = reply(235, '2.7.0 authentication succeeded')
const ANSWERS = {
  authenticated: reply(503, '5.5.1 already authenticated'),
  transaction: reply(503, '5.5.1 a mail transaction is open'),
  unknown: reply(504, '5.5.4 authentication mechanism not offered'),
  clear: reply(538, '5.7.11 encryption needed for authentication, use STARTTLS'),
  tooLong: reply(500, '5.5.6 authentication exchange line is too long'),
  undecodable: reply(501, '5.5.2 not base64'),
  malformed: reply(501, '5.5.2 not a message of this mechanism'),
  cancelled: reply(501, '5.7.0 authentication cancelled'),
  // RFC 4954 §4.4: one reply for all, whoever exists.
  denied: reply(535, '5.7.8 authentication credentials invalid'),
  tooManyFailures: reply(421, '4.7.0 too many failed authentications'),
}

/** The user that was proved, the reply to it that did not come to that, or why the connection is over. */
export type AuthResult = {user: string; reply: Reply} | Reply | {over: string}

/** AUTH in one session (RFC 4954). */
export class Authentication {
  readonly #options: ReceiverOptions
  readonly #handlers: ReceiverHandlers
  readonly #wire: ReceiveWire
  #failures = 0

  constructor(options: ReceiverOptions, handlers: ReceiverHandlers, wire: ReceiveWire) {
    this.#options = options
    this.#handlers = handlers
    this.#wire = wire
  }

  /** `challenge` sends a 334. */
  async run(
    argument: string,
    client: ClientFacts,
    open: {transaction: boolean},
    challenge: (reply: Reply) => void,
  ): Promise<AuthResult> {
    const [, word = '', initial] = /^(\S{1,40})(?:[ \t]+(\S+))?$/.exec(argument) ?? []
    const mechanism = word.toUpperCase()
    const refusal = this.#refused(client, open.transaction, mechanism)
    if (refusal) return refusal
    const exchange = this.#begin(mechanism)
    if (!exchange) return ANSWERS.unknown
    const outcome = await this.#converse(exchange, initial, challenge)
    if ('failure' in outcome) return this.#failed(client, mechanism, outcome.failure)
    return 'user' in outcome ? {...outcome, reply: DONE} : outcome
  }

  #refused(client: ClientFacts, transaction: boolean, mechanism: string): Reply | null {
    if (!this.#options.auth || this.#options.hideExtensions?.includes('AUTH')) return REPLIES.notImplemented
    if (client.hello === null || client.protocol === 'SMTP') return REPLIES.helloFirst
    if (client.user !== null) return ANSWERS.authenticated
    if (transaction) return ANSWERS.transaction
    if (mechanism === '') return REPLIES.badArgument
    if (!MECHANISMS.has(mechanism)) return ANSWERS.unknown
    return offered(this.#options, client).has('AUTH') ? null : ANSWERS.clear
  }

  #begin(mechanism: string): SaslExchange | null {
    const {socket} = this.#wire
    const binding = socket instanceof TLSSocket ? channelBinding(socket) : null
    if (binding === null && mechanism.endsWith('-PLUS')) return null
    return MECHANISMS.get(mechanism)!({users: this.#options.auth!.users(), channelBinding: binding})
  }

  async #converse(exchange: SaslExchange, initial: string | undefined, challenge: (reply: Reply) => void) {
    let step = await exchange.next()
    if (!step.done && initial !== undefined) {
      const response = initial === '=' ? Buffer.alloc(0) : decodeBase64(initial)
      if (!response) return ANSWERS.undecodable
      step = await exchange.next(response)
    }
    while (!step.done) {
      challenge(reply(334, step.value.toString('base64')))
      const response = await this.#response()
      if (!Buffer.isBuffer(response)) return response
      step = await exchange.next(response)
    }
    return step.value
  }

  async #response(): Promise<Buffer | Reply | {over: string}> {
    const line = await this.#wire.line(LONGEST_LINE, this.#options.timeouts.command)
    if ('ended' in line) return {over: line.ended}
    if ('malformed' in line) return line.malformed === 'too long' ? ANSWERS.tooLong : REPLIES.bareLineFeed
    const text = line.octets.toString('latin1')
    return text === '*' ? ANSWERS.cancelled : (decodeBase64(text) ?? ANSWERS.undecodable)
  }

  /** Who guesses is held back, longer each time as the house has it, and then sent away. */
  async #failed(client: ClientFacts, mechanism: string, failure: SaslFailure): Promise<AuthResult> {
    const hold = this.#handlers.authFailed?.(client, {...failure, mechanism}) ?? 0
    if (failure.kind === 'malformed') return ANSWERS.malformed
    this.#failures++
    const ended = await this.#wire.pause(hold)
    if (ended) return {over: ended.ended}
    return this.#failures >= this.#options.auth!.failures ? ANSWERS.tooManyFailures : ANSWERS.denied
  }
}

/** A command line as it may be shown: an initial response is a password, or as good as one. */
export function withoutSecret(line: string): string {
  return line.replace(/^(auth\s+\S+\s+)\S.*$/is, '$1…')
}
