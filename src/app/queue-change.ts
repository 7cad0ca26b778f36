import type {QueueFilter} from '../queue/store.ts'
import type {Bounced} from '../relay/bounce.ts'
import {askQueue, queueShow} from './queue-access.ts'
import type {AppWorld} from './world.ts'

/** Messages in one request: the relay has other things to do in between. */
const AT_A_TIME = 1000

/**
 * How many recipients were made due, held or released. {} is every one. Throws `message-unknown` (66) when an id is not
 * in the queue; nothing is done then.
 */
export async function queueChange(
  world: AppWorld,
  action: 'retry' | 'hold' | 'release',
  filter: QueueFilter,
): Promise<number> {
  await mustKnow(world, filter)
  return askQueue<number>(world, {action, filter}, 0)
}

/** How many messages were deleted, or lost recipients. Throws as `queueChange` does. */
export async function queueDelete(world: AppWorld, filter: QueueFilter): Promise<number> {
  await mustKnow(world, filter)
  const those = ofNow(world, filter)
  for (let count = 0; ; ) {
    const deleted = await askQueue<number>(world, {action: 'delete', filter: those, limit: AT_A_TIME}, 0)
    count += deleted
    if (deleted < AT_A_TIME) return count
  }
}

/** `reason`: what the senders are told. Throws as `queueChange` does. */
export async function queueBounce(world: AppWorld, filter: QueueFilter, reason: string): Promise<Bounced> {
  await mustKnow(world, filter)
  const those = ofNow(world, filter)
  const total: Bounced = {recipients: 0, dsns: 0}
  for (;;) {
    const request = {action: 'bounce', filter: those, limit: AT_A_TIME, reason} as const
    const {recipients, dsns} = await askQueue<Bounced>(world, request, {recipients: 0, dsns: 0})
    total.recipients += recipients
    total.dsns += dsns
    if (recipients === 0) return total
  }
}

async function mustKnow(world: AppWorld, {ids = []}: QueueFilter): Promise<void> {
  for (const id of ids) await queueShow(world, id)
}

/** Not what comes in meanwhile, such as the DSNs of the bounce itself. */
function ofNow(world: AppWorld, filter: QueueFilter): QueueFilter {
  if (filter.ids) return filter
  return {...filter, receivedBefore: Math.min(world.now(), filter.receivedBefore ?? Number.POSITIVE_INFINITY)}
}
