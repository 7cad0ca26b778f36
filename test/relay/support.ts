import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect} from 'vitest'
import {queueList} from '../../src/app/queue-access.ts'
import {queueChange} from '../../src/app/queue-change.ts'
import {type RunningRelay, startRelay} from '../../src/app/start-relay.ts'
import {type AppWorld, realWorld} from '../../src/app/world.ts'
import type {QueueEntry} from '../../src/queue/store.ts'
import type {RelayEvent} from '../../src/relay/log.ts'
import {type TestPki, testPki} from '../support/engine.ts'
import {type Peer, type PeerScript, peer} from '../support/peer.ts'
import {type ZoneServer, zoneServer} from '../support/zone.ts'

/** Whatever is taken stays in the queue: nobody listens where it goes. */
export const NOWHERE = 'routes: [{domain: "*", host: 127.0.0.1, port: 1}]\n'

/** The events of a kind; some kinds share a shape. */
export type EventOf<E extends RelayEvent['event'], U = RelayEvent> = U extends {event: infer K}
  ? E extends K
    ? U
    : never
  : never

/** A relay on directories of its own, between real clients and real next hops on loopback. */
export class RelayWorld {
  readonly world: AppWorld
  readonly pki: TestPki
  readonly events: RelayEvent[] = []
  relay: RunningRelay | null = null
  /** Milliseconds that the relay's clock is ahead. */
  ahead = 0
  readonly #ends: (() => Promise<unknown>)[] = []
  readonly #dir: string

  private constructor(dir: string, pki: TestPki) {
    this.#dir = dir
    this.pki = pki
    const real = realWorld({configDir: join(dir, 'config'), dataDir: join(dir, 'data')})
    this.world = {...real, now: () => Date.now() + this.ahead}
  }

  static async make(): Promise<RelayWorld> {
    return new RelayWorld(await mkdtemp(join(tmpdir(), 'postern-relay-')), await testPki())
  }

  async write(files: Record<string, string>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.world.configDir, name)
      await mkdir(join(path, '..'), {recursive: true})
      await writeFile(path, text, {mode: name.endsWith('.key') ? 0o600 : 0o644})
    }
  }

  /** relay.yaml with free ports, an identity of the test CA, and whatever else is given. */
  async start(settings = '', files: Record<string, string> = {}): Promise<RunningRelay> {
    const identity = await this.pki.host({dnsNames: ['relay.example.org']})
    await this.write({
      'relay.yaml': `hostname: relay.example.org
listeners:
  - {address: 127.0.0.1, port: 0, tls: starttls}
  - {address: 127.0.0.1, port: 0, tls: implicit}
${settings}`,
      'identity/default.pem': identity.cert,
      'identity/default.key': identity.key,
      'ca/test.pem': this.pki.root.certificatePem,
      ...files,
    })
    const log = {event: (event: RelayEvent) => void this.events.push(event)}
    this.relay = await startRelay(this.world, {log, logFile: null})
    return this.relay
  }

  /** A next hop that is stopped with this world. */
  async peer(script: PeerScript = {}): Promise<Peer> {
    const made = await peer(script)
    this.#ends.push(() => made.stop())
    return made
  }

  async zone(text: string): Promise<ZoneServer> {
    const made = await zoneServer(text)
    this.#ends.push(() => made.stop())
    return made
  }

  port(tls: 'starttls' | 'implicit' | 'off' = 'starttls'): number {
    const port = this.relay?.status().listeners.find((listener) => listener.tls === tls)?.port
    if (port === undefined) throw new Error(`nothing listens with TLS ${tls}`)
    return port
  }

  /** The next event of this kind that meets the condition, past or future. */
  async event<E extends RelayEvent['event']>(
    kind: E,
    meets: (event: EventOf<E>) => boolean = () => true,
  ): Promise<EventOf<E>> {
    const find = () => this.events.find((event) => event.event === kind && meets(event as EventOf<E>))
    await expect.poll(find, {timeout: 30_000, message: `the event ${kind}`}).toBeDefined()
    return find() as EventOf<E>
  }

  seen<E extends RelayEvent['event']>(kind: E): EventOf<E>[] {
    return this.events.filter((event) => event.event === kind) as EventOf<E>[]
  }

  async queue(): Promise<QueueEntry[]> {
    return (await queueList(this.world, {})).messages
  }

  retry(): Promise<number> {
    return queueChange(this.world, 'retry', {})
  }

  async end(): Promise<void> {
    await this.relay?.stop('the test is over')
    await this.relay?.ended
    for (const end of this.#ends) await end()
    await rm(this.#dir, {recursive: true, force: true})
  }
}
