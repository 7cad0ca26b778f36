import type {Clock, Random} from '../mail/world.ts'
import type {Lease, QueueFilter, QueueStore} from '../queue/store.ts'
import {withoutPath} from './ending.ts'
import type {RecipientFate} from './fate.ts'
import type {RelayLog} from './log.ts'
import {type Settling, settlement} from './settle.ts'

export interface BounceHouse {
  queue: QueueStore
  snapshot: Settling['snapshot']
  log: RelayLog
  world: Clock & Random
}

const LEASE_MS = 120_000
const AT_A_TIME = 100

export interface Bounced {
  recipients: number
  /** Reports that were put into the queue for the senders. */
  dsns: number
}

/**
 * Returns what fits to its senders, at most `limit` transactions: each recipient ends here, and whoever asked to hear of
 * failures gets a DSN. What is being tried at the moment is left alone, because it may just have been delivered.
 */
export async function bounceByHand(
  house: BounceHouse,
  only: QueueFilter,
  {reason, limit}: {reason: string; limit: number},
): Promise<Bounced> {
  const bounced: Bounced = {recipients: 0, dsns: 0}
  for (let left = limit; left > 0; left -= AT_A_TIME) {
    const claim = {now: house.world.now(), limit: Math.min(left, AT_A_TIME), leaseMs: LEASE_MS, only}
    const leases = await house.queue.claim(claim)
    for (const one of await Promise.all(leases.map((lease) => bounceOne(house, lease, reason)))) {
      bounced.recipients += one.recipients
      bounced.dsns += one.dsns
    }
    if (leases.length < claim.limit) break
  }
  return bounced
}

async function bounceOne(house: BounceHouse, lease: Lease, reason: string): Promise<Bounced> {
  const {queue, snapshot, world, log} = house
  const settling: Settling = {
    lease,
    snapshot,
    at: world.now(),
    random: () => world.random(),
    body: () => queue.openBody(lease.messageId),
    salvage: () => queue.salvageBody(lease.messageId),
  }
  const {settlement: settled, fates, dsns} = await settlement(settling, fatesByHand(lease, reason))
  await queue.settle(lease, settled)
  for (const {address: recipient, status} of fates) {
    const {messageId, destination, message} = lease
    const common = {queue: messageId, recipient, destination, path: null, next: null}
    log.event({event: 'bounced', ...common, status, reason, age: settling.at - message.receivedAt})
  }
  for (const {message, kind, recipients} of dsns) {
    const to = lease.message.reversePath
    log.event({event: 'dsn', queue: message.id ?? '', about: lease.messageId, to, kind, recipients})
  }
  return {recipients: fates.length, dsns: dsns.length}
}

// RFC 3463 §3.8: x.7.1, delivery not authorised, by the word of whoever runs this host.
function fatesByHand({recipients}: Lease, reason: string): RecipientFate[] {
  return recipients.map((recipient) =>
    withoutPath(recipient, {result: 'bounced', status: '5.7.1', reason, evidence: {byHand: true}}),
  )
}
