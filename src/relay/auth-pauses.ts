/** Clients remembered; the oldest is forgotten first. */
const MOST_CLIENTS = 10_000
const FORGOTTEN_MS = 600_000
const LONGEST_MS = 8_000

/**
 * How long the answer to a failed authentication is held back: twice as long each time, also over several connections, so
 * that guessing does not pay. A client that gives up is forgotten after ten minutes.
 */
export class AuthPauses {
  readonly #failures = new Map<string, {count: number; at: number}>()

  /** Milliseconds. */
  after(client: string, now: number): number {
    const before = this.#failures.get(client)
    const count = (before && now - before.at < FORGOTTEN_MS ? before.count : 0) + 1
    // Set anew, so that the map is in the order of the last failure.
    this.#failures.delete(client)
    this.#failures.set(client, {count, at: now})
    if (this.#failures.size > MOST_CLIENTS) this.#failures.delete(this.#failures.keys().next().value!)
    return Math.min(250 * 2 ** Math.min(count, 10), LONGEST_MS)
  }
}
