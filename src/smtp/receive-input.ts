import type {ReceiveMemory} from './receive-memory.ts'

const LF = 0x0a
const CR = 0x0d

/** One command line as it came, or why it is none. Octets are without the line end. */
export type InputLine = {octets: Buffer} | {malformed: 'too long' | 'bare LF'}

/** What the client sent and nobody has read yet. Cuts command lines, and hands out the rest in chunks after DATA. */
export class ReceivedInput {
  #chunks: Buffer[] = []
  #length = 0
  /** A line that is too long is thrown away while it arrives, so that it costs no memory. */
  #skipping = false
  readonly #memory: ReceiveMemory | null

  constructor(memory: ReceiveMemory | null = null) {
    this.#memory = memory
  }

  /** Octets held. */
  get length(): number {
    return this.#length
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#count(chunk.length)
  }

  clear(): number {
    const dropped = this.#length
    this.#chunks = []
    this.#count(-dropped)
    return dropped
  }

  /** The next octets, however many they are up to `most`; null when there are none. */
  takeChunk(most: number): Buffer | null {
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return null
    this.#count(-chunk.length)
    if (chunk.length <= most) return chunk
    this.putBack(chunk.subarray(most))
    return chunk.subarray(0, most)
  }

  /** Puts back what was taken and not used. */
  putBack(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.unshift(chunk)
    this.#count(chunk.length)
  }

  /** The next line of at most `most` octets, line end included; null when it is not complete yet. */
  takeLine(most: number): InputLine | null {
    for (;;) {
      const head = this.#chunks[0]
      if (head === undefined) return null
      const end = head.indexOf(LF)
      if (end >= 0) return this.#cut(head, end, most)
      if (this.#skipping || head.length >= most) this.#skip(head)
      else if (this.#chunks.length === 1) return null
      else this.#chunks.splice(0, 2, Buffer.concat([head, this.#chunks[1]!]))
    }
  }

  #cut(head: Buffer, end: number, most: number): InputLine {
    this.#chunks[0] = head.subarray(end + 1)
    if (this.#chunks[0].length === 0) this.#chunks.shift()
    this.#count(-(end + 1))
    const tooLong = this.#skipping || end + 1 > most
    this.#skipping = false
    if (tooLong) return {malformed: 'too long'}
    // RFC 5321 §2.3.8: only CRLF ends a line.
    return end > 0 && head[end - 1] === CR ? {octets: head.subarray(0, end - 1)} : {malformed: 'bare LF'}
  }

  #skip(head: Buffer): void {
    this.#skipping = true
    this.#chunks.shift()
    this.#count(-head.length)
  }

  #count(octets: number): void {
    this.#length += octets
    this.#memory?.count(octets)
  }
}
