import {once} from 'node:events'
import {createServer, type Server, type Socket} from 'node:net'
import {createSecureContext, type SecureContext} from 'node:tls'
import {receiveSession} from '../smtp/receive.ts'
import type {ReceiverEvent, ReceiverHandlers, ReceiverOptions} from '../smtp/receiver.ts'
import type {Behaviour} from './partner.ts'
import {ScriptedSession} from './script.ts'

export interface LabPorts {
  smtp: number
  smtps: number
}

/** A partner's mail host: a real receiving session behind a real socket, misbehaving where it was built to. */
export class LabHost {
  readonly #servers: Server[] = []
  readonly #connections = new Set<Socket>()
  readonly #behaviour: Behaviour
  readonly #handlers: ReceiverHandlers
  readonly #options: ReceiverOptions

  constructor(
    hostname: string,
    behaviour: Behaviour,
    data: ReceiverHandlers['data'],
    observe: (event: ReceiverEvent) => void,
  ) {
    this.#behaviour = behaviour
    this.#handlers = {mail: async () => null, rcpt: async () => null, data, ...behaviour.handlers}
    this.#options = {
      hostname,
      mode: 'starttls',
      secureContext: contextOf(behaviour),
      requestClientCertificate: false,
      // What a partner gets from us must not need to be put right.
      bareLineFeeds: 'refuse',
      limits: {messageSize: 52_428_800, recipients: 1000, errors: 20, commandLine: 2048},
      timeouts: {command: 300_000, data: 180_000, handshake: 60_000, session: 3_600_000},
      observe,
      ...behaviour.session,
    }
  }

  async listen(address: string, ports: LabPorts): Promise<void> {
    const {closed, serve, script} = this.#behaviour
    if (closed) return
    await this.#bind(address, ports.smtp, 'starttls')
    if (this.#options.secureContext || serve || script) await this.#bind(address, ports.smtps, 'implicit')
  }

  /** Breaks what is connected, as when the address begins to lead elsewhere. */
  drop(): void {
    for (const socket of this.#connections) socket.destroy()
  }

  async stop(): Promise<void> {
    this.drop()
    await Promise.all(this.#servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
  }

  async #bind(address: string, port: number, mode: 'starttls' | 'implicit'): Promise<void> {
    const options = {...this.#options, mode}
    const server = createServer({allowHalfOpen: true, noDelay: true}, (socket) => {
      this.#connections.add(socket)
      socket.once('close', () => this.#connections.delete(socket))
      socket.on('error', () => {})
      const {serve, script} = this.#behaviour
      if (serve) serve(socket)
      else if (script) new ScriptedSession(script, {...options, data: this.#handlers.data}, socket).start()
      else void receiveSession(socket, options, this.#handlers)
    })
    server.listen({host: address, port, exclusive: true})
    await once(server, 'listening')
    this.#servers.push(server)
  }
}

function contextOf({identity, tls}: Behaviour): SecureContext | null {
  if (identity === null) return null
  return contextFor(identity, tls)
}

/** What a host shows in its handshakes. */
export function contextFor(
  identity: NonNullable<Behaviour['identity']>,
  tls: Behaviour['tls'] = undefined,
): SecureContext {
  return createSecureContext({cert: identity.chainPem, key: identity.keyPem, ...tls})
}
