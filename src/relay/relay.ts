import {Exit, PosternError} from '../mail/error.ts'
import type {Reply} from '../mail/reply.ts'
import type {Clock, Random} from '../mail/world.ts'
import {TicketShelf} from '../path/tickets.ts'
import type {QueueFilter, QueueStore} from '../queue/store.ts'
import {AddressSlots} from './address-slots.ts'
import {AuthPauses} from './auth-pauses.ts'
import {type Bounced, bounceByHand} from './bounce.ts'
import {CalmLog} from './calm-log.ts'
import {type CertificateStatus, certificateStatus} from './certificate-status.ts'
import {Courier} from './courier.ts'
import {FailureMemory} from './failure-memory.ts'
import {HttpDoor} from './http-door.ts'
import {Listeners} from './listeners.ts'
import type {RelayLog} from './log.ts'
import {Reception} from './reception.ts'
import {SessionPool} from './session-pool.ts'
import type {ListenerSettings, RelayLimits, RelaySnapshot} from './snapshot.ts'
import {type RelayTally, Tally} from './tally.ts'

export interface RelayParts {
  snapshot: RelaySnapshot
  /** Descriptors of sockets that listen already. */
  inherited?: readonly number[]
  /** Called once, when the ports are bound: nothing after it needs a privilege. */
  bound?(): Promise<void>
  /** Opens the queue: at the start, and anew after it failed. */
  openQueue(limits: () => RelayLimits): Promise<QueueStore>
  log: RelayLog
  /** The status as Prometheus reads it. */
  metrics(relay: Relay): Promise<string>
  world: Clock & Random
}

export interface RelayStatus {
  revision: string
  hostname: string
  tls: boolean
  /** ISO 8601. */
  startedAt: string
  /** Milliseconds. */
  uptime: number
  listeners: ListenerSettings[]
  /** Where metrics and health are served; null: nowhere. */
  metrics: {address: string; port: number} | null
  accepting: boolean
  /** Of the identities that clients are shown. */
  certificates: CertificateStatus[]
  /** Of the identity that next hops are shown who ask for one; null: they get none. */
  clientCertificate: CertificateStatus | null
  /** Why it should get no mail at the moment; empty: it is fit. */
  problems: string[]
  /** Messages accepted; recipients by what became of them, also by hand; deliveries and sessions at this moment. */
  counters: Record<'accepted' | 'delivered' | 'deferred' | 'bounced' | 'active' | 'sessions' | 'idleSessions', number>
  tally: RelayTally
}

const GRACE_MS = 15_000
/** Between two looks whether a full disk has room again. */
const ROOM_MS = 2_000
const HUNG_MS = 5_000
const REOPEN_MS = [1_000, 2_000, 5_000, 10_000, 30_000]
const NOT_NOW: Reply = {code: 451, lines: ['4.3.0 mail cannot be stored at the moment, try again later']}

/**
 * The embedded relay: listens, takes mail into the durable queue and carries it on through the path engine. A 250 goes
 * out after the data is on disk; a recipient leaves the queue delivered or reported. It runs by one snapshot of the
 * configuration at a time.
 */
export class Relay {
  #snapshot: RelaySnapshot
  #queue: QueueStore | null = null
  #courier: Courier | null = null
  #recovering: Promise<void> | null = null
  #full: Promise<void> | null = null
  #stopping = false
  readonly #end = new AbortController()
  readonly #over = Promise.withResolvers<void>()
  readonly #parts: RelayParts
  readonly #calm: CalmLog
  readonly #tally: Tally
  readonly #pool: SessionPool
  readonly #memory: FailureMemory
  readonly #slots = new AddressSlots(() => this.#courier?.wake())
  readonly #tickets: TicketShelf
  readonly #reception: Reception
  readonly #listeners: Listeners
  readonly #http: HttpDoor
  readonly #startedAt: number

  private constructor(parts: RelayParts) {
    this.#calm = new CalmLog(parts.log)
    this.#tally = new Tally(this.#calm)
    this.#parts = {...parts, log: this.#tally}
    this.#snapshot = parts.snapshot
    this.#startedAt = parts.world.now()
    this.#pool = new SessionPool(parts.world, (address) => this.#slots.wanted(address))
    this.#tickets = new TicketShelf(parts.world)
    this.#memory = new FailureMemory(this.#startedAt)
    this.#reception = new Reception({
      snapshot: () => this.#snapshot,
      queue: () => (this.#stopping ? NOT_NOW : (this.#queue ?? NOT_NOW)),
      queueFailed: (error) => this.#queueFailed(error),
      log: this.#tally,
      authPauses: new AuthPauses(),
      now: () => parts.world.now(),
    })
    this.#listeners = new Listeners((socket, listener) => {
      this.#tally.connected()
      this.#reception.meet(socket, listener)
    }, this.#tally)
    this.#http = new HttpDoor({metrics: () => parts.metrics(this), problems: () => this.status().problems})
  }

  /** Binds the ports, opens the queue, lets clients in. Throws what these throw, with nothing left open. */
  static async start(parts: RelayParts): Promise<Relay> {
    const relay = new Relay(parts)
    try {
      await relay.#listeners.inherit(parts.inherited ?? [])
      await relay.#open(parts.snapshot)
      await parts.bound?.()
      relay.#adopt(await parts.openQueue(() => relay.#snapshot.limits))
    } catch (error) {
      relay.#listeners.abandon()
      relay.#http.close()
      throw error
    }
    relay.#listeners.open()
    relay.#courier?.wake()
    const {revision, hostname} = parts.snapshot
    parts.log.event({event: 'started', revision, hostname, pid: process.pid})
    return relay
  }

  /** Where its events go; whoever has more to tell about it tells it there, so that it is counted. */
  get log(): RelayLog {
    return this.#tally
  }

  get queue(): QueueStore | null {
    return this.#queue
  }

  /** Returns mail to its senders, under the configuration in force; `queue` is this relay's. */
  bounce(queue: QueueStore, filter: QueueFilter, how: {reason: string; limit: number}): Promise<Bounced> {
    const {log, world} = this.#parts
    return bounceByHand({queue, snapshot: this.#snapshot, log, world}, filter, how)
  }

  /** Forgets what DNS said and who could not be reached: who retries by hand has often just put it right. */
  forgetDns(): void {
    this.#courier?.forgive()
    this.#snapshot.path.resolver.forget()
  }

  /**
   * Runs by another configuration from here on; false: it is the same. Throws when its listeners cannot be had, and
   * nothing has changed then.
   */
  async adopt(snapshot: RelaySnapshot): Promise<boolean> {
    if (!differs(snapshot, this.#snapshot)) return false
    mustBeTheSameAccount(snapshot, this.#snapshot)
    await this.#open(snapshot)
    this.#snapshot = snapshot
    this.#parts.log.event({event: 'reloaded', revision: snapshot.revision})
    await this.#courier?.revise().catch((error) => this.#queueFailed(error))
    return true
  }

  /** All the doors that this configuration asks for, or throws with those open that were. */
  async #open(snapshot: RelaySnapshot): Promise<void> {
    const http = await this.#http.prepare(snapshot.metrics)
    try {
      await this.#listeners.set(doors(snapshot))
    } catch (error) {
      http.discard()
      throw error
    }
    http.commit()
  }

  status(): RelayStatus {
    const {revision, hostname, tlsEnabled, identity, moreIdentities, clientIdentity} = this.#snapshot
    const tally = this.#tally.counts
    const shown = tlsEnabled && identity ? [identity, ...moreIdentities] : []
    const certificates = shown.map((one) => certificateStatus(one, this.#parts.world.now()))
    const ended = (fate: string) => sum(tally.recipients, (one) => (one.result === fate ? one.count : 0))
    return {
      revision,
      hostname,
      tls: tlsEnabled,
      startedAt: new Date(this.#startedAt).toISOString(),
      uptime: this.#parts.world.now() - this.#startedAt,
      listeners: this.#listeners.endpoints,
      metrics: this.#http.endpoint,
      accepting: this.#queue !== null && !this.#full && !this.#stopping,
      certificates,
      clientCertificate: clientIdentity && certificateStatus(clientIdentity, this.#parts.world.now()),
      problems: this.#problems(certificates),
      counters: {
        accepted: sum(tally.received, ({messages}) => messages),
        delivered: ended('delivered'),
        deferred: ended('deferred'),
        bounced: ended('bounced'),
        active: this.#courier?.active ?? 0,
        sessions: this.#reception.active,
        idleSessions: this.#pool.size,
      },
      tally,
    }
  }

  /** Closes the doors, lets what is under way end, and parks the rest in the queue. */
  async stop(reason: string): Promise<void> {
    this.#stopping = true
    this.#end.abort()
    this.#parts.log.event({event: 'stopping', reason})
    this.#listeners.close()
    // A disk that hangs must not hold the relay: what is committed is safe, the rest was never answered.
    const patience = new AbortController()
    const enough = this.#parts.world.sleep(GRACE_MS + HUNG_MS, patience.signal).catch(() => {})
    await Promise.race([this.#wind(), enough])
    patience.abort()
    this.#calm.close()
    this.#parts.log.event({event: 'stopped', reason})
    this.#over.resolve()
  }

  /** While it stops: clients and deliveries are cut off now. What was not answered is the client's, the rest is in the queue. */
  hurry(): void {
    if (!this.#stopping) return
    this.#parts.log.event({event: 'stopping', reason: 'told again: nothing is waited for'})
    void this.#reception.stop(0)
    void this.#courier?.stop(0)
  }

  async #wind(): Promise<void> {
    await Promise.all([this.#reception.stop(GRACE_MS), this.#courier?.stop(GRACE_MS)])
    await this.#recovering
    await this.#pool.close()
    this.#http.close()
    await this.#queue?.close()
  }

  /** Resolves when it has stopped. */
  get ended(): Promise<void> {
    return this.#over.promise
  }

  #adopt(queue: QueueStore): void {
    this.#queue = queue
    this.#courier = new Courier({
      snapshot: () => this.#snapshot,
      queue,
      pool: this.#pool,
      memory: this.#memory,
      tickets: this.#tickets,
      slots: this.#slots,
      log: this.#parts.log,
      world: this.#parts.world,
      queueFailed: (error) => this.#queueFailed(error),
    })
  }

  // DESIGN, 'The queue': after an I/O error nobody knows what is on disk. Nothing more is accepted, and the queue is read
  // anew from what there is; a full disk alone leaves the store as it is.
  #queueFailed(error: unknown): void {
    const {code, message} = error as {code?: string; message?: string}
    const reason = message ?? String(error)
    if (code === 'queue-full') {
      this.#full ??= this.#awaitRoom(reason).finally(() => {
        this.#full = null
      })
      return
    }
    this.#parts.log.event({event: 'queue-failed', reason})
    if (this.#stopping) return
    this.#recovering ??= this.#recover().finally(() => {
      this.#recovering = null
    })
  }

  // Told once and not for each message that is refused; the end is looked for, since an unfit relay may be sent no mail.
  async #awaitRoom(reason: string): Promise<void> {
    const {log, world} = this.#parts
    log.event({event: 'queue-full', reason})
    do {
      await world.sleep(ROOM_MS, this.#end.signal).catch(() => {})
      if (this.#stopping) return
    } while (!(await this.#queue?.hasRoom().catch(() => false)))
    log.event({event: 'queue-recovered', reason: 'there is room again'})
  }

  async #recover(): Promise<void> {
    const [queue, courier] = [this.#queue, this.#courier]
    this.#queue = null
    this.#courier = null
    await courier?.stop(0)
    await queue?.close().catch(() => {})
    for (let tries = 0; !this.#stopping; tries++) {
      await this.#parts.world.sleep(REOPEN_MS[Math.min(tries, REOPEN_MS.length - 1)]!, this.#end.signal).catch(() => {})
      if (this.#stopping || (await this.#reopen())) return
    }
  }

  async #reopen(): Promise<boolean> {
    try {
      this.#adopt(await this.#parts.openQueue(() => this.#snapshot.limits))
    } catch (error) {
      this.#parts.log.event({event: 'queue-failed', reason: (error as Error).message})
      return false
    }
    this.#parts.log.event({event: 'queue-recovered', reason: 'it was opened anew'})
    ;(this.#courier as Courier | null)?.wake()
    return true
  }

  #problems(certificates: CertificateStatus[]): string[] {
    const down = doors(this.#snapshot).length - this.#listeners.endpoints.length
    const expired = certificates.filter(({daysLeft}) => daysLeft < 0)
    return [
      ...(this.#stopping ? ['it is stopping'] : []),
      ...(this.#queue === null ? ['the queue failed and is being opened anew'] : []),
      ...(this.#full ? ['the disk of the queue is full: messages are answered 452'] : []),
      ...(down > 0 ? [`${down} of its listeners are down`] : []),
      ...expired.map(({identity, notAfter}) => `the certificate of identity ${identity} expired ${notAfter}`),
    ]
  }
}

function sum<T>(all: readonly T[], count: (one: T) => number): number {
  return all.reduce((before, one) => before + count(one), 0)
}

/** A renewed certificate or a new user changes no revision, which speaks of policy alone. */
function differs(a: RelaySnapshot, b: RelaySnapshot): boolean {
  return a.revision !== b.revision || a.secrets !== b.secrets
}

function mustBeTheSameAccount({account: a}: RelaySnapshot, {account: b}: RelaySnapshot): void {
  if (a.user === b.user && a.group === b.group) return
  throw new PosternError('account-changed', 'user and group cannot be changed while the relay runs', {
    exit: Exit.badState,
    hints: ['restart the relay'],
  })
}

/** With TLS switched off the implicit-TLS ports do not listen, and the others offer no STARTTLS. */
function doors({listeners, tlsEnabled}: RelaySnapshot): ListenerSettings[] {
  if (tlsEnabled) return [...listeners]
  return listeners.filter(({tls}) => tls !== 'implicit').map((listener) => ({...listener, tls: 'off'}))
}
