/** A read went past the end: the message is not what it says it is. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}

/** Reads the big-endian vectors of the TLS presentation language (RFC 8446 §3). Every read is checked. */
export class TlsBytes {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  take(length: number): Buffer {
    if (length > this.left) throw new Malformed(`wants ${length} octets, has ${this.left}`)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  uint(octets: 1 | 2 | 3): number {
    return this.take(octets).readUIntBE(0, octets)
  }

  /** A vector whose length stands in front of it in 1, 2 or 3 octets. */
  vector(octets: 1 | 2 | 3): Buffer {
    return this.take(this.uint(octets))
  }

  /** A vector of vectors. */
  list(octets: 1 | 2 | 3, each: 1 | 2 | 3): Buffer[] {
    const inner = new TlsBytes(this.vector(octets))
    const items: Buffer[] = []
    while (inner.left > 0) items.push(inner.vector(each))
    return items
  }

  /** `Extension extensions<..>` (RFC 8446 §4.2), by type; empty where the message ends before it. */
  extensions(): Map<number, Buffer> {
    const found = new Map<number, Buffer>()
    if (this.left === 0) return found
    const inner = new TlsBytes(this.vector(2))
    while (inner.left > 0) {
      const type = inner.uint(2)
      found.set(type, inner.vector(2))
    }
    return found
  }
}
