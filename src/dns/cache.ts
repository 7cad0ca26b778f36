import type {Clock} from '../mail/world.ts'

const MOST_ENTRIES = 2_000
/** Seconds. A partner who moves a host must not wait longer for us, whatever the TTL was (RFC 2181 §8 allows less). */
const LONGEST = 3_600

/** Answers until their TTL ends; the entry used longest ago makes room for a new one. */
export class AnswerCache<T> {
  readonly #entries = new Map<string, {value: T; until: number}>()
  readonly #clock: Pick<Clock, 'now'>

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** The answer and the seconds it has left. */
  get(key: string): {value: T; ttl: number} | null {
    const entry = this.#entries.get(key)
    if (!entry) return null
    this.#entries.delete(key)
    const left = entry.until - this.#clock.now()
    // A clock that was set back must not make an answer live longer than it could.
    if (left <= 0 || left > LONGEST * 1000) return null
    this.#entries.set(key, entry)
    return {value: entry.value, ttl: Math.ceil(left / 1000)}
  }

  set(key: string, value: T, ttl: number): void {
    if (!(ttl > 0)) return
    this.#entries.set(key, {value, until: this.#clock.now() + Math.min(ttl, LONGEST) * 1000})
    if (this.#entries.size > MOST_ENTRIES) this.#entries.delete(this.#entries.keys().next().value!)
  }

  clear(): void {
    this.#entries.clear()
  }
}
