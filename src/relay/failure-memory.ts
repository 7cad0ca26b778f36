import type {PathEvidence} from '../policy/evidence.ts'

const MOST = 10_000

/** TLS failures in a row at each address, for `fallback-after`. Kept in memory: a restart begins to count anew. */
export class FailureMemory {
  readonly #failures = new Map<string, number>()

  count(address: string): number {
    return this.#failures.get(address) ?? 0
  }

  /** Unreachable tells nothing of TLS, and a clear-text fallback is the consequence of failures, not their end. */
  learn({attempts}: PathEvidence): void {
    for (const {address, failedAttempts, handshake} of attempts) {
      if (failedAttempts > 0) this.#remember(address, failedAttempts)
      else if (handshake?.status === 'completed') this.#failures.delete(address)
    }
  }

  #remember(address: string, failures: number): void {
    this.#failures.delete(address)
    this.#failures.set(address, failures)
    if (this.#failures.size > MOST) this.#failures.delete(this.#failures.keys().next().value!)
  }
}
