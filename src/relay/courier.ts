import type {Clock, Random} from '../mail/world.ts'
import type {TicketShelf} from '../path/tickets.ts'
import type {Lease, QueueStore} from '../queue/store.ts'
import {type DeliveryHouse, deliverGroup, type OutgoingGroup} from './deliver.ts'
import type {FailureMemory} from './failure-memory.ts'
import type {RecipientFate} from './fate.ts'
import type {PathFacts, RelayLog} from './log.ts'
import type {SessionPool} from './session-pool.ts'
import {type Settled, settlement} from './settle.ts'
import type {RelaySnapshot} from './snapshot.ts'

export interface CourierHouse {
  snapshot(): RelaySnapshot
  queue: QueueStore
  pool: SessionPool
  memory: FailureMemory
  tickets: TicketShelf
  log: RelayLog
  world: Clock & Random
  /** The queue could not settle, claim or renew. */
  queueFailed(error: unknown): void
}

/** Deliveries at a time, all destinations together: one slow destination must leave room for the others. */
const MOST_DELIVERIES = 100
const LEASE_MS = 120_000
/** Looks into the queue at least this often, whatever was announced. */
const LONGEST_NAP_MS = 60_000

export interface CourierCounts {
  delivered: number
  deferred: number
  bounced: number
  /** Deliveries that are under way. */
  active: number
}

/** Carries what is due: claims batches, delivers them side by side, settles each at once. */
export class Courier {
  readonly counts: CourierCounts = {delivered: 0, deferred: 0, bounced: 0, active: 0}
  readonly #house: CourierHouse
  readonly #end = new AbortController()
  readonly #perDestination = new Map<string, number>()
  readonly #running = new Set<Promise<void>>()
  #stopping = false
  #pumping: Promise<void> | null = null
  #again = false
  #timer: NodeJS.Timeout | null = null

  constructor(house: CourierHouse) {
    this.#house = house
    house.queue.onWake(() => this.wake())
  }

  /** Looks for work now. */
  wake(): void {
    if (this.#stopping) return
    this.#again = true
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = null
    })
  }

  /** Claims nothing more, and lets what is under way end; after `graceMs` it is broken off and given back. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true
    if (this.#timer) clearTimeout(this.#timer)
    const hurry = setTimeout(() => this.#end.abort(new Error('the relay stops')), graceMs)
    await this.#pumping
    await Promise.all(this.#running)
    clearTimeout(hurry)
  }

  async #pump(): Promise<void> {
    try {
      while (this.#again && !this.#stopping) {
        this.#again = false
        await this.#claim()
      }
      if (!this.#stopping) await this.#sleepUntilDue()
    } catch (error) {
      if (!this.#stopping) this.#house.queueFailed(error)
    }
  }

  async #claim(): Promise<void> {
    const {queue, world} = this.#house
    const limit = MOST_DELIVERIES - this.#running.size
    if (limit <= 0) return
    const leases = await queue.claim({now: world.now(), limit, leaseMs: LEASE_MS, exclude: this.#full()})
    for (const lease of leases) await this.#begin(lease)
    if (leases.length > 0) this.#again = true
  }

  /** A batch may hold more for one destination than it has room for: the rest goes back untouched. */
  async #begin(lease: Lease): Promise<void> {
    const {destination} = lease
    const already = this.#perDestination.get(destination) ?? 0
    if (already >= this.#most()) return this.#house.queue.release(lease)
    this.#perDestination.set(destination, already + 1)
    this.counts.active++
    const work = this.#carry(lease).finally(() => {
      this.counts.active--
      this.#running.delete(work)
      const left = (this.#perDestination.get(destination) ?? 1) - 1
      if (left > 0) this.#perDestination.set(destination, left)
      else this.#perDestination.delete(destination)
      this.wake()
    })
    this.#running.add(work)
  }

  async #carry(lease: Lease): Promise<void> {
    const keepAlive = setInterval(() => void this.#renew(lease), LEASE_MS / 3)
    try {
      const outcomes = await this.#deliver(lease)
      await this.#settle(lease, outcomes)
    } catch (error) {
      await this.#giveBack(lease, error)
    } finally {
      clearInterval(keepAlive)
    }
  }

  async #deliver(lease: Lease): Promise<Map<RecipientFate, PathFacts | null>> {
    const {pool, memory, tickets, log, snapshot} = this.#house
    const current = snapshot()
    const house: DeliveryHouse = {
      snapshot: current,
      pool,
      memory,
      tickets,
      log: (event) => log.event(event),
      signal: this.#end.signal,
    }
    const outcomes = new Map<RecipientFate, PathFacts | null>()
    for (const group of this.#groups(lease, current)) {
      const {fates, paths} = await deliverGroup(house, group)
      for (const fate of fates) outcomes.set(fate, paths.get(fate.id) ?? null)
    }
    return outcomes
  }

  #groups(lease: Lease, snapshot: RelaySnapshot): OutgoingGroup[] {
    const {messageId: queueId, destination, message} = lease
    const {reversePath, options, size} = message
    const body = () => this.#house.queue.openBody(queueId)
    const byKey = Map.groupBy(lease.recipients, ({address: recipient}) =>
      snapshot.policy.deliveryKey({recipient, sender: reversePath}),
    )
    return [...byKey.values()].map((recipients) => ({
      queueId,
      destination,
      reversePath,
      options,
      size,
      recipients,
      body,
    }))
  }

  async #settle(lease: Lease, outcomes: Map<RecipientFate, PathFacts | null>): Promise<void> {
    const {queue, world, snapshot} = this.#house
    const settling = {
      lease,
      snapshot: snapshot(),
      at: world.now(),
      random: () => world.random(),
      body: () => queue.openBody(lease.messageId),
      salvage: () => queue.salvageBody(lease.messageId),
    }
    const fates = [...outcomes.keys()]
    const settled = await settlement(settling, fates)
    await queue.settle(lease, settled.settlement)
    settled.fates.forEach((fate, i) => {
      this.#logFate(lease, fate, outcomes.get(fates[i]!) ?? null, settled)
    })
    this.#logDsns(lease, settled)
  }

  #logFate(lease: Lease, fate: RecipientFate, path: PathFacts | null, {settlement: {at, recipients}}: Settled): void {
    this.counts[fate.result]++
    const next = recipients.find(({id}) => id === fate.id)?.nextDueAt
    this.#house.log.event({
      event: fate.result,
      queue: lease.messageId,
      recipient: fate.address,
      destination: lease.destination,
      path,
      status: fate.status,
      reason: fate.reason,
      next: next === undefined ? null : new Date(next).toISOString(),
      age: at - lease.message.receivedAt,
    })
  }

  #logDsns({messageId: about, message}: Lease, {dsns}: Settled): void {
    for (const {message: dsn, kind, recipients} of dsns) {
      this.#house.log.event({event: 'dsn', queue: dsn.id ?? '', about, to: message.reversePath, kind, recipients})
    }
  }

  async #giveBack(lease: Lease, error: unknown): Promise<void> {
    const lost = (error as {code?: string}).code === 'lease-lost'
    if (!lost && !this.#end.signal.aborted) this.#house.queueFailed(error)
    // Where even this fails the lease runs out by itself.
    await this.#house.queue.release(lease).catch(() => {})
  }

  async #renew(lease: Lease): Promise<void> {
    const until = this.#house.world.now() + LEASE_MS
    await this.#house.queue.renew(lease, until).catch(() => {})
  }

  async #sleepUntilDue(): Promise<void> {
    const due = await this.#house.queue.nextDue()
    const wait = due === null ? LONGEST_NAP_MS : due - this.#house.world.now()
    if (this.#timer) clearTimeout(this.#timer)
    // What is due and was not claimed waits for a destination: its turn comes when a delivery ends.
    const nap = wait <= 0 && this.#running.size > 0 ? LONGEST_NAP_MS : Math.max(wait, 50)
    this.#timer = setTimeout(() => this.wake(), Math.min(nap, LONGEST_NAP_MS))
  }

  #most(): number {
    return this.#house.snapshot().limits.connectionsPerDestination
  }

  #full(): string[] {
    const most = this.#most()
    return [...this.#perDestination].filter(([, active]) => active >= most).map(([destination]) => destination)
  }
}
