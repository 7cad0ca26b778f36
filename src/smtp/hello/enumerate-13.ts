import {groupNumber} from '../tap-names.ts'
import type {HelloAnswer} from './answer.ts'
import {GROUPS_13} from './client-hello.ts'
import type {Ledger} from './ledger.ts'
import {SUITES_13} from './suites.ts'

/**
 * Ciphers and groups of TLS 1.3 at once: a HelloRetryRequest names one of both, and neither is offered again. It costs
 * one connection for each group, and two to know that there are no more of either; or the same by ciphers, where there
 * are more of them. `first`: the answer to everything.
 */
export async function enumerate13(ledger: Ledger, first: HelloAnswer): Promise<void> {
  await new Enumeration13(ledger).run(first)
}

/** Whether TLS 1.3 is spoken at all; null: there were no connections left. */
export async function ask13(ledger: Ledger): Promise<HelloAnswer | null> {
  const answer = await ledger.offer('TLSv1.3', SUITES_13, {groups: GROUPS_13})
  if (answer) ledger.noteVersion('TLSv1.3', answer)
  return answer
}

class Enumeration13 {
  readonly #ledger: Ledger
  #ciphers = SUITES_13
  #groups = GROUPS_13

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  async run(first: HelloAnswer): Promise<void> {
    if (!this.#strike(first) || !(await this.#both())) return
    // Which of the two it was that ran out is not said. A group for a cipher that is known tells: the ciphers did.
    const before = this.#groups
    if (!(await this.#allGroups())) return
    if (this.#groups !== before) this.#ledger.settle('TLSv1.3', 'good')
    else await this.#allCiphers()
  }

  /** Until the peer takes nothing more of one of both; false: there were no connections left. */
  async #both(): Promise<boolean> {
    while (this.#ciphers.length > 0 && this.#groups.length > 0) {
      const answer = await this.#offer(this.#ciphers, this.#groups)
      if (!answer) return false
      if (!this.#strike(answer)) break
    }
    return true
  }

  async #allGroups(): Promise<boolean> {
    while (this.#groups.length > 0) {
      const answer = await this.#offer(SUITES_13, this.#groups)
      if (!answer) return false
      const before = this.#groups
      if (!this.#strike(answer) || this.#groups === before) break
    }
    this.#ledger.groupsComplete = true
    return true
  }

  async #allCiphers(): Promise<void> {
    while (this.#ciphers.length > 0) {
      const answer = await this.#offer(this.#ciphers, GROUPS_13)
      if (!answer) return
      const before = this.#ciphers
      if (!this.#strike(answer) || this.#ciphers === before) break
    }
    this.#ledger.settle('TLSv1.3', 'good')
  }

  /** Takes what was chosen from what is left to offer; false: nothing was chosen. */
  #strike(answer: HelloAnswer): boolean {
    if (answer.kind !== 'hello') return false
    this.#ciphers = without(this.#ciphers, answer.cipher)
    this.#groups = without(this.#groups, groupNumber(answer.group ?? ''))
    return true
  }

  async #offer(ciphers: readonly number[], groups: readonly number[]): Promise<HelloAnswer | null> {
    const answer = await this.#ledger.offer('TLSv1.3', ciphers, {groups})
    if (answer?.kind === 'hello') this.#ledger.note('TLSv1.3', answer)
    return answer
  }
}

function without(numbers: readonly number[], one: number | null): readonly number[] {
  return one !== null && numbers.includes(one) ? numbers.filter((number) => number !== one) : numbers
}
