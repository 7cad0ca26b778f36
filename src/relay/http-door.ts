import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http'
import {isIP} from 'node:net'
import {listenError, portOf} from './listen-error.ts'

export interface HttpDoorSettings {
  address: string
  port: number
  /** Meant for more than this machine. */
  exposed: boolean
}

/** What is asked of the relay over HTTP. */
export interface HttpAnswers {
  /** The text format of Prometheus. */
  metrics(): Promise<string>
  /** Why the relay is not fit; empty: it is. */
  problems(): string[]
}

const TEXT = 'text/plain; charset=utf-8'
const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8'
/** Prometheus and a balancer or two; more is somebody who wants to keep us busy. */
const MOST_CONNECTIONS = 16
const WHOLE_REQUEST_MS = 5_000

/**
 * `/metrics`, `/healthz` (503 and the reasons while the relay is not fit) and `/livez` (200 while the process answers).
 * It can only be read; whoever connects gets little memory and little time.
 */
export class HttpDoor {
  readonly #answers: HttpAnswers
  #open: {settings: HttpDoorSettings; server: Server} | null = null

  constructor(answers: HttpAnswers) {
    this.#answers = answers
  }

  /** Where it listens, with the port that was given where 0 was asked for; null: nowhere. */
  get endpoint(): {address: string; port: number} | null {
    return this.#open && {address: this.#open.settings.address, port: portOf(this.#open.server)}
  }

  /** Binds what is wanted and changes nothing yet. Throws as a listener does. */
  async prepare(wanted: HttpDoorSettings | null): Promise<{commit(): void; discard(): void}> {
    const open = this.#open
    if (open && wanted && sameEndpoint(open.settings, wanted)) {
      const commit = () => {
        this.#open = {settings: wanted, server: open.server}
      }
      return {commit, discard: () => {}}
    }
    const fresh = wanted && {settings: wanted, server: await this.#bind(wanted)}
    return {
      commit: () => {
        this.close()
        this.#open = fresh
      },
      discard: () => void fresh?.server.close(),
    }
  }

  close(): void {
    this.#open?.server.close()
    this.#open?.server.closeAllConnections()
    this.#open = null
  }

  #bind(settings: HttpDoorSettings): Promise<Server> {
    const limits = {
      maxHeaderSize: 4096,
      headersTimeout: WHOLE_REQUEST_MS,
      requestTimeout: WHOLE_REQUEST_MS,
      keepAliveTimeout: 1_000,
      connectionsCheckingInterval: 1_000,
    }
    const server = createServer(limits, (request, response) => void this.#serve(request, response))
    server.maxConnections = MOST_CONNECTIONS
    // Also for one that does not read what it asked for.
    server.setTimeout(2 * WHOLE_REQUEST_MS)
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(settings, error)))
      server.listen({host: settings.address, port: settings.port, exclusive: true}, () => {
        server.removeAllListeners('error')
        server.on('error', () => {})
        resolve(server)
      })
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {method, url = ''} = request
    // A page in a browser on this machine could be led here by DNS under a name of its own, and read the answer.
    if (!this.#open?.settings.exposed && !isLocal(request.headers.host)) return reply(response, 421, 'ask by address')
    if (method !== 'GET' && method !== 'HEAD') return reply(response, 405, 'GET alone', {allow: 'GET, HEAD'})
    const path = url.split('?', 1)[0]
    if (path === '/livez') return reply(response, 200, 'alive')
    if (path === '/healthz') return this.#health(response)
    if (path !== '/metrics') return reply(response, 404, 'there are /metrics, /healthz and /livez')
    const text = await this.#answers.metrics().catch(() => null)
    if (text === null) reply(response, 503, 'the status cannot be told at the moment')
    else reply(response, 200, text, {'content-type': EXPOSITION})
  }

  #health(response: ServerResponse): void {
    const problems = this.#answers.problems()
    reply(response, problems.length === 0 ? 200 : 503, problems.length === 0 ? 'fit' : problems.join('\n'))
  }
}

function reply(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  const body = text.endsWith('\n') ? text : `${text}\n`
  response.writeHead(status, {
    'content-type': TEXT,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

function isLocal(host: string | undefined): boolean {
  const name = host?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1') ?? ''
  return isIP(name) !== 0 || name.toLowerCase() === 'localhost'
}

function sameEndpoint(a: HttpDoorSettings, b: HttpDoorSettings): boolean {
  return a.address === b.address && a.port === b.port
}
