import type {Socket} from 'node:net'
import type {Reply} from '../mail/reply.ts'
import {receiveSession} from '../smtp/receive.ts'
import {ReceiveMemory} from '../smtp/receive-memory.ts'
import type {ReceiverOptions} from '../smtp/receiver.ts'
import {type ReceivingHouse, receivingHandlers} from './accept.ts'
import {plainAddress} from './client-key.ts'
import {Contexts, NO_TLS, type Welcome} from './contexts.ts'
import type {ListenerSettings, RelayIdentity, RelaySnapshot} from './snapshot.ts'
import {Throttle} from './throttle.ts'
import {TurnedAway} from './turned-away.ts'

/** RFC 5321 §4.5.3.2: five minutes for a command, ten for data, plus an end to it all. */
const TIMEOUTS = {command: 300_000, data: 600_000, handshake: 30_000, session: 3_600_000}
const COMMAND_LINE = 4096
/** Failed authentications before a session ends. */
const AUTH_FAILURES = 3
/** 55 octets a second: no line that works is slower, and a message that drips is over after five minutes. */
const LEAST_PACE = {octets: 16_384, window: 300_000}
/** Connections that are being turned away at a time; more are dropped without a word. */
const MOST_LEAVING = 200
/** Ends of a session that are the client's doing, as the session gives them. */
const MISBEHAVED = ['too slow', 'the client spoke before the greeting', 'the client takes no replies']

const BUSY: Reply = {code: 421, lines: ['4.3.2 too many connections, try again later']}
const TOO_MUCH: Reply = {code: 421, lines: ['4.7.0 too many connections from your address, try again later']}

/** Meets clients: how many each may have, what TLS each is offered, and the session itself. */
export class Reception {
  readonly #house: ReceivingHouse
  readonly #sessions = new Map<Socket, Promise<void>>()
  readonly #memory = new ReceiveMemory(0)
  readonly #turnedAway: TurnedAway
  readonly #throttle: Throttle
  #leaving = 0
  readonly #end = new AbortController()
  #contexts: {secrets: string; contexts: Contexts} | null = null

  constructor(house: ReceivingHouse) {
    this.#house = house
    this.#turnedAway = new TurnedAway(house.log)
    this.#throttle = new Throttle(house, this.#turnedAway)
  }

  get active(): number {
    return this.#sessions.size
  }

  meet(socket: Socket, listener: ListenerSettings): void {
    const client = plainAddress(socket.remoteAddress ?? '')
    socket.on('error', () => socket.destroy())
    if (socket.remoteAddress === undefined) {
      socket.destroy()
      return
    }
    const busy = this.#busy()
    const refused = busy ?? this.#throttle.connection(client)
    if (refused !== null) {
      this.#turnAway(socket, client, refused, busy ? BUSY : TOO_MUCH)
      return
    }
    const closed = this.#throttle.opened(client)
    const over = this.#session(socket, listener, client)
      .catch((error: unknown) => this.#house.log.event({event: 'fault', where: 'session', reason: String(error)}))
      .finally(() => {
        closed()
        this.#sessions.delete(socket)
      })
    this.#sessions.set(socket, over)
  }

  /** Sessions end before their next command; what is not over after `graceMs` is cut off. */
  async stop(graceMs: number): Promise<void> {
    this.#end.abort()
    const cut = setTimeout(() => {
      for (const socket of this.#sessions.keys()) socket.destroy()
    }, graceMs)
    await Promise.all(this.#sessions.values())
    clearTimeout(cut)
    this.#turnedAway.close()
  }

  async #session(socket: Socket, listener: ListenerSettings, client: string): Promise<void> {
    const snapshot = this.#house.snapshot()
    const {context, contextFor, requestClientCertificate, anchors} = this.#welcome(snapshot, listener, client)
    if (listener.tls === 'implicit' && context === null) {
      this.#turnAway(socket, client, 'TLS is switched off', BUSY)
      return
    }
    await receiveSession(
      socket,
      {
        hostname: snapshot.hostname,
        mode: listener.tls,
        secureContext: context,
        contextFor,
        ...this.#auth(snapshot),
        requestClientCertificate,
        limits: {
          messageSize: snapshot.limits.messageSize,
          recipients: snapshot.limits.recipients,
          errors: snapshot.limits.errorsPerSession,
          commandLine: COMMAND_LINE,
        },
        timeouts: TIMEOUTS,
        leastPace: LEAST_PACE,
        greetingDelay: snapshot.limits.greetingDelay ?? 0,
        memory: this.#memory,
        observe: (event) => {
          if (event.type === 'closed' && isMisbehaviour(event.reason))
            this.#turnedAway.note('held-back', client, event.reason)
        },
        signal: this.#end.signal,
      },
      receivingHandlers(this.#house, anchors, this.#throttle),
    )
  }

  /** docs/outcomes.md, 'Receiving': level none withdraws STARTTLS from that client and leaves the implicit port alone. */
  #welcome(snapshot: RelaySnapshot, listener: ListenerSettings, client: string): Welcome {
    if (!snapshot.tlsEnabled || snapshot.identity === null || listener.tls === 'off') return NO_TLS
    const policy = snapshot.policy.receiving({client})
    const withdrawn = policy.decided && policy.profile?.level === 'none' && listener.tls === 'starttls'
    return withdrawn ? NO_TLS : this.#contextsOf(snapshot, snapshot.identity).welcome(policy.possible)
  }

  #contextsOf({secrets, moreIdentities}: RelaySnapshot, identity: RelayIdentity): Contexts {
    if (this.#contexts?.secrets !== secrets) {
      this.#contexts = {secrets, contexts: new Contexts([identity, ...moreIdentities])}
    }
    return this.#contexts.contexts
  }

  #auth({users}: RelaySnapshot): Pick<ReceiverOptions, 'auth'> {
    if (users.credentials.size === 0) return {}
    return {auth: {users: () => this.#house.snapshot().users, failures: AUTH_FAILURES}}
  }

  /** Why nobody is let in at the moment; null: there is room. */
  #busy(): string | null {
    const {limits} = this.#house.snapshot()
    this.#memory.most = limits.memory
    if (this.#sessions.size >= limits.connections) return 'too many connections of all clients'
    return this.#memory.full ? 'too much mail on its way' : null
  }

  #turnAway(socket: Socket, client: string, reason: string, {code, lines}: Reply): void {
    this.#turnedAway.note('connection-refused', client, reason)
    if (this.#leaving >= MOST_LEAVING) {
      socket.destroy()
      return
    }
    this.#leaving++
    socket.once('close', () => this.#leaving--)
    socket.end(`${code} ${lines[0]}\r\n`)
    // A client that does not close its side may not keep ours.
    setTimeout(() => socket.destroy(), 1_000).unref()
  }
}

function isMisbehaviour(reason: string): boolean {
  return MISBEHAVED.includes(reason) || reason.includes('too many errors')
}
