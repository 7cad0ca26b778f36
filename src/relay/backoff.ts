/** What fails is remembered up to this number; one that is forgotten is tried as if it were new. */
const MOST = 10_000

/** Something that fails for everybody alike. All that waits for it is tried again together. */
export interface Failing {
  failures: number
  /** Milliseconds since the epoch: of the last failure, and of the next attempt. */
  since: number
  until: number
  /** Somebody wants it tried before that. */
  forgiven?: boolean
  /** It does not hold any more: who found it before that, and comes to wait for it now, need not. */
  over?: boolean
}

/** `before`: how many times the message had failed that met the failure. */
export interface Failure {
  /** When the delivery began, and now. */
  began: number
  now: number
  before: number
}

/**
 * What fails is left alone for a time that grows. `T` is what was found. It is kept in memory; the time itself stands in
 * the queue, as the due time of all that waits.
 */
export class Backoff<T> {
  readonly #failing = new Map<string, Failing & T>()

  has(key: string): boolean {
    return this.#failing.has(key)
  }

  /** Why it is left alone now; null: it is not. */
  waiting(key: string, now: number): (Failing & T) | null {
    const failing = this.#failing.get(key)
    return failing && !failing.forgiven && now < failing.until ? failing : null
  }

  /** Returns what was waited for until then; null: it was not failing. */
  succeeded(key: string): (Failing & T) | null {
    const failing = this.#failing.get(key) ?? null
    if (failing) failing.over = true
    this.#failing.delete(key)
    return failing
  }

  /** Deliveries that were under way side by side make one failure; `news` is false for the others. */
  failed(
    key: string,
    {began, now, before}: Failure,
    found: T,
    wait: (failures: number) => number,
  ): {failing: Failing & T; news: boolean} {
    const known = this.#failing.get(key)
    if (known && began <= known.since && now < known.until) return {failing: known, news: false}
    // After a restart the message remembers what we do not.
    const failures = Math.max((known?.failures ?? 0) + 1, before + 1)
    const failing = {...found, failures, since: now, until: Math.round(now + wait(failures))}
    this.#failing.delete(key)
    this.#failing.set(key, failing)
    if (this.#failing.size > MOST) this.#failing.delete(this.#failing.keys().next().value!)
    return {failing, news: true}
  }

  /** Somebody wants everything tried now. */
  forgive(): void {
    for (const failing of this.#failing.values()) failing.forgiven = true
  }

  /** Nothing of it holds any more. Returns what was known. */
  clear(): (Failing & T)[] {
    const known = [...this.#failing.values()]
    for (const failing of known) failing.over = true
    this.#failing.clear()
    return known
  }
}
