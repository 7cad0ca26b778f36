import type {Clock, Random} from '../mail/world.ts'
import type {TicketShelf} from '../path/tickets.ts'
import type {Lease, QueueStore} from '../queue/store.ts'
import {AddressBusy, type AddressSlots} from './address-slots.ts'
import type {Failing} from './backoff.ts'
import {type Delivered, type DeliveryHouse, deliverGroup} from './deliver.ts'
import type {Unreached} from './destinations.ts'
import {fatesOfRefused, fatesOfWaiting} from './ending.ts'
import type {FailureMemory} from './failure-memory.ts'
import type {RecipientFate} from './fate.ts'
import type {OutgoingGroup} from './group.ts'
import {requireTlsOf} from './group.ts'
import type {PathFacts, RelayLog} from './log.ts'
import {Refusals} from './refusals.ts'
import {mostAttempts, pause} from './retry.ts'
import type {SessionPool} from './session-pool.ts'
import {type Settled, settlement} from './settle.ts'
import type {RelaySnapshot} from './snapshot.ts'

export interface CarrierHouse {
  snapshot(): RelaySnapshot
  queue: QueueStore
  pool: SessionPool
  memory: FailureMemory
  tickets: TicketShelf
  slots: AddressSlots
  log: RelayLog
  world: Clock & Random
}

/** What an attempt came to: fates with the paths they were decided on, and what kept it from the rest. */
export interface Carried {
  outcomes: Map<RecipientFate, Outcome>
  /** Some host of the destination greeted us. */
  reached: boolean
  /** The fate where none did; null: one did, or nobody was asked. */
  unreached: RecipientFate | null
  /** The address had no connection to spare. */
  busy: string | null
  error: unknown
}

export interface Outcome {
  path: PathFacts | null
  /** What it waits for, together with others. Absent: the message is tried again by its own time. */
  failing?: Failing
}

type CarryingHouse = DeliveryHouse & {snapshot: RelaySnapshot}

/** Carries one lease to its next hop, and puts down in queue and log what came of it. */
export class Carrier {
  readonly #house: CarrierHouse
  readonly #refusals = new Refusals()

  constructor(house: CarrierHouse) {
    this.#house = house
  }

  /** Never throws: what one group has come to stands, whatever happens to the next. */
  async deliver(lease: Lease, signal: AbortSignal): Promise<Carried> {
    const carried: Carried = {outcomes: new Map(), reached: false, unreached: null, busy: null, error: null}
    const house = this.#deliveryHouse(this.#house.snapshot(), signal)
    try {
      await this.#recall(lease)
      for (const [key, group] of this.#groups(lease, house.snapshot)) await this.#carry(house, key, group, carried)
    } catch (error) {
      if (error instanceof AddressBusy) carried.busy = error.address
      else carried.error = error
    }
    return carried
  }

  /** Destinations and policies that mail did not pass to get another chance now. */
  forgive(): void {
    this.#refusals.forgive()
  }

  /** Another policy is in force: what was refused under the old one is due now. */
  async revise(): Promise<void> {
    for (const {destination, until} of this.#refusals.clear()) await this.#house.queue.advance(destination, until)
  }

  /** The fates of recipients whose destination is not tried now. */
  waiting(lease: Lease, failing: Failing & Unreached): Carried['outcomes'] {
    return new Map(fatesOfWaiting(lease.recipients, failing).map((fate) => [fate, {path: null, failing}]))
  }

  async settle(lease: Lease, outcomes: Carried['outcomes']): Promise<void> {
    const {queue, world, snapshot} = this.#house
    const fates = [...outcomes.keys()]
    const waitsFor = new Map(fates.map((fate) => [fate.id, outcomes.get(fate)?.failing]))
    const at = world.now()
    const settling = {
      lease,
      snapshot: snapshot(),
      at,
      random: () => world.random(),
      until: ({id}: RecipientFate) => {
        const failing = waitsFor.get(id)
        return failing && Math.max(failing.over ? 0 : failing.until, at + 1)
      },
      body: () => queue.openBody(lease.messageId),
      salvage: () => queue.salvageBody(lease.messageId),
    }
    const settled = await settlement(settling, fates)
    await queue.settle(lease, settled.settlement)
    settled.fates.forEach((fate, i) => {
      this.#logFate(lease, fate, outcomes.get(fates[i]!)?.path ?? null, settled)
    })
    this.#logDsns(lease, settled)
  }

  async #carry(house: CarryingHouse, key: string, group: OutgoingGroup, carried: Carried): Promise<void> {
    const {world} = this.#house
    const asked = await this.#refusals.ask(key, () => world.now())
    if (asked.known) {
      const failing = asked.known
      for (const fate of fatesOfRefused(group.recipients, failing.fate))
        carried.outcomes.set(fate, {path: null, failing})
      return
    }
    try {
      const began = world.now()
      const delivered = await deliverGroup(house, group)
      const failing = await this.#learn(house, key, group, delivered, began)
      for (const fate of delivered.fates) {
        const path = delivered.paths.get(fate.id) ?? null
        carried.outcomes.set(fate, failing ? {path, failing} : {path})
      }
      carried.reached ||= delivered.reached
      if (!delivered.reached) carried.unreached = delivered.fates[0] ?? null
    } finally {
      asked.looked()
    }
  }

  /** Whether the policy lets mail pass. Returns what is waited for; null: it does, or nobody was reached. */
  async #learn(
    {snapshot}: CarryingHouse,
    key: string,
    {destination, recipients}: OutgoingGroup,
    {reached, path, fates}: Delivered,
    began: number,
  ): Promise<Failing | null> {
    const {world, queue} = this.#house
    if (!reached) return null
    if (path) {
      const released = this.#refusals.passed(key)
      if (released) await queue.advance(destination, released.until)
      return null
    }
    const [fate] = fates
    if (fate?.result !== 'deferred') return null
    // It was decided by what is not in force any more.
    if (this.#house.snapshot() !== snapshot) return {failures: 1, since: began, until: began, over: true}
    const failure = {began, now: world.now(), before: mostAttempts(recipients)}
    const wait = (failures: number) => pause(snapshot.queue, failures, () => world.random())
    return this.#refusals.refused(key, {destination, fate}, failure, wait)
  }

  #deliveryHouse(snapshot: RelaySnapshot, signal: AbortSignal): CarryingHouse {
    const {pool, memory, tickets, slots, log} = this.#house
    return {
      snapshot,
      pool,
      memory,
      tickets,
      admit: (address) => slots.take(address, snapshot.limits.connectionsPerAddress),
      log: (event) => log.event(event),
      signal,
    }
  }

  /** What the memory of this process lacks stands in the message's history. */
  async #recall({messageId, message, recipients}: Lease): Promise<void> {
    const {memory, queue} = this.#house
    if (!memory.mayHaveForgotten(message.receivedAt) || recipients.every(({attempts}) => attempts === 0)) return
    memory.recall((await queue.show(messageId))?.history ?? [])
  }

  /** By a key that stands for destination and policy. */
  #groups(lease: Lease, snapshot: RelaySnapshot): [key: string, OutgoingGroup][] {
    const {messageId: queueId, destination, message} = lease
    const {reversePath, options, size} = message
    const body = () => this.#house.queue.openBody(queueId)
    const byPolicy = Map.groupBy(lease.recipients, ({address: recipient}) =>
      snapshot.policy.deliveryKey({recipient, sender: reversePath}),
    )
    return [...byPolicy].map(([policy, recipients]) => {
      const group = {queueId, destination, reversePath, options, size, recipients, body}
      return [JSON.stringify([destination, policy, requireTlsOf(group)]), group]
    })
  }

  #logFate(lease: Lease, fate: RecipientFate, path: PathFacts | null, {settlement: {at, recipients}}: Settled): void {
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
}
