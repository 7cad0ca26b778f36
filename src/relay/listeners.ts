import {createServer, type Server, type Socket} from 'node:net'
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
    return this.#bound.map(({settings, server}) => ({...settings, port: portOf(server)}))
  }

  /** Listens on exactly these. Throws without having changed anything: `listen-denied` (77), `listen-in-use` (75). */
  async set(wanted: readonly ListenerSettings[]): Promise<void> {
    const kept = this.#bound.filter(({settings}) => wanted.some((other) => same(other, settings)))
    const missing = wanted.filter((settings) => !kept.some((bound) => same(bound.settings, settings)))
    // The same endpoint with other TLS cannot be bound twice: it changes hands.
    const given = this.#bound.filter((bound) => !kept.includes(bound))
    const handed = missing.filter((settings) => given.some((bound) => sameEndpoint(bound.settings, settings)))
    const fresh = await this.#bindAll(missing.filter((settings) => !handed.includes(settings)))
    const moved = handed.map((settings) => ({
      settings,
      server: given.find((bound) => sameEndpoint(bound.settings, settings))!.server,
    }))
    const old = given.filter(({server}) => !moved.some((bound) => bound.server === server))
    this.#bound = [...kept, ...moved, ...fresh]
    for (const bound of old) this.#close(bound)
    for (const bound of [...moved, ...fresh]) this.#tell('listening', bound)
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
  return a.address === b.address && a.port === b.port && a.port !== 0
}

function same(a: ListenerSettings, b: ListenerSettings): boolean {
  return a.address === b.address && a.port === b.port && a.tls === b.tls
}

function listenError({address, port}: ListenerSettings, cause: NodeJS.ErrnoException): PosternError {
  const where = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
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
