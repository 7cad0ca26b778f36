/** Octets of a line that tell what it is; RFC 5322 §4.5 allows blanks before the colon, and nobody writes more. */
const TELLING = 24
const RECEIVED = /^received[ \t]*:/i

/**
 * Reads the header section of a message while it streams by, in any chunks and constant memory, and counts the hops it
 * has behind it (RFC 5321 §6.3). The same words in a folded line or in the body are no header.
 */
export class HeaderScan {
  #hops = 0
  #done = false
  /** The current line so far, no more of it than tells what it is. */
  #line = ''

  /** Received headers seen so far. */
  get hops(): number {
    return this.#hops
  }

  push(chunk: Buffer): void {
    let at = 0
    while (!this.#done && at < chunk.length) {
      const end = chunk.indexOf(0x0a, at)
      const to = end < 0 ? chunk.length : end
      this.#line += chunk.toString('latin1', at, Math.min(to, at + TELLING - this.#line.length))
      if (end < 0) return
      this.#endLine()
      at = end + 1
    }
  }

  #endLine(): void {
    if (this.#line === '' || this.#line === '\r') this.#done = true
    else if (RECEIVED.test(this.#line)) this.#hops++
    this.#line = ''
  }
}
