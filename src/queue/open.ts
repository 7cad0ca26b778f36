import {resolve} from 'node:path'
import type {Clock} from '../mail/world.ts'
import {DatabaseThread} from './database-thread.ts'
import {DirectorySync} from './directory-sync.ts'
import {EmbeddedQueue} from './embedded-queue.ts'
import {SEGMENTS} from './segment-format.ts'
import type {QueueStore} from './store.ts'

export interface QueueOptions {
  /** Directory of the queue; made when it is missing. */
  dir: string
  clock: Pick<Clock, 'now'>
  /** How long to wait for another process to let go of the queue, milliseconds; default 2000. */
  busyTimeout?: number
  /** Octets that must be free on the disk for a new message to be taken in, else `queue-full`; default 32 MiB. */
  minFree?: number | (() => number)
  /** Largest size of the database file, octets, else `queue-full`; default: as large as the disk. */
  maxSize?: number
}

/**
 * Opens the embedded queue, which from then on belongs to this process alone. Leases of a process that died are void,
 * and segment files of messages that were never committed are removed. Throws `queue-in-use` (exit 75) while another
 * process has it open, `queue-invalid` (exit 78) when it is not a queue of this release.
 */
export async function openQueue(options: QueueOptions): Promise<QueueStore> {
  const {clock, busyTimeout = 2000, minFree = 32 * 1024 * 1024, maxSize} = options
  const dir = resolve(options.dir)
  const thread = await DatabaseThread.open({dir, busyTimeout, maxSize})
  const segments = await DirectorySync.open(resolve(dir, SEGMENTS))
  return new EmbeddedQueue({thread, segments, clock, minFree: typeof minFree === 'number' ? () => minFree : minFree})
}
