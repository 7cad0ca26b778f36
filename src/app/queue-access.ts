import {existsSync} from 'node:fs'
import {Exit, PosternError} from '../mail/error.ts'
import type {
  DestinationSummary,
  QueueDetail,
  QueueEntry,
  QueueFilter,
  QueuePage,
  QueueStore,
  Suspension,
} from '../queue/store.ts'
import {askRelay} from '../relay/control.ts'
import {type QueueHouse, type QueueRequest, queueAction} from './queue-action.ts'
import {controlSocket, queueDir} from './relay-files.ts'
import type {AppWorld} from './world.ts'

export interface QueueListing {
  messages: QueueEntry[]
  /** For the next page; null: that was all. */
  cursor: string | null
  suspensions: Suspension[]
}

export interface QueueSummary {
  destinations: DestinationSummary[]
  suspensions: Suspension[]
}

/** `limit` may be larger than a page. */
export async function queueList(world: AppWorld, filter: QueueFilter & QueuePage): Promise<QueueListing> {
  const {limit = 100, ...rest} = filter
  const page = Math.min(limit, 1000)
  const nothing = {messages: [], cursor: null, suspensions: []}
  const listing = await askQueue<QueueListing>(world, {action: 'list', filter: {...rest, limit: page}}, nothing)
  if (limit <= page || listing.cursor === null) return listing
  const next = await queueList(world, {...rest, limit: limit - page, cursor: listing.cursor})
  return {...next, messages: [...listing.messages, ...next.messages]}
}

/** The queue by destination, with what is suspended; empty where there is no queue yet. */
export function queueSummary(world: AppWorld, filter: QueueFilter): Promise<QueueSummary> {
  return askQueue(world, {action: 'summary', filter}, {destinations: [], suspensions: []})
}

/** Throws `message-unknown` (66). */
export async function queueShow(world: AppWorld, id: string): Promise<QueueDetail> {
  const detail = await askQueue<QueueDetail | null>(world, {action: 'show', id}, null)
  if (detail) return detail
  throw new PosternError('message-unknown', `there is no message ${id} in the queue`, {
    exit: Exit.missing,
    hints: ['list the queue: postern queue list'],
  })
}

/**
 * The running relay's answer, else the store's own; `nothing` where there is no queue yet, without which a look would
 * make one.
 */
export async function askQueue<T>(world: AppWorld, request: QueueRequest, nothing: T): Promise<T> {
  try {
    return await askRelay<T>(controlSocket(world), {do: 'queue', ...request})
  } catch (error) {
    if ((error as PosternError).code !== 'relay-not-running') throw error
  }
  if (!existsSync(queueDir(world)) && request.action !== 'suspend') return nothing
  const {openQueue} = await import('../queue/open.ts')
  const queue = await openQueue({dir: queueDir(world), clock: world})
  try {
    return (await queueAction(parkedQueue(world, queue), request)) as T
  } finally {
    await queue.close()
  }
}

/** No relay runs: the configuration is read when it is needed, and nobody follows the log. */
function parkedQueue(world: AppWorld, queue: QueueStore): QueueHouse {
  return {
    queue,
    bounce: async (filter, how) => {
      const [{loadConfiguration}, {bounceByHand}] = await Promise.all([
        import('../state/load.ts'),
        import('../relay/bounce.ts'),
      ])
      const {settings: snapshot} = await loadConfiguration(world.configDir)
      return bounceByHand({queue, snapshot, log: {event: () => {}}, world}, filter, how)
    },
  }
}
