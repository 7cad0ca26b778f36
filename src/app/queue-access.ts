import {existsSync} from 'node:fs'
import {Exit, PosternError} from '../mail/error.ts'
import type {QueueDetail, QueueEntry, QueueFilter} from '../queue/store.ts'
import {askRelay} from '../relay/control.ts'
import {type QueueRequest, queueAction} from './queue-action.ts'
import {controlSocket, queueDir} from './relay-files.ts'
import type {AppWorld} from './world.ts'

export interface QueueListing {
  messages: QueueEntry[]
  /** For the next page; null: that was all. */
  cursor: string | null
}

export function queueList(world: AppWorld, filter: QueueFilter): Promise<QueueListing> {
  return askQueue<QueueListing>(world, {action: 'list', filter}, {messages: [], cursor: null})
}

/** Throws `message-unknown` (66). */
export async function queueShow(world: AppWorld, id: string): Promise<QueueDetail> {
  const detail = await askQueue<QueueDetail | null>(world, {action: 'show', id}, null)
  if (detail) return detail
  throw unknownMessage(id)
}

/**
 * How many recipients were made due, held or released, or messages deleted. No ids: all of them. Throws `message-unknown` (66) when an id is not in the queue; nothing is done then.
 */
export async function queueChange(
  world: AppWorld,
  action: 'retry' | 'hold' | 'release' | 'delete',
  ids: string[],
): Promise<number> {
  for (const id of ids) await queueShow(world, id)
  if (action === 'delete' && ids.length === 0) return deleteAll(world)
  return askQueue<number>(world, {action, ids}, 0)
}

async function deleteAll(world: AppWorld): Promise<number> {
  let count = 0
  for (;;) {
    const {messages} = await queueList(world, {limit: 1000})
    if (messages.length === 0) return count
    const ids = messages.map(({id}) => id)
    count += await askQueue<number>(world, {action: 'delete', ids}, 0)
  }
}

/** The running relay's answer, else the store's own; `nothing` where there is no queue yet. */
async function askQueue<T>(world: AppWorld, request: QueueRequest, nothing: T): Promise<T> {
  try {
    return await askRelay<T>(controlSocket(world), {do: 'queue', ...request})
  } catch (error) {
    if ((error as PosternError).code !== 'relay-not-running') throw error
  }
  // Looking makes no queue.
  if (!existsSync(queueDir(world))) return nothing
  const {openQueue} = await import('../queue/open.ts')
  const queue = await openQueue({dir: queueDir(world), clock: world})
  try {
    return (await queueAction(queue, request)) as T
  } finally {
    await queue.close()
  }
}

function unknownMessage(id: string): PosternError {
  return new PosternError('message-unknown', `there is no message ${id} in the queue`, {
    exit: Exit.missing,
    hints: ['list the queue: postern queue list'],
  })
}
