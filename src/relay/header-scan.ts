const NAME = Buffer.from('received:')

/**
 * Reads the header section of a message while it streams by, in any chunks and constant memory, and counts the hops it
 * has behind it (RFC 5321 §6.3).
 */
export class HeaderScan {
  #hops = 0
  #done = false
  /** Octets of the current line so far, no more than can tell what the line is. */
  #line: number[] = []

  /** Received headers seen so far. */
  get hops(): number {
    return this.#hops
  }

  push(chunk: Buffer): void {
    let at = 0
    while (!this.#done && at < chunk.length) {
      const end = chunk.indexOf(0x0a, at)
      this.#take(chunk, at, end < 0 ? chunk.length : end)
      if (end < 0) return
      this.#endLine()
      at = end + 1
    }
  }

  #take(chunk: Buffer, from: number, to: number): void {
    const room = NAME.length - this.#line.length
    for (let at = from; at < Math.min(to, from + room); at++) this.#line.push(chunk[at]!)
  }

  #endLine(): void {
    const line = this.#line
    if (line.length === 0 || (line.length === 1 && line[0] === 0x0d)) this.#done = true
    // | 0x20 turns A–Z into a–z and leaves the colon as it is.
    else if (line.length === NAME.length && line.every((octet, i) => (octet | 0x20) === NAME[i])) this.#hops++
    this.#line = []
  }
}
