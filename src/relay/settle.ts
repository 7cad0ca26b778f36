import {newQueueId} from '../queue/id.ts'
import type {Lease, LeasedRecipient, RecipientSettlement, Settlement} from '../queue/store.ts'
import {composeDsn} from './dsn/compose.ts'
import {wantsDsn} from './dsn/notify.ts'
import {readOriginal} from './dsn/original.ts'
import type {RecipientFate} from './fate.ts'
import {expiry, nextAttempt} from './retry.ts'
import type {RelaySnapshot} from './snapshot.ts'

export interface Settling {
  lease: Lease
  snapshot: RelaySnapshot
  at: number
  random(): number
  /** The message, for what a DSN returns of it. */
  body(): AsyncIterable<Buffer>
}

/** Fates as the queue takes them: life's end, the next attempt, and the DSNs that must not be lost with either. */
export async function settlement(settling: Settling, fates: RecipientFate[]): Promise<Settled> {
  const ended = fates.map((fate) => endOfLife(settling, fate))
  const failed = ended.filter((fate) => fate.result === 'bounced' && wants(settling, fate, 'failed'))
  const delayed = ended.filter((fate) => fate.result === 'deferred' && isLate(settling, fate))
  const dsns = await Promise.all([dsn(settling, failed, 'failed'), dsn(settling, delayed, 'delayed')])
  const recipients = ended.map((fate) => recipientSettlement(settling, fate, delayed.includes(fate)))
  const made = dsns.filter((one) => one !== null)
  return {
    settlement: {at: settling.at, recipients, dsns: made.map(({message, body}) => ({message, body}))},
    fates: ended,
    dsns: made,
  }
}

export interface Settled {
  settlement: Settlement
  fates: RecipientFate[]
  dsns: {message: {id?: string}; kind: 'failed' | 'delayed'; recipients: number}[]
}

function endOfLife({lease, snapshot, at}: Settling, fate: RecipientFate): RecipientFate {
  if (fate.result !== 'deferred' || at < expiry(snapshot.queue, lease.message)) return fate
  const reason = `${fate.reason}; no more time to try`
  // RFC 3463 §3.5: x.4.7, delivery time expired, unless the last finding says more.
  const status = fate.status.startsWith('4.7') ? fate.status.replace('4', '5') : '5.4.7'
  return {...fate, result: 'bounced', status, reason}
}

function isLate(settling: Settling, fate: RecipientFate): boolean {
  const {lease, snapshot, at} = settling
  const old = at >= lease.message.receivedAt + snapshot.queue.warnAfter
  return old && !leased(lease, fate).warned && wants(settling, fate, 'delayed')
}

function wants({lease}: Settling, {options}: RecipientFate, kind: 'failed' | 'delayed'): boolean {
  return wantsDsn(lease.message.reversePath, options, kind)
}

function recipientSettlement(settling: Settling, fate: RecipientFate, warned: boolean): RecipientSettlement {
  const {lease, snapshot, at, random} = settling
  const {id, result, status, reason, evidence} = fate
  const common = {id, result, status, reason, evidence}
  if (result !== 'deferred') return common
  const before = leased(lease, fate)
  const postponed = {
    attempts: before.attempts + 1,
    receivedAt: lease.message.receivedAt,
    now: at,
    expiresAt: expiry(snapshot.queue, lease.message),
    warned: warned || before.warned || !wants(settling, fate, 'delayed'),
  }
  return {...common, nextDueAt: nextAttempt(snapshot.queue, postponed, random), ...(warned ? {warned} : {})}
}

async function dsn(settling: Settling, recipients: RecipientFate[], kind: 'failed' | 'delayed') {
  if (recipients.length === 0) return null
  const {lease, snapshot, at} = settling
  const wanted = kind === 'failed' && lease.message.options.ret === 'full' ? 'full' : 'headers'
  const report = {
    kind,
    hostname: snapshot.hostname,
    id: newQueueId(at),
    at,
    message: {id: lease.messageId, ...lease.message},
    recipients,
    expiresAt: expiry(snapshot.queue, lease.message),
    // A message that cannot be read is reported all the same.
    original: await readOriginal(settling.body(), wanted).catch(() => null),
  }
  return {...composeDsn(report), kind, recipients: recipients.length}
}

function leased(lease: Lease, {id}: RecipientFate): LeasedRecipient {
  return lease.recipients.find((recipient) => recipient.id === id)!
}
