import type {Rate} from './snapshot.ts'

/** Clients that are remembered at a time; a flood from more drives out those that were quiet longest. */
const MOST_CLIENTS = 10_000

interface Account {
  /** How many are still free. */
  left: number
  /** Milliseconds since the epoch. */
  at: number
}

/**
 * How much each client did of late, for one kind of thing. `100/1m` is an account of 100 that fills up again in a minute,
 * evenly: a burst is allowed, a stream is not. Memory is bounded.
 */
export class ClientRates {
  readonly #accounts = new Map<string, Account>()

  /** True when the client may do it now; then it is counted. */
  take(client: string, {count, per}: Rate, now: number): boolean {
    const known = this.#accounts.get(client) ?? {left: count, at: now}
    // A clock that was set back gives nothing and takes nothing.
    const refilled = known.left + (Math.max(0, now - known.at) * count) / per
    const left = Math.min(count, refilled)
    const allowed = left >= 1
    this.#accounts.delete(client)
    this.#accounts.set(client, {left: allowed ? left - 1 : left, at: now})
    if (this.#accounts.size > MOST_CLIENTS) this.#accounts.delete(this.#accounts.keys().next().value!)
    return allowed
  }
}
