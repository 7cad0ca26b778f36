import {Exit, PosternError} from '../mail/error.ts'
import type {QueueFilter, QueueStore} from '../queue/store.ts'
import type {ControlRequest} from '../relay/control.ts'

/** What can be done to a queue, by a running relay or on the store itself; JSON in and out, so that both are one. */
export type QueueRequest =
  | {action: 'list'; filter: QueueFilter}
  | {action: 'show'; id: string}
  | {action: 'retry' | 'hold' | 'release' | 'delete'; ids: string[]}

export async function queueAction(queue: QueueStore, request: ControlRequest | QueueRequest): Promise<unknown> {
  const {action, filter, id} = request as {action?: unknown; filter?: QueueFilter; id?: unknown}
  const ids = (request as {ids?: unknown}).ids
  const given = Array.isArray(ids) ? ids.map(String) : []
  switch (action) {
    case 'list':
      return queue.list(filter ?? {})
    case 'show':
      return queue.show(String(id))
    case 'retry':
      return queue.retryNow(given)
    case 'hold':
      return queue.hold(given)
    case 'release':
      return queue.unhold(given)
    case 'delete':
      return queue.remove(given)
    default:
      throw new PosternError('control-request', 'the queue does not know this request', {exit: Exit.usage})
  }
}
