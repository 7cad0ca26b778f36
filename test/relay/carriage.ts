import {mkdtemp, rm} from 'node:fs/promises'
import {Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect} from 'vitest'
import {TicketShelf} from '../../src/path/tickets.ts'
import type {EffectiveProfile} from '../../src/policy/profile.ts'
import {openQueue} from '../../src/queue/open.ts'
import type {NewMessage, QueueEntry, QueueStore} from '../../src/queue/store.ts'
import {AddressSlots} from '../../src/relay/address-slots.ts'
import {Courier} from '../../src/relay/courier.ts'
import {FailureMemory} from '../../src/relay/failure-memory.ts'
import type {RelayEvent} from '../../src/relay/log.ts'
import {SessionPool} from '../../src/relay/session-pool.ts'
import type {RelayLimits, RelaySnapshot} from '../../src/relay/snapshot.ts'
import {engineWorld, profileWith, type TestPki, testPki} from '../support/engine.ts'
import {type Peer, type PeerScript, peer} from '../support/peer.ts'
import {zoneServer} from '../support/zone.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** 5 s for every step would be long enough; a peer that is silent is to be noticed sooner. */
const TIMEOUTS = {connect: 400, greeting: 400, command: 400, handshake: 800, dataBlock: 400, dataEnd: 400}

export interface CarriageOptions {
  zone: string
  limits?: Partial<RelayLimits>
  profileFor?(recipient: string): EffectiveProfile
  timeouts?: Partial<typeof TIMEOUTS>
  /** Addresses that swallow every packet. */
  blackHoles?: string[]
}

/** The delivering half of the relay, whole and real: queue on disk, courier, path engine, TLS. No listeners. */
export class Carriage {
  readonly events: RelayEvent[] = []
  readonly peers: Peer[] = []
  /** Addresses in the order in which they were dialled. */
  readonly dialled: string[] = []
  /** Most connections at a time, whatever the address. */
  mostOpen = 0
  readonly pki: TestPki
  queue!: QueueStore
  courier!: Courier
  /** Milliseconds that its clock is ahead. */
  ahead = 0
  #pool!: SessionPool
  #snapshot!: RelaySnapshot
  #dir!: string
  readonly #open = new Set<Socket>()
  readonly #ends: (() => Promise<unknown>)[] = []
  readonly clock = {now: () => Date.now() + this.ahead, sleep: () => Promise.resolve(), random: () => 0.5}

  private constructor(pki: TestPki) {
    this.pki = pki
  }

  static async make(pki?: TestPki): Promise<Carriage> {
    return new Carriage(pki ?? (await testPki()))
  }

  /** A next hop; all of them are at one port, each at an address of its own. */
  async hop(address: string, script: PeerScript = {}): Promise<Peer> {
    const made = await peer({address, port: this.peers[0]?.port ?? 0, ...script})
    this.peers.push(made)
    return made
  }

  async hopWithTls(address: string, script: PeerScript = {}): Promise<Peer> {
    return this.hop(address, {tls: await this.pki.host({dnsNames: ['mx1.example', 'mx2.example']}), ...script})
  }

  /** Opens the queue. The port is that of the hops. */
  async open(options: CarriageOptions): Promise<void> {
    this.#dir = await mkdtemp(join(tmpdir(), 'postern-carriage-'))
    const zone = await zoneServer(options.zone)
    this.#ends.push(() => zone.stop())
    const world = engineWorld(zone.address, this.peers[0]?.port ?? 1, {
      ...this.clock,
      timeouts: {...TIMEOUTS, ...options.timeouts},
    })
    const dial = (address: string, port: number) => {
      this.dialled.push(address)
      const socket = options.blackHoles?.includes(address) ? new Socket() : world.dial(address, port)
      this.#open.add(socket)
      this.mostOpen = Math.max(this.mostOpen, this.#open.size)
      return socket.once('close', () => this.#open.delete(socket))
    }
    const limits = {connectionsPerDestination: 20, connectionsPerAddress: 20, ...options.limits}
    this.#snapshot = {
      revision: 'r1',
      hostname: 'relay.example.org',
      routes: [],
      queue: {
        retry: 27 * MINUTE,
        retryMax: 4 * HOUR,
        warnAfter: 4 * HOUR,
        lifetime: 120 * HOUR,
        dsnLifetime: 120 * HOUR,
      },
      limits,
      path: {...world, dial},
      policy: this.#policy(options),
    } as unknown as RelaySnapshot
    this.queue = await openQueue({dir: this.#dir, clock: this.clock})
  }

  /** Begins to carry what is in the queue. */
  start(): void {
    const slots = new AddressSlots(() => this.courier.wake())
    this.#pool = new SessionPool(this.clock, (address) => slots.wanted(address))
    this.courier = new Courier({
      snapshot: () => this.#snapshot,
      queue: this.queue,
      pool: this.#pool,
      memory: new FailureMemory(this.clock.now()),
      tickets: new TicketShelf(this.clock),
      slots,
      log: {event: (event) => void this.events.push(event)},
      world: this.clock,
      queueFailed: (error) => {
        throw error
      },
    })
    this.courier.wake()
  }

  /** As after a crash: what was in memory is gone. */
  async restart(): Promise<void> {
    await this.#halt()
    this.queue = await openQueue({dir: this.#dir, clock: this.clock})
    this.start()
  }

  async put(message: {to: string[]; from?: string; text?: string} & Partial<NewMessage>): Promise<string> {
    const {to, from = 'ops@sender.example', text = 'Subject: test\r\n\r\nbody\r\n', ...rest} = message
    const incoming = await this.queue.receive()
    await incoming.write(Buffer.from(text))
    return incoming.commit({
      receivedAt: this.clock.now(),
      reversePath: from,
      options: {},
      recipients: to.map((address) => ({address, options: {}, destination: address.slice(address.indexOf('@') + 1)})),
      origin: '127.0.0.1 (test) ESMTP',
      ...rest,
    })
  }

  /** `delivered a@x.example 2.0.0`, of every fate so far, sorted. */
  get fates(): string[] {
    const told = this.events.flatMap((event) => {
      const fate = event.event === 'delivered' || event.event === 'deferred' || event.event === 'bounced'
      return fate ? [`${event.event} ${event.recipient} ${event.status}`] : []
    })
    return told.sort()
  }

  async fate(recipient: string): Promise<Extract<RelayEvent, {event: 'delivered' | 'deferred' | 'bounced'}>> {
    const find = () => this.events.find((event) => 'recipient' in event && event.recipient === recipient)
    await expect.poll(find, {timeout: 20_000, message: `the fate of ${recipient}`}).toBeDefined()
    return find() as never
  }

  async waitFor(count: number): Promise<string[]> {
    await expect.poll(() => this.fates.length, {timeout: 30_000}).toBeGreaterThanOrEqual(count)
    return this.fates
  }

  async entries(): Promise<QueueEntry[]> {
    return (await this.queue.list({limit: 1000})).messages
  }

  async end(): Promise<void> {
    await this.#halt()
    for (const made of this.peers) await made.stop()
    for (const end of this.#ends) await end()
    await rm(this.#dir, {recursive: true, force: true})
  }

  async #halt(): Promise<void> {
    await this.courier?.stop(0)
    await this.#pool?.close()
    await this.queue.close()
  }

  #policy({profileFor = () => profileWith([this.pki.root], 'preferred')}: CarriageOptions): RelaySnapshot['policy'] {
    return {
      delivery: ({recipient}) => ({profile: profileFor(recipient), rehearsed: []}),
      deliveryKey: ({recipient}) => profileFor(recipient).name,
      mayRehearse: () => [],
      receiving: () => ({profile: null, rejects: false, decided: true, possible: [], rehearsed: []}),
    } as RelaySnapshot['policy']
  }
}

export const mailed = (hop: Peer): string[] => hop.connections.flatMap(({messages}) => messages)
export const said = (hop: Peer, verb: string): string[] => {
  return hop.connections.flatMap(({lines}) => lines.filter((line) => line.startsWith(verb)))
}
