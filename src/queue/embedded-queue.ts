import {statfs} from 'node:fs/promises'
import {join} from 'node:path'
import {crc32} from 'node:zlib'
import type {Clock} from '../mail/world.ts'
import type {DatabaseThread} from './database-thread.ts'
import type {DirectorySync} from './directory-sync.ts'
import {bodyCorrupt, queueClosed, queueFailed, queueFull} from './errors.ts'
import {newQueueId} from './id.ts'
import {IncomingMessage} from './incoming-message.ts'
import type {InsertedMessage, LeaseClaim, StoredBody} from './protocol.ts'
import {readFrames, readSegment} from './segment-reader.ts'
import {SegmentWriter} from './segment-writer.ts'
import type * as Store from './store.ts'

export interface EmbeddedQueueParts {
  thread: DatabaseThread
  segments: DirectorySync
  clock: Pick<Clock, 'now'>
  /** Octets that must be free on the disk for a new message to be taken in. */
  minFree(): number
}

/**
 * The queue of one relay on one machine: SQLite in a worker thread, large bodies in segment files. The order that makes
 * an answer of 250 true: segment file synced, its directory synced, row committed and synced, promise resolved.
 */
export class EmbeddedQueue implements Store.QueueStore {
  readonly #parts: EmbeddedQueueParts
  readonly #wakes = new Set<() => void>()
  readonly #arriving = new Set<IncomingMessage>()
  #closed = false

  constructor(parts: EmbeddedQueueParts) {
    this.#parts = parts
  }

  async receive(): Promise<Store.IncomingBody> {
    this.#checkOpen()
    await this.#checkFree()
    const {segments, clock} = this.#parts
    this.#checkOpen()
    const incoming: IncomingMessage = new IncomingMessage({
      createSegment: () => SegmentWriter.create(segments, newQueueId(clock.now())),
      checkFree: () => this.#checkFree(),
      insert: (message, body) => this.#insert(message, body),
      onDiskError: (error) => this.#parts.thread.fail(queueFailed(error)),
      onEnd: () => this.#arriving.delete(incoming),
    })
    this.#arriving.add(incoming)
    return incoming
  }

  async claim({exclude = [], ...options}: Parameters<Store.QueueStore['claim']>[0]): Promise<Store.Lease[]> {
    this.#checkOpen()
    return this.#parts.thread.call('claim', {...options, exclude})
  }

  renew(lease: Store.Lease, until: number): Promise<void> {
    return this.#parts.thread.call('renew', leaseClaim(lease), until)
  }

  async release(lease: Store.Lease): Promise<void> {
    await this.#parts.thread.call('release', leaseClaim(lease))
    this.#wake()
  }

  async *openBody(messageId: string): AsyncGenerator<Buffer> {
    const {size, crc, octets, segment} = await this.#parts.thread.call('body', messageId)
    if (segment !== null) {
      yield* readSegment(this.#segmentPath(segment), {messageId, size, crc})
      return
    }
    if (octets?.length !== size || crc32(octets) !== crc) throw bodyCorrupt(messageId, 'its row fails its checksum')
    if (size > 0) yield Buffer.from(octets.buffer, octets.byteOffset, octets.length)
  }

  async *salvageBody(messageId: string): AsyncGenerator<Buffer> {
    const {size, crc, segment} = await this.#parts.thread.call('body', messageId)
    // A body in a row has one checksum over all of it: there is no whole part of a damaged one.
    if (segment === null) yield* untilDamage(this.openBody(messageId))
    else yield* untilDamage(readFrames(this.#segmentPath(segment), {messageId, size, crc}))
  }

  async settle(lease: Store.Lease, {dsns, ...settlement}: Store.Settlement): Promise<void> {
    this.#checkOpen()
    const inserted = dsns.map(({message, body}) => this.#complete(message, bodyInRow(body)))
    await this.#parts.thread.call('settle', leaseClaim(lease), {...settlement, dsns: inserted})
    this.#wake()
  }

  postpone(destination: string, until: number, ages: Store.Ages): Promise<number> {
    return this.#parts.thread.call('postpone', destination, until, ages, this.#now())
  }

  advance(destination: string, postponedTo: number): Promise<number> {
    return this.#change(() => this.#parts.thread.call('advance', destination, postponedTo, this.#now()))
  }

  nextDue(): Promise<number | null> {
    return this.#parts.thread.call('nextDue')
  }

  onWake(callback: () => void): void {
    this.#wakes.add(callback)
  }

  list(filter: Parameters<Store.QueueStore['list']>[0]): ReturnType<Store.QueueStore['list']> {
    return this.#parts.thread.call('list', filter, this.#now())
  }

  summary(filter: Store.QueueFilter): Promise<Store.DestinationSummary[]> {
    return this.#parts.thread.call('summary', filter, this.#now())
  }

  show(messageId: string): Promise<Store.QueueDetail | null> {
    return this.#parts.thread.call('show', messageId, this.#now())
  }

  retryNow(filter: Store.QueueFilter): Promise<number> {
    return this.#change(() => this.#parts.thread.call('retryNow', filter, this.#now()))
  }

  hold(filter: Store.QueueFilter): Promise<number> {
    return this.#change(() => this.#parts.thread.call('hold', filter, this.#now()))
  }

  unhold(filter: Store.QueueFilter): Promise<number> {
    return this.#change(() => this.#parts.thread.call('unhold', filter, this.#now()))
  }

  remove(filter: Store.QueueFilter, limit: number = Number.MAX_SAFE_INTEGER): Promise<number> {
    return this.#change(() => this.#parts.thread.call('remove', filter, limit, this.#now()))
  }

  suspend(destination: string, until: number | null): Promise<void> {
    return this.#change(() => this.#parts.thread.call('suspend', destination, until, this.#now()))
  }

  resume(destination: string): Promise<boolean> {
    return this.#change(() => this.#parts.thread.call('resume', destination, this.#now()))
  }

  suspensions(): Promise<Store.Suspension[]> {
    return this.#parts.thread.call('suspensions', this.#now())
  }

  counts(): Promise<Store.QueueCounts> {
    return this.#parts.thread.call('counts', this.#now())
  }

  async hasRoom(): Promise<boolean> {
    const {bavail, bsize} = await statfs(this.#parts.segments.path)
    return bavail * bsize >= this.#parts.minFree()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    // Commits under way end as they would; bodies that are still arriving are cut off.
    await Promise.all([...this.#arriving].map((incoming) => incoming.end(queueClosed())))
    await this.#parts.thread.close()
    await this.#parts.segments.close()
  }

  async #insert(message: Store.NewMessage, body: StoredBody): Promise<string> {
    this.#checkDisk()
    const complete = this.#complete(message, body)
    await this.#parts.thread.call('insert', complete)
    this.#wake()
    return complete.id
  }

  #complete(message: Store.NewMessage, body: StoredBody): InsertedMessage {
    return {...message, id: message.id ?? newQueueId(this.#parts.clock.now()), body}
  }

  // Messages that are refused early leave room for what the queue has to write about those it holds.
  async #checkFree(): Promise<void> {
    if (!(await this.hasRoom())) throw queueFull()
  }

  #checkOpen(): void {
    if (this.#closed) throw queueClosed()
    this.#checkDisk()
  }

  #checkDisk(): void {
    const {failure} = this.#parts.thread
    if (failure) throw failure
  }

  #segmentPath(name: string): string {
    return join(this.#parts.segments.path, name)
  }

  #now(): number {
    return this.#parts.clock.now()
  }

  /** By the operator; something may be due after it. */
  async #change<T>(action: () => Promise<T>): Promise<T> {
    this.#checkOpen()
    const outcome = await action()
    this.#wake()
    return outcome
  }

  #wake(): void {
    for (const callback of this.#wakes) callback()
  }
}

async function* untilDamage(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* body
  } catch (error) {
    if ((error as {code?: string}).code !== 'body-corrupt') throw error
  }
}

function leaseClaim({messageId, token, recipients}: Store.Lease): LeaseClaim {
  return {messageId, token, recipients: recipients.map(({id}) => id)}
}

function bodyInRow(octets: Buffer): StoredBody {
  return {size: octets.length, crc: crc32(octets), octets, segment: null}
}
