import type {Socket} from 'node:net'
import type {Reply} from '../mail/reply.ts'
import {receiveSession} from '../smtp/receive.ts'
import {type ReceivingHouse, receivingHandlers} from './accept.ts'
import {Contexts, NO_TLS, type Welcome} from './contexts.ts'
import type {ListenerSettings, RelayIdentity, RelaySnapshot} from './snapshot.ts'

/** RFC 5321 §4.5.3.2: five minutes for a command, ten for data, plus an end to it all. */
const TIMEOUTS = {command: 300_000, data: 600_000, handshake: 30_000, session: 3_600_000}
const ERRORS = 20
const COMMAND_LINE = 4096
/** Sessions of all clients together. */
const MOST_SESSIONS = 1_000

const BUSY: Reply = {code: 421, lines: ['4.3.2 too many connections, try again later']}

/** Meets clients: how many each may have, what TLS each is offered, and the session itself. */
export class Reception {
  readonly #house: ReceivingHouse
  readonly #sessions = new Map<Socket, {client: string; over: Promise<void>}>()
  readonly #end = new AbortController()
  #contexts: {identity: RelayIdentity; contexts: Contexts} | null = null

  constructor(house: ReceivingHouse) {
    this.#house = house
  }

  get active(): number {
    return this.#sessions.size
  }

  meet(socket: Socket, listener: ListenerSettings): void {
    const client = plainAddress(socket.remoteAddress ?? '')
    socket.on('error', () => socket.destroy())
    if (socket.remoteAddress === undefined || this.#tooMany(client)) {
      this.#turnAway(socket, client, 'too many connections')
      return
    }
    const over = this.#session(socket, listener, client)
      .catch((error: unknown) => this.#house.log.event({event: 'fault', where: 'session', reason: String(error)}))
      .finally(() => this.#sessions.delete(socket))
    this.#sessions.set(socket, {client, over})
  }

  /** Sessions end before their next command; what is not over after `graceMs` is cut off. */
  async stop(graceMs: number): Promise<void> {
    this.#end.abort()
    const cut = setTimeout(() => {
      for (const socket of this.#sessions.keys()) socket.destroy()
    }, graceMs)
    await Promise.all([...this.#sessions.values()].map(({over}) => over))
    clearTimeout(cut)
  }

  async #session(socket: Socket, listener: ListenerSettings, client: string): Promise<void> {
    const snapshot = this.#house.snapshot()
    const {context, requestClientCertificate, anchors} = this.#welcome(snapshot, listener, client)
    if (listener.tls === 'implicit' && context === null) {
      this.#turnAway(socket, client, 'TLS is switched off')
      return
    }
    await receiveSession(
      socket,
      {
        hostname: snapshot.hostname,
        mode: listener.tls,
        secureContext: context,
        requestClientCertificate,
        limits: {
          messageSize: snapshot.limits.messageSize,
          recipients: snapshot.limits.recipients,
          errors: ERRORS,
          commandLine: COMMAND_LINE,
        },
        timeouts: TIMEOUTS,
        signal: this.#end.signal,
      },
      receivingHandlers(this.#house, anchors),
    )
  }

  /** OUTCOMES.md, 'Receiving': level none withdraws STARTTLS from that client and leaves the implicit port alone. */
  #welcome(snapshot: RelaySnapshot, listener: ListenerSettings, client: string): Welcome {
    if (!snapshot.tlsEnabled || snapshot.identity === null || listener.tls === 'off') return NO_TLS
    const policy = snapshot.policy.receiving({client})
    const withdrawn = policy.decided && policy.profile?.level === 'none' && listener.tls === 'starttls'
    return withdrawn ? NO_TLS : this.#contextsOf(snapshot.identity).welcome(policy.possible)
  }

  #contextsOf(identity: RelayIdentity): Contexts {
    if (this.#contexts?.identity !== identity) this.#contexts = {identity, contexts: new Contexts(identity)}
    return this.#contexts.contexts
  }

  #tooMany(client: string): boolean {
    const most = this.#house.snapshot().limits.connectionsPerClient
    const same = [...this.#sessions.values()].filter((session) => session.client === client).length
    return same >= most || this.#sessions.size >= MOST_SESSIONS
  }

  #turnAway(socket: Socket, client: string, reason: string): void {
    this.#house.log.event({event: 'connection-refused', client, reason})
    socket.end(`${BUSY.code} ${BUSY.lines[0]}\r\n`)
    // A client that does not close its side may not keep ours.
    setTimeout(() => socket.destroy(), 1_000).unref()
  }
}

function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}
