import {Backoff, type Failing, type Failure} from './backoff.ts'
import type {RecipientFate} from './fate.ts'

/** The hosts of a destination were reached, and a policy let mail pass to none of them. */
export interface Refused {
  destination: string
  /** What it came to for the recipient whose delivery found out; it is the same for all under that policy. */
  fate: RecipientFate
}

/**
 * Paths that the policy refuses: a certificate that does not do, no STARTTLS. What one message finds out holds for all
 * that go to the same destination under the same policy, so that an expired certificate costs one handshake each time,
 * not one for each message. The key stands for destination and policy.
 */
export class Refusals {
  readonly #refused = new Backoff<Refused>()
  readonly #looking = new Map<string, Promise<void>>()

  /**
   * What is known to be refused now; or null, and the caller is to look. Where something was refused before, one looks and
   * the others wait for what it finds; who learns nothing by that looks too. `looked` must be called in any case.
   */
  async ask(key: string, now: () => number): Promise<{known: Failing & Refused} | {known: null; looked(): void}> {
    const looking = this.#looking.get(key)
    if (looking) await looking
    const known = this.#refused.waiting(key, now())
    if (known) return {known}
    const alone = this.#refused.has(key) && !looking && !this.#looking.has(key)
    return {known: null, looked: alone ? this.#look(key) : () => {}}
  }

  refused(key: string, found: Refused, failure: Failure, wait: (failures: number) => number): Failing {
    return this.#refused.failed(key, failure, found, wait).failing
  }

  /** Mail passes. Returns what was waited for until then; null: nothing was refused. */
  passed(key: string): Failing | null {
    return this.#refused.succeeded(key)
  }

  /** Somebody wants everything tried now. */
  forgive(): void {
    this.#refused.forgive()
  }

  /** Another policy is in force. Returns what was refused under the old one. */
  clear(): (Failing & Refused)[] {
    return this.#refused.clear()
  }

  #look(key: string): () => void {
    const {promise, resolve} = Promise.withResolvers<void>()
    this.#looking.set(key, promise)
    return () => {
      this.#looking.delete(key)
      resolve()
    }
  }
}
