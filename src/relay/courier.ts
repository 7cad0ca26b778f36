import type {Lease} from '../queue/store.ts'
import type {Failing} from './backoff.ts'
import {type Carried, Carrier, type CarrierHouse} from './carrier.ts'
import {Destinations, FIRST_WINDOW, type Unreached} from './destinations.ts'
import {expiry, mostAttempts, pause} from './retry.ts'

export interface CourierHouse extends CarrierHouse {
  /** The queue could not settle, claim or renew. */
  queueFailed(error: unknown): void
}

/** Deliveries at a time, all destinations together: one slow destination must leave room for the others. */
const MOST_DELIVERIES = 100
const LEASE_MS = 120_000
/** Between two looks whether a full disk has room again. */
const ROOM_MS = 2_000
/** Looks into the queue at least this often, whatever was announced. */
const LONGEST_NAP_MS = 60_000
/** The same while what is due was passed over: it hides what becomes due meanwhile, for destinations that have room. */
const PASSED_OVER_NAP_MS = 1_000

/**
 * Carries what is due: claims batches, a few of each destination so that none takes the turn of the others, delivers
 * them side by side and settles each at once. A destination where nobody can be reached is put off as a whole.
 */
export class Courier {
  readonly #house: CourierHouse
  readonly #carrier: Carrier
  readonly #end = new AbortController()
  readonly #destinations = new Destinations()
  readonly #running = new Set<Promise<void>>()
  #stopping = false
  #pumping: Promise<void> | null = null
  #again = false
  #timer: NodeJS.Timeout | null = null

  constructor(house: CourierHouse) {
    this.#house = house
    this.#carrier = new Carrier(house)
    house.queue.onWake(() => this.wake())
  }

  /** Deliveries that are under way. */
  get active(): number {
    return this.#running.size
  }

  /** Looks for work now. */
  wake(): void {
    if (this.#stopping) return
    this.#again = true
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = null
    })
  }

  /** Destinations that mail could not be carried to get another chance now. */
  forgive(): void {
    this.#destinations.forgive()
    this.#carrier.forgive()
  }

  /** Another configuration is in force: routes and policies may be others, and all that failed is due now. */
  async revise(): Promise<void> {
    for (const {destination, until} of this.#destinations.clear()) await this.#house.queue.advance(destination, until)
    await this.#carrier.revise()
    this.wake()
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
    const {queue, world, slots} = this.#house
    const limit = MOST_DELIVERIES - this.#running.size
    if (limit <= 0) return
    const leases = await queue.claim({
      now: world.now(),
      limit,
      leaseMs: LEASE_MS,
      exclude: [...this.#destinations.full(this.#most()), ...slots.waiting],
      perDestination: FIRST_WINDOW,
    })
    for (const lease of leases) await this.#begin(lease)
    if (leases.length > 0) this.#again = true
  }

  /** A batch may hold more for one destination than it has room for: the rest goes back untouched. */
  async #begin(lease: Lease): Promise<void> {
    const {destination} = lease
    const {queue, world} = this.#house
    const failing = this.#destinations.waiting(destination, world.now())
    if (failing && !this.#isMoment(lease)) {
      await this.#postpone(destination, failing)
      return queue.release(lease)
    }
    if (!failing && !this.#destinations.begin(destination, this.#most())) return queue.release(lease)
    const work = this.#carry(lease, failing).finally(() => {
      this.#running.delete(work)
      if (!failing) this.#destinations.end(destination)
      this.wake()
    })
    this.#running.add(work)
  }

  /** A warning falls due, or life ends, while the destination is left alone. */
  #isMoment({message, recipients}: Lease): boolean {
    const {queue: times} = this.#house.snapshot()
    const now = this.#house.world.now()
    const late = now >= message.receivedAt + times.warnAfter && recipients.some(({warned}) => !warned)
    return late || now >= expiry(times, message)
  }

  async #carry(lease: Lease, failing: (Failing & Unreached) | null): Promise<void> {
    const keepAlive = setInterval(() => void this.#renew(lease), LEASE_MS / 3)
    try {
      if (failing) await this.#settle(lease, this.#carrier.waiting(lease, failing))
      else await this.#attempt(lease)
    } catch (error) {
      await this.#giveBack(lease, error)
    } finally {
      clearInterval(keepAlive)
    }
  }

  async #attempt(lease: Lease): Promise<void> {
    const began = this.#house.world.now()
    const carried = await this.#carrier.deliver(lease, this.#end.signal)
    await this.#learn(lease, carried, began)
    if (carried.outcomes.size > 0) await this.#settle(lease, carried.outcomes)
    if (carried.error !== null) throw carried.error
    if (carried.busy !== null) await this.#waitFor(carried.busy, lease)
  }

  /** Whether the destination is alive; where it is not, everybody waits until it is tried again. */
  async #learn({destination, recipients}: Lease, carried: Carried, began: number): Promise<void> {
    const {world, snapshot, queue} = this.#house
    if (carried.reached) {
      const released = this.#destinations.reached(destination)
      if (released) await queue.advance(destination, released.until)
      return
    }
    const {unreached, outcomes} = carried
    const dead = [...outcomes.keys()].every(({result}) => result === 'deferred')
    if (!unreached || !dead || this.#end.signal.aborted) return
    const {status, reason} = unreached
    const failure = {began, now: world.now(), before: mostAttempts(recipients)}
    const wait = (failures: number) => pause(snapshot().queue, failures, () => world.random())
    const {failing, news} = this.#destinations.failed({destination, status, reason}, failure, wait)
    if (news) await this.#postpone(destination, failing)
    for (const outcome of outcomes.values()) outcome.failing = failing
  }

  async #postpone(destination: string, {until}: Failing): Promise<void> {
    const {warnAfter, lifetime, dsnLifetime} = this.#house.snapshot().queue
    await this.#house.queue.postpone(destination, until, {warnAfter, lifetime, dsnLifetime})
  }

  /** What was not settled goes back, and its destination is left out until the address has a connection to spare. */
  async #waitFor(address: string, lease: Lease): Promise<void> {
    const {slots, pool, queue, snapshot} = this.#house
    slots.wait(lease.destination, address, snapshot().limits.connectionsPerAddress)
    pool.makeRoom(address)
    await queue.release(lease)
  }

  /** While the disk is full the outcome waits for room: given back, the message would be delivered again and again. */
  async #settle(lease: Lease, outcomes: Carried['outcomes']): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#carrier.settle(lease, outcomes)
      } catch (error) {
        if ((error as {code?: string}).code !== 'queue-full') throw error
        if (tries === 0) this.#house.queueFailed(error)
        await this.#house.world.sleep(ROOM_MS, this.#end.signal)
      }
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
    // What is due and was not claimed waits for a destination or an address: its turn comes when a delivery ends.
    const patient = this.#running.size > 0 || this.#house.slots.waiting.length > 0
    const nap = wait <= 0 && patient ? PASSED_OVER_NAP_MS : Math.max(wait, 50)
    this.#timer = setTimeout(() => this.wake(), Math.min(nap, LONGEST_NAP_MS))
  }

  #most(): number {
    return this.#house.snapshot().limits.connectionsPerDestination
  }
}
