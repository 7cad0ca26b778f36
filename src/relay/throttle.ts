import type {Reply} from '../mail/reply.ts'
import {networkContains} from '../policy/cidr.ts'
import {clientKey} from './client-key.ts'
import {ClientRates} from './client-rates.ts'
import type {Rate, RelaySnapshot} from './snapshot.ts'
import type {TurnedAway} from './turned-away.ts'

const SLOW_DOWN = {
  message: {code: 450, lines: ['4.7.1 too many messages, send more slowly']},
  recipient: {code: 450, lines: ['4.7.1 too many recipients, send more slowly']},
} satisfies Record<string, Reply>

type Kind = 'connection' | 'message' | 'recipient'

/** The limits per client: how many connections at a time, how much in a time. An IPv6 client is its /64. */
export class Throttle {
  readonly #snapshot: () => RelaySnapshot
  readonly #now: () => number
  readonly #turnedAway: TurnedAway
  readonly #open = new Map<string, number>()
  readonly #rates: Record<Kind, ClientRates> = {
    connection: new ClientRates(),
    message: new ClientRates(),
    recipient: new ClientRates(),
  }

  constructor(house: {snapshot(): RelaySnapshot; now(): number}, turnedAway: TurnedAway) {
    this.#snapshot = () => house.snapshot()
    this.#now = () => house.now()
    this.#turnedAway = turnedAway
  }

  /** Why this client may not connect at the moment; null: it may. */
  connection(address: string): string | null {
    const {limits} = this.#snapshot()
    if (this.#exempt(address)) return null
    if ((this.#open.get(clientKey(address)) ?? 0) >= limits.connectionsPerClient) return 'too many connections'
    return this.#allows('connection', address, limits.connectionRatePerClient) ? null : 'connects too often'
  }

  /** A connection is counted until the function that is returned is called. */
  opened(address: string): () => void {
    const key = clientKey(address)
    const change = (by: number) => {
      const now = (this.#open.get(key) ?? 0) + by
      if (now > 0) this.#open.set(key, now)
      else this.#open.delete(key)
    }
    change(1)
    return () => change(-1)
  }

  /** The reply that holds a client back; null: it may go on. */
  message(address: string): Reply | null {
    return this.#held('message', address, this.#snapshot().limits.messagesPerClient)
  }

  recipient(address: string): Reply | null {
    return this.#held('recipient', address, this.#snapshot().limits.recipientsPerClient)
  }

  #held(kind: 'message' | 'recipient', address: string, rate: Rate | undefined): Reply | null {
    if (rate === undefined || this.#exempt(address) || this.#allows(kind, address, rate)) return null
    this.#turnedAway.note('held-back', address, `too many ${kind}s, the limit is ${rate.count} in ${rate.per / 1000} s`)
    return SLOW_DOWN[kind]
  }

  #allows(kind: Kind, address: string, rate: Rate | undefined): boolean {
    return rate === undefined || this.#rates[kind].take(clientKey(address), rate, this.#now())
  }

  #exempt(address: string): boolean {
    const {limits, clients} = this.#snapshot()
    return limits.exemptClients && clients.some((network) => networkContains(network, address))
  }
}
