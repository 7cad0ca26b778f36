/** Longest line that is read, line end included. RFC 5321 §4.5.3.1.5 asks for 512; peers in the field exceed it. */
export const LONGEST_LINE = 4096

/** Cuts the octets of a peer into lines (RFC 5321 §2.3.8). A bare LF ends a line too: replies of old peers have it. */
export class LineReader {
  #chunks: Buffer[] = []
  #length = 0
  #bareLineFeeds = false

  /** A line ended in LF alone. */
  get bareLineFeeds(): boolean {
    return this.#bareLineFeeds
  }

  /** Octets that wait to be read. */
  get length(): number {
    return this.#length
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  /** The next line without its end; null when none is complete; `too-long` when none will fit. */
  next(): string | null | 'too-long' {
    const pending = this.#whole()
    const end = pending.indexOf(0x0a)
    if (end < 0 ? pending.length >= LONGEST_LINE : end >= LONGEST_LINE) return 'too-long'
    if (end < 0) return null
    this.#chunks = [pending.subarray(end + 1)]
    this.#length -= end + 1
    const last = end > 0 && pending[end - 1] === 0x0d ? end - 1 : end
    if (last === end) this.#bareLineFeeds = true
    return pending.toString('utf8', 0, last)
  }

  /** The first octets that wait, for a look ahead. */
  peek(octets: number): string {
    return this.#whole().toString('latin1', 0, octets)
  }

  /** Throws away what waits and says how many octets it was. */
  clear(): number {
    const dropped = this.#length
    this.#chunks = []
    this.#length = 0
    return dropped
  }

  #whole(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]!
  }
}
