import {Exit, PosternError} from '../mail/error.ts'
import type {QueueFilter, QueuePage, QueueStore} from '../queue/store.ts'
import type {Bounced} from '../relay/bounce.ts'
import type {ControlRequest} from '../relay/control.ts'

/** What can be done to a queue, by a running relay or on the store itself; JSON in and out, so that both are one. */
export type QueueRequest =
  | {action: 'list'; filter: QueueFilter & QueuePage}
  | {action: 'summary'; filter: QueueFilter}
  | {action: 'show'; id: string}
  /** A piece of a body, from octet `from` on; `salvage`: of a damaged one, as far as it is whole. */
  | {action: 'body'; id: string; from: number; most: number; salvage: boolean}
  | {action: 'retry' | 'hold' | 'release'; filter: QueueFilter}
  | {action: 'delete'; filter: QueueFilter; limit: number}
  | {action: 'bounce'; filter: QueueFilter; limit: number; reason: string}
  | {action: 'suspend'; destination: string; until: number | null}
  | {action: 'resume'; destination: string}

/** A queue, and what of its relay a bounce needs. */
export interface QueueHouse {
  queue: QueueStore
  bounce(filter: QueueFilter, how: {reason: string; limit: number}): Promise<Bounced>
}

export interface BodyPiece {
  /** Base64. */
  octets: string
  more: boolean
}

/** `request` comes over a socket that only its owner may open, from a command of this release or another. */
export async function queueAction(house: QueueHouse, request: ControlRequest | QueueRequest): Promise<unknown> {
  const {queue} = house
  const asked = request as QueueRequest
  switch (asked.action) {
    case 'list':
      return {...(await queue.list(filterOf(asked))), suspensions: await queue.suspensions()}
    case 'summary':
      return {destinations: await queue.summary(filterOf(asked)), suspensions: await queue.suspensions()}
    case 'show':
      return queue.show(String(asked.id))
    case 'body':
      return piece(asked.salvage ? queue.salvageBody(asked.id) : queue.openBody(asked.id), asked)
    case 'retry':
      return queue.retryNow(filterOf(asked))
    case 'hold':
      return queue.hold(filterOf(asked))
    case 'release':
      return queue.unhold(filterOf(asked))
    case 'delete':
      return queue.remove(filterOf(asked), asked.limit)
    case 'bounce':
      return house.bounce(filterOf(asked), asked)
    case 'suspend':
      return queue.suspend(asked.destination, asked.until)
    case 'resume':
      return queue.resume(asked.destination)
    default:
      throw misunderstood()
  }
}

/** A request that names no filter is of another release, and must not be taken for one that means everything. */
function filterOf({filter}: {filter?: QueueFilter & QueuePage}): QueueFilter & QueuePage {
  if (typeof filter !== 'object' || filter === null) throw misunderstood()
  return filter
}

async function piece(body: AsyncIterable<Buffer>, {from, most}: {from: number; most: number}): Promise<BodyPiece> {
  const chunks: Buffer[] = []
  let [at, length] = [0, 0]
  for await (const chunk of body) {
    const part = chunk.subarray(Math.min(chunk.length, Math.max(0, from - at)))
    at += chunk.length
    if (part.length === 0) continue
    chunks.push(part)
    length += part.length
    if (length > most) break
  }
  return {octets: Buffer.concat(chunks).subarray(0, most).toString('base64'), more: length > most}
}

function misunderstood(): PosternError {
  return new PosternError('control-request', 'the queue does not know this request', {
    exit: Exit.usage,
    hints: ['relay and command are of different releases: restart the relay'],
  })
}
