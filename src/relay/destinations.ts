import {Backoff, type Failing, type Failure} from './backoff.ts'

/** Deliveries at a time to a destination that nothing is known of yet; each that reaches it makes room for one more. */
export const FIRST_WINDOW = 5

/** Nobody there could be reached. */
export interface Unreached {
  destination: string
  status: string
  reason: string
}

/**
 * What is known of the destinations: how many deliveries each may have at a time, and which of them fail. A destination
 * that fails is left alone for a while, and then one single delivery looks whether it is back.
 */
export class Destinations {
  readonly #active = new Map<string, number>()
  readonly #windows = new Map<string, number>()
  readonly #failing = new Backoff<Unreached>()

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
  waiting(destination: string, now: number): (Failing & Unreached) | null {
    return this.#failing.waiting(destination, now)
  }

  /** A host was reached. Returns what the destination waited for until then; null: it was not failing. */
  reached(destination: string): Failing | null {
    this.#windows.set(destination, (this.#windows.get(destination) ?? FIRST_WINDOW) + 1)
    return this.#failing.succeeded(destination)
  }

  /** No host was reached in a delivery. */
  failed(
    found: Unreached,
    failure: Failure,
    wait: (failures: number) => number,
  ): {failing: Failing & Unreached; news: boolean} {
    return this.#failing.failed(found.destination, failure, found, wait)
  }

  /** Somebody wants everything tried now. */
  forgive(): void {
    this.#failing.forgive()
  }

  /** The way to them may be another now. Returns those that failed. */
  clear(): (Failing & Unreached)[] {
    return this.#failing.clear()
  }

  #room(destination: string, most: number): number {
    if (this.#failing.has(destination)) return 1
    return Math.min(this.#windows.get(destination) ?? FIRST_WINDOW, most)
  }
}
