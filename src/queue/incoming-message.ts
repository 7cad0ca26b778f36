import {crc32} from 'node:zlib'
import {PosternError} from '../mail/error.ts'
import {isNoSpace, queueFailed, queueFull, queueMisuse} from './errors.ts'
import type {StoredBody} from './protocol.ts'
import {FRAME_OCTETS} from './segment-format.ts'
import type {SegmentWriter} from './segment-writer.ts'
import type {IncomingBody, NewMessage} from './store.ts'

const FIRST_OCTETS = 4096

export interface IncomingOptions {
  createSegment: () => Promise<SegmentWriter>
  /** Throws `queue-full` where too little is free: asked before each frame, since many bodies arrive side by side. */
  checkFree: () => Promise<void>
  insert: (message: NewMessage, body: StoredBody) => Promise<string>
  /** Called with the error that makes the whole store fail. */
  onDiskError: (error: unknown) => void
  /** Called when nothing of it is under way any more. */
  onEnd: () => void
}

/**
 * A body on its way in. Up to 64 KiB wait in memory and go into the message's row; from there on each full 64 KiB is
 * a frame of a segment file, so that a body of any size holds no more memory than a small one.
 */
export class IncomingMessage implements IncomingBody {
  readonly #options: IncomingOptions
  #buffer = Buffer.allocUnsafe(FIRST_OCTETS)
  #filled = 0
  #size = 0
  #crc = 0
  #segment: SegmentWriter | null = null
  /** Why it takes nothing more. */
  #ended: PosternError | null = null
  #work: Promise<void> = Promise.resolve()

  constructor(options: IncomingOptions) {
    this.#options = options
  }

  write(chunk: Buffer): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended)
    // In turn, also for a caller who does not wait; after one failure the rest fails alike.
    const written = this.#work.then(() => this.#take(chunk))
    this.#work = written
    written.catch(() => {})
    return written
  }

  async commit(message: NewMessage): Promise<string> {
    if (this.#ended) throw this.#ended
    this.#ended = queueMisuse('the body was committed')
    const committed = this.#commit(message, this.#work).finally(this.#options.onEnd)
    this.#work = committed.then(() => {})
    this.#work.catch(() => {})
    return committed
  }

  /** After a commit it does nothing but wait for its end. */
  abort(): Promise<void> {
    return this.end(queueMisuse('the body was aborted'))
  }

  /** As `abort`, with the reason for whoever goes on writing. */
  async end(reason: PosternError): Promise<void> {
    const first = this.#ended === null
    this.#ended ??= reason
    await this.#work.catch(() => {})
    if (!first) return
    await this.#segment?.discard()
    this.#options.onEnd()
  }

  async #commit(message: NewMessage, written: Promise<void>): Promise<string> {
    try {
      await written
      return await this.#options.insert(message, await this.#store())
    } catch (error) {
      // After `queue-failed` the row may yet turn out to be on disk, and then it needs its segment.
      if (!(error instanceof PosternError && error.code === 'queue-failed')) await this.#segment?.discard()
      throw error
    }
  }

  async #take(chunk: Buffer): Promise<void> {
    this.#crc = crc32(chunk, this.#crc)
    this.#size += chunk.length
    for (let rest = chunk; rest.length > 0; ) {
      if (this.#filled === FRAME_OCTETS) await this.#flush()
      const part = rest.subarray(0, FRAME_OCTETS - this.#filled)
      this.#reserve(this.#filled + part.length)
      this.#filled += part.copy(this.#buffer, this.#filled)
      rest = rest.subarray(part.length)
    }
  }

  // Chunks are copied together: thousands of small ones, kept as they are, would cost many times their octets.
  #reserve(octets: number): void {
    if (octets <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.min(FRAME_OCTETS, Math.max(octets, this.#buffer.length * 2)))
    this.#buffer.copy(larger, 0, 0, this.#filled)
    this.#buffer = larger
  }

  async #flush(): Promise<void> {
    await this.#options.checkFree()
    await this.#disk(async () => {
      this.#segment ??= await this.#options.createSegment()
      await this.#segment.append(this.#buffer.subarray(0, this.#filled))
    })
    this.#filled = 0
  }

  /** Resolves when a large body is on disk; a small one goes there with its row. */
  async #store(): Promise<StoredBody> {
    const [size, crc] = [this.#size, this.#crc]
    if (!this.#segment)
      return {size, crc, octets: new Uint8Array(this.#buffer.subarray(0, this.#filled)), segment: null}
    const segment = this.#segment
    await this.#disk(() => segment.finish(this.#buffer.subarray(0, this.#filled)))
    return {size, crc, octets: null, segment: segment.name}
  }

  async #disk(action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      if (isNoSpace(error)) throw queueFull(error)
      this.#options.onDiskError(error)
      throw queueFailed(error)
    }
  }
}
