import type {Clock, Random} from '../mail/world.ts'
import type {TicketShelf} from '../path/tickets.ts'
import type {Lease, QueueStore} from '../queue/store.ts'
import {AddressBusy, type AddressSlots} from './address-slots.ts'
import {type DeliveryHouse, deliverGroup, type OutgoingGroup} from './deliver.ts'
import {fatesOfWaiting} from './ending.ts'
import type {FailureMemory} from './failure-memory.ts'
import type {RecipientFate} from './fate.ts'
import type {PathFacts, RelayLog} from './log.ts'
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
  outcomes: Map<RecipientFate, PathFacts | null>
  /** Some host of the destination greeted us. */
  reached: boolean
  /** The address had no connection to spare. */
  busy: string | null
  error: unknown
}

export interface FateCounts {
  delivered: number
  deferred: number
  bounced: number
}

/** Carries one lease to its next hop, and puts down in queue and log what came of it. */
export class Carrier {
  readonly #house: CarrierHouse
  readonly #counts: FateCounts

  constructor(house: CarrierHouse, counts: FateCounts) {
    this.#house = house
    this.#counts = counts
  }

  /** Never throws: what one group has come to stands, whatever happens to the next. */
  async deliver(lease: Lease, signal: AbortSignal): Promise<Carried> {
    const carried: Carried = {outcomes: new Map(), reached: false, busy: null, error: null}
    const current = this.#house.snapshot()
    const house = this.#deliveryHouse(current, signal)
    try {
      await this.#recall(lease)
      for (const group of this.#groups(lease, current)) {
        const {fates, paths, reached} = await deliverGroup(house, group)
        for (const fate of fates) carried.outcomes.set(fate, paths.get(fate.id) ?? null)
        carried.reached ||= reached
      }
    } catch (error) {
      if (error instanceof AddressBusy) carried.busy = error.address
      else carried.error = error
    }
    return carried
  }

  /** The fates of recipients whose destination is not tried now. */
  waiting(lease: Lease, known: {status: string; reason: string}): Carried['outcomes'] {
    return new Map(fatesOfWaiting(lease.recipients, known).map((fate) => [fate, null]))
  }

  async settle(lease: Lease, outcomes: Carried['outcomes'], until: number | null): Promise<void> {
    const {queue, world, snapshot} = this.#house
    const settling = {
      lease,
      snapshot: snapshot(),
      at: world.now(),
      random: () => world.random(),
      ...(until === null ? {} : {until}),
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

  #deliveryHouse(snapshot: RelaySnapshot, signal: AbortSignal): DeliveryHouse {
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

  #logFate(lease: Lease, fate: RecipientFate, path: PathFacts | null, {settlement: {at, recipients}}: Settled): void {
    this.#counts[fate.result]++
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
