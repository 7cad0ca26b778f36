/** Deliveries at a time to a destination that nothing is known of yet; each that reaches it makes room for one more. */
export const FIRST_WINDOW = 5
/** Destinations that fail are remembered up to this number; one that is forgotten is tried as if it were new. */
const MOST = 10_000

/** Nobody there could be reached. All that waits for the destination is tried again together. */
export interface Failing {
  failures: number
  /** Milliseconds since the epoch: of the last failure, and of the next attempt. */
  since: number
  until: number
  status: string
  reason: string
  /** Somebody wants it tried before that. */
  forgiven?: boolean
}

/**
 * What is known of the destinations: how many deliveries each may have at a time, and which of them fail. A destination
 * that fails is left alone for a time that grows, and then one single delivery looks whether it is back. It is kept in
 * memory; the time itself stands in the queue, as the due time of all that waits.
 */
export class Destinations {
  readonly #active = new Map<string, number>()
  readonly #windows = new Map<string, number>()
  readonly #failing = new Map<string, Failing>()

  /** False: there is no room for another delivery. */
  begin(destination: string, most: number): boolean {
    const active = this.#active.get(destination) ?? 0
    if (active >= this.#room(destination, most)) return false
    this.#active.set(destination, active + 1)
    return true
  }

  end(destination: string): void {
    const left = (this.#active.get(destination) ?? 1) - 1
    if (left > 0) this.#active.set(destination, left)
    else {
      this.#active.delete(destination)
      this.#windows.delete(destination)
    }
  }

  /** Those with no room. */
  full(most: number): string[] {
    return [...this.#active].filter(([name, active]) => active >= this.#room(name, most)).map(([name]) => name)
  }

  /** Why a destination is left alone now; null: it is not. */
  waiting(destination: string, now: number): Failing | null {
    const failing = this.#failing.get(destination)
    return failing && !failing.forgiven && now < failing.until ? failing : null
  }

  /** A host was reached. Returns what the destination waited for until then; null: it was not failing. */
  reached(destination: string): Failing | null {
    const failing = this.#failing.get(destination) ?? null
    this.#failing.delete(destination)
    this.#windows.set(destination, (this.#windows.get(destination) ?? FIRST_WINDOW) + 1)
    return failing
  }

  /**
   * No host was reached in a delivery that began at `began`, by a message that had failed `before` times. Deliveries that
   * were under way side by side make one failure.
   */
  failed(
    destination: string,
    delivery: {began: number; now: number; before: number; status: string; reason: string},
    wait: (failures: number) => number,
  ): {failing: Failing; news: boolean} {
    const {began, now, before, status, reason} = delivery
    const known = this.#failing.get(destination)
    if (known && began <= known.since && now < known.until) return {failing: known, news: false}
    // After a restart the message remembers what we do not.
    const failures = Math.max((known?.failures ?? 0) + 1, before + 1)
    const failing = {failures, since: now, until: Math.round(now + wait(failures)), status, reason}
    this.#failing.delete(destination)
    this.#failing.set(destination, failing)
    if (this.#failing.size > MOST) this.#failing.delete(this.#failing.keys().next().value!)
    return {failing, news: true}
  }

  /** Somebody wants everything tried now. */
  forgive(): void {
    for (const failing of this.#failing.values()) failing.forgiven = true
  }

  #room(destination: string, most: number): number {
    if (this.#failing.has(destination)) return 1
    return Math.min(this.#windows.get(destination) ?? FIRST_WINDOW, most)
  }
}
