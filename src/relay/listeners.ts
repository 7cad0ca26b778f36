import {type AddressInfo, createServer, type ListenOptions, type Server, type Socket} from 'node:net'
import {endpoint} from '../mail/address.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {listenError, portOf} from './listen-error.ts'
import type {RelayLog} from './log.ts'
import type {ListenerSettings} from './snapshot.ts'

type OnConnection = (socket: Socket, listener: ListenerSettings) => void

interface Bound {
  settings: ListenerSettings
  server: Server
}

/** Clients that came while the relay was still opening its queue, and wait for the greeting. */
const MOST_WAITING = 256

/**
 * The sockets the relay listens on. A change binds the new ones first, so that it is made whole or not at all. Nobody is
 * let in before `open`: ports are bound while root still may, and the queue is opened afterwards.
 */
export class Listeners {
  #bound: Bound[] = []
  #inherited: Server[] = []
  #waiting: {socket: Socket; server: Server}[] | null = []
  readonly #onConnection: OnConnection
  readonly #log: RelayLog

  constructor(onConnection: OnConnection, log: RelayLog) {
    this.#onConnection = onConnection
    this.#log = log
  }

  /** Where it listens, with the port that was given where 0 was asked for. */
  get endpoints(): ListenerSettings[] {
    const open = this.#bound.filter(({server}) => server.listening)
    return open.map(({settings, server}) => ({...settings, port: portOf(server)}))
  }

  /** Takes over sockets that whoever started us has bound; each must be wanted by the first `set`. */
  async inherit(descriptors: readonly number[]): Promise<void> {
    for (const fd of descriptors) this.#inherited.push(await this.#listen({fd}, {address: `descriptor ${fd}`, port: 0}))
  }

  /** Lets clients in, those first that came already. */
  open(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = null
    for (const bound of this.#bound) this.#tell('listening', bound)
    for (const {socket, server} of waiting) this.#meet(socket, server)
  }

  /**
   * Listens on exactly these. An endpoint that stays, with other TLS or not, keeps its socket: it cannot be bound twice,
   * and no client is turned away. Throws without having changed anything: `listen-denied` (77), `listen-in-use` (75).
   */
  async set(wanted: readonly ListenerSettings[]): Promise<void> {
    const left = [...this.#bound]
    const keep = (settings: ListenerSettings, fits: typeof same): Bound | null => {
      const at = left.findIndex((bound) => fits(bound.settings, settings))
      return at < 0 ? null : {settings, server: left.splice(at, 1)[0]!.server}
    }
    const exact = wanted.map((settings) => keep(settings, same))
    const kept = wanted.map((settings, i) => exact[i] ?? keep(settings, sameEndpoint))
    const fresh = await this.#bindAll(wanted.filter((_, i) => kept[i] === null))
    if (this.#inherited.length > 0) {
      for (const {server} of fresh) server.close()
      throw unwanted(this.#inherited)
    }
    this.#bound = kept.map((bound) => bound ?? fresh.shift()!)
    for (const bound of left) this.#close(bound)
    if (this.#waiting) return
    for (const [i, bound] of this.#bound.entries()) if (!exact[i]) this.#tell('listening', bound)
  }

  close(): void {
    for (const bound of this.#bound) this.#close(bound)
    this.#bound = []
  }

  /** The relay does not start after all: nobody was let in, and there is nothing to tell. */
  abandon(): void {
    for (const server of [...this.#bound.map(({server}) => server), ...this.#inherited]) server.close()
    for (const {socket} of this.#waiting ?? []) socket.destroy()
  }

  async #bindAll(wanted: ListenerSettings[]): Promise<Bound[]> {
    const bound: Bound[] = []
    try {
      for (const settings of wanted) bound.push(await this.#bind(settings))
      return bound
    } catch (error) {
      for (const {server} of bound) server.close()
      throw error
    }
  }

  async #bind(settings: ListenerSettings): Promise<Bound> {
    const at = this.#inherited.findIndex((server) => isAt(server, settings))
    if (at >= 0) return {settings, server: this.#inherited.splice(at, 1)[0]!}
    const {address: host, port} = settings
    return {settings, server: await this.#listen({host, port, exclusive: true}, settings)}
  }

  #listen(options: ListenOptions & {fd?: number}, where: {address: string; port: number}): Promise<Server> {
    // A client that closes its side after its last command still gets its replies.
    const server = createServer({allowHalfOpen: true, noDelay: true}, (socket) => this.#meet(socket, server))
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(where, error)))
      server.listen(options, () => {
        server.removeAllListeners('error')
        // Out of file descriptors: the connection is lost, the listener is not.
        server.on('error', (error) => this.#log.event({event: 'fault', where: 'listener', reason: error.message}))
        resolve(server)
      })
    })
  }

  #meet(socket: Socket, server: Server): void {
    const bound = this.#bound.find((other) => other.server === server)
    if (this.#waiting === null && bound) {
      this.#onConnection(socket, bound.settings)
      return
    }
    socket.on('error', () => socket.destroy())
    if (this.#waiting === null || this.#waiting.length >= MOST_WAITING) socket.destroy()
    else this.#waiting.push({socket, server})
  }

  #close(bound: Bound): void {
    this.#tell('closed', bound)
    bound.server.close()
  }

  #tell(event: 'listening' | 'closed', {settings, server}: Bound): void {
    this.#log.event({event, address: settings.address, port: portOf(server) || settings.port, tls: settings.tls})
  }
}

function sameEndpoint(a: ListenerSettings, b: ListenerSettings): boolean {
  return a.address === b.address && a.port === b.port
}

function same(a: ListenerSettings, b: ListenerSettings): boolean {
  return sameEndpoint(a, b) && a.tls === b.tls
}

function isAt(server: Server, {address, port}: ListenerSettings): boolean {
  const own = server.address()
  return typeof own === 'object' && own?.port === port && own.address.toLowerCase() === address.toLowerCase()
}

/** Mail would come in there that nobody answers. */
function unwanted(servers: Server[]): PosternError {
  const where = servers.map((server) => endpoint(server.address() as AddressInfo)).join(', ')
  return new PosternError('socket-unmatched', `relay.yaml has no listener for the socket that was passed: ${where}`, {
    exit: Exit.badState,
    hints: ['make listeners and socket unit agree, address and port: postern relay unit --socket'],
  })
}
