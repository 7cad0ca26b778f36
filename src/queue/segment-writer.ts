import {type FileHandle, open, unlink} from 'node:fs/promises'
import {basename, join} from 'node:path'
import type {DirectorySync} from './directory-sync.ts'
import {endFrame, frameHead, segmentHeader} from './segment-format.ts'

/** Writes one segment file, frame by frame. A file that is not finished has no row, and goes at the next opening. */
export class SegmentWriter {
  readonly name: string
  readonly #path: string
  readonly #handle: FileHandle
  readonly #directory: DirectorySync
  #frames = 0
  #octets = 0

  private constructor(path: string, handle: FileHandle, directory: DirectorySync) {
    this.name = basename(path)
    this.#path = path
    this.#handle = handle
    this.#directory = directory
  }

  static async create(directory: DirectorySync, name: string): Promise<SegmentWriter> {
    const path = join(directory.path, name)
    return new SegmentWriter(path, await open(path, 'wx', 0o600), directory)
  }

  /** `payload`: 1 to 65536 octets, which the caller may reuse once this resolves. */
  append(payload: Buffer): Promise<void> {
    return writeAll(this.#handle, this.#frame(payload))
  }

  /** Writes the last frame. Resolves when the file, and its name in the directory, are on disk. */
  async finish(payload: Buffer): Promise<void> {
    const frame = this.#frame(payload)
    await writeAll(this.#handle, [...frame, endFrame(this.#octets, this.#frames)])
    await this.#handle.datasync()
    await Promise.all([this.#handle.close(), this.#directory.sync()])
  }

  /** Takes the file away; what cannot be taken away now goes at the next opening. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {})
    await unlink(this.#path).catch(() => {})
  }

  #frame(payload: Buffer): Buffer[] {
    const head = frameHead(payload, this.#frames)
    const before = this.#frames === 0 ? [segmentHeader()] : []
    this.#frames += 1
    this.#octets += payload.length
    return [...before, head, payload]
  }
}

// writev may write less than it was given, for one when the disk fills up; the next call then gives the reason.
async function writeAll(handle: FileHandle, buffers: Buffer[]): Promise<void> {
  let rest = buffers
  while (rest.length > 0) {
    const {bytesWritten} = await handle.writev(rest)
    rest = after(rest, bytesWritten)
  }
}

function after(buffers: Buffer[], octets: number): Buffer[] {
  let skip = octets
  return buffers.flatMap((buffer) => {
    const left = buffer.subarray(skip)
    skip = Math.max(0, skip - buffer.length)
    return left.length > 0 ? [left] : []
  })
}
