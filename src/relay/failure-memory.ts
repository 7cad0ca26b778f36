import * as v from 'valibot'
import type {PathEvidence} from '../policy/evidence.ts'
import type {QueueDetail} from '../queue/store.ts'

const MOST = 10_000

/** What a message's history keeps of an attempt, as far as it matters here. */
const REMEMBERED = v.object({
  attempts: v.array(
    v.object({address: v.string(), failedAttempts: v.number(), fingerprint: v.optional(v.nullable(v.string()))}),
  ),
})

/**
 * TLS failures in a row at each address, for `fallback-after`. Kept in memory; after a restart the history of each
 * message that is tried again says what it had seen, for addresses that nothing newer is known of.
 */
export class FailureMemory {
  readonly #failures = new Map<string, number>()
  readonly #seen = new Set<string>()
  readonly #since: number

  /** `since`: when this process began to see attempts. */
  constructor(since = Number.POSITIVE_INFINITY) {
    this.#since = since
  }

  count(address: string): number {
    return this.#failures.get(address) ?? 0
  }

  /** True for a message that an earlier process may have tried. */
  mayHaveForgotten(receivedAt: number): boolean {
    return receivedAt < this.#since
  }

  /** Unreachable tells nothing of TLS, and a clear-text fallback is the consequence of failures, not their end. */
  learn({attempts}: PathEvidence): void {
    for (const {address, failedAttempts, handshake} of attempts) {
      if (failedAttempts > 0) this.#remember(address, failedAttempts)
      else if (handshake?.status === 'completed') this.#remember(address, 0)
    }
  }

  recall(history: QueueDetail['history']): void {
    const recalled = new Map<string, number>()
    for (const {evidence} of history) {
      const {success, output} = v.safeParse(REMEMBERED, evidence)
      for (const {address, failedAttempts, fingerprint} of success ? output.attempts : []) {
        if (failedAttempts > 0 || fingerprint) recalled.set(address, failedAttempts)
      }
    }
    for (const [address, failures] of recalled) if (!this.#seen.has(address)) this.#remember(address, failures)
  }

  #remember(address: string, failures: number): void {
    this.#seen.delete(address)
    this.#seen.add(address)
    this.#failures.delete(address)
    if (failures > 0) this.#failures.set(address, failures)
    if (this.#seen.size <= MOST) return
    const oldest = this.#seen.values().next().value!
    this.#seen.delete(oldest)
    this.#failures.delete(oldest)
  }
}
