/**
 * Octets that all receiving sessions of a house hold, unread or not yet taken by the queue, together. Beyond `most` no
 * session reads ahead: each gets `LEAST_WAITING` octets at a time, so that all go on and the sum stays within
 * `most` + sessions × (LEAST_WAITING + one read of the system, 64 KiB).
 */
export class ReceiveMemory {
  /** May be changed at any time. */
  most: number
  #held = 0
  #peak = 0

  constructor(most: number) {
    this.most = most
  }

  get held(): number {
    return this.#held
  }

  /** The most that was ever held. */
  get peak(): number {
    return this.#peak
  }

  get full(): boolean {
    return this.#held >= this.most
  }

  /** Octets more, or fewer where negative. */
  count(octets: number): void {
    this.#held += octets
    this.#peak = Math.max(this.#peak, this.#held)
  }
}

/** The longest line of any command or SASL response fits (RFC 4954 §4.3 asks for 12288 octets). */
export const LEAST_WAITING = 16_384
