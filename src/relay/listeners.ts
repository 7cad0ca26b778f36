import {createServer, type Server, type Socket} from 'node:net'
import {endpoint} from '../mail/address.ts'
import {Exit, PosternError} from '../mail/error.ts'
import type {RelayLog} from './log.ts'
import type {ListenerSettings} from './snapshot.ts'

type OnConnection = (socket: Socket, listener: ListenerSettings) => void

interface Bound {
  settings: ListenerSettings
  server: Server
}

/** The sockets the relay listens on. A change binds the new ones first, so that it is made whole or not at all. */
export class Listeners {
  #bound: Bound[] = []
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
    this.#bound = kept.map((bound) => bound ?? fresh.shift()!)
    for (const bound of left) this.#close(bound)
    for (const [i, bound] of this.#bound.entries()) if (!exact[i]) this.#tell('listening', bound)
  }

  close(): void {
    for (const bound of this.#bound) this.#close(bound)
    this.#bound = []
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

  #bind(settings: ListenerSettings): Promise<Bound> {
    // A client that closes its side after its last command still gets its replies.
    const server = createServer({allowHalfOpen: true, noDelay: true}, (socket) => {
      const bound = this.#bound.find((other) => other.server === server)
      if (bound) this.#onConnection(socket, bound.settings)
      else socket.destroy()
    })
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(settings, error)))
      server.listen({host: settings.address, port: settings.port, exclusive: true}, () => {
        server.removeAllListeners('error')
        // Out of file descriptors: the connection is lost, the listener is not.
        server.on('error', (error) => this.#log.event({event: 'fault', where: 'listener', reason: error.message}))
        resolve({settings, server})
      })
    })
  }

  #close(bound: Bound): void {
    this.#tell('closed', bound)
    bound.server.close()
  }

  #tell(event: 'listening' | 'closed', {settings, server}: Bound): void {
    this.#log.event({event, address: settings.address, port: portOf(server) || settings.port, tls: settings.tls})
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function sameEndpoint(a: ListenerSettings, b: ListenerSettings): boolean {
  return a.address === b.address && a.port === b.port
}

function same(a: ListenerSettings, b: ListenerSettings): boolean {
  return sameEndpoint(a, b) && a.tls === b.tls
}

function listenError(listener: ListenerSettings, cause: NodeJS.ErrnoException): PosternError {
  const where = endpoint(listener)
  if (cause.code === 'EACCES') {
    return new PosternError('listen-denied', `may not listen on ${where}`, {
      exit: Exit.permission,
      hints: [
        `ports below 1024 need a privilege: setcap cap_net_bind_service=+ep "$(command -v node)", or another port`,
      ],
      cause,
    })
  }
  if (cause.code === 'EADDRINUSE') {
    return new PosternError('listen-in-use', `another program listens on ${where}`, {
      exit: Exit.tryAgain,
      hints: ['stop it, or choose another port under listeners in relay.yaml', 'is it a relay? postern relay status'],
      cause,
    })
  }
  return new PosternError('listen-failed', `cannot listen on ${where}: ${cause.code ?? cause.message}`, {
    exit: Exit.cannotCreate,
    hints: ['check the addresses under listeners in relay.yaml'],
    cause,
  })
}
