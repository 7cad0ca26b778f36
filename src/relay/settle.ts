import {newQueueId} from '../queue/id.ts'
import type {Lease, LeasedRecipient, RecipientSettlement, Settlement} from '../queue/store.ts'
import {composeDsn} from './dsn/compose.ts'
import {wantsDsn} from './dsn/notify.ts'
import {largestReturn, readOriginal} from './dsn/original.ts'
import type {DsnAction} from './dsn/report.ts'
import type {RecipientFate} from './fate.ts'
import {expiry, nextAttempt} from './retry.ts'
import type {RelaySnapshot} from './snapshot.ts'

export interface Settling {
  lease: Lease
  snapshot: Pick<RelaySnapshot, 'hostname' | 'queue'>
  at: number
  random(): number
  /** When all is tried again that waits for the same. Absent: each message by its own time. */
  until?(fate: RecipientFate): number | undefined
  /** The message, for what a DSN returns of it. */
  body(): AsyncIterable<Buffer>
  /** What is left of it when it is damaged. */
  salvage(): AsyncIterable<Buffer>
}

/** Fates as the queue takes them: life's end, the next attempt, and the DSNs that must not be lost with either. */
export async function settlement(settling: Settling, fates: RecipientFate[]): Promise<Settled> {
  const ended = fates.map((fate) => endOfLife(settling, fate))
  const failed = ended.filter((fate) => fate.result === 'bounced' && wants(settling, fate, 'failed'))
  const delayed = ended.filter((fate) => fate.result === 'deferred' && isLate(settling, fate))
  const relayed = ended.filter((fate) => fate.result === 'delivered' && isRelayed(settling, fate))
  const dsns = await Promise.all([
    dsn(settling, failed, 'failed'),
    dsn(settling, delayed, 'delayed'),
    dsn(settling, relayed, 'relayed'),
  ])
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
  dsns: {message: {id?: string}; kind: DsnAction; recipients: number}[]
}

function endOfLife({lease, snapshot, at}: Settling, fate: RecipientFate): RecipientFate {
  if (fate.result === 'bounced') return {...fate, reason: toldTruly(fate.reason, lease)}
  if (fate.result !== 'deferred' || at < expiry(snapshot.queue, lease.message)) return fate
  const found = fate.reason.replace(/; (it is tried again|the mail waits)$/, '')
  const told = lease.message.reversePath === '' ? ', and the null sender is told nothing' : ''
  const reason = `${found}; no more time to try${told}`
  // RFC 3463 §3.5: x.4.7, delivery time expired, unless the last finding says more.
  const status = fate.status.startsWith('4.7') ? fate.status.replace('4', '5') : '5.4.7'
  return {...fate, result: 'bounced', status, reason}
}

/** The judge knows the path and not the sender: what came from the null sender is returned to nobody. */
function toldTruly(reason: string, {message}: Settling['lease']): string {
  return message.reversePath === ''
    ? reason.replace(/; the mail is returned$/, '; the null sender is told nothing')
    : reason
}

function isLate(settling: Settling, fate: RecipientFate): boolean {
  const {lease, snapshot, at} = settling
  const old = at >= lease.message.receivedAt + snapshot.queue.warnAfter
  return old && !leased(lease, fate).warned && wants(settling, fate, 'delayed')
}

// RFC 3461 §5.2.2 b: whom success matters to is told where nobody behind us would tell.
function isRelayed(settling: Settling, fate: RecipientFate): boolean {
  return !fate.dsnHandedOn && wants(settling, fate, 'relayed')
}

function wants({lease}: Settling, {options}: RecipientFate, kind: DsnAction): boolean {
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
  const nextDueAt = nextAttempt(snapshot.queue, postponed, random, settling.until?.(fate))
  return {...common, nextDueAt, ...(warned ? {warned} : {})}
}

async function dsn(settling: Settling, recipients: RecipientFate[], kind: DsnAction) {
  if (recipients.length === 0) return null
  const {lease, snapshot, at} = settling
  const report = {
    kind,
    hostname: snapshot.hostname,
    id: newQueueId(at),
    at,
    message: {id: lease.messageId, ...lease.message},
    recipients,
    expiresAt: expiry(snapshot.queue, lease.message),
    original: await original(settling, largestReturn(kind, lease.message.options)),
  }
  return {...composeDsn(report), kind, recipients: recipients.length}
}

/** A message that cannot be read is reported all the same, with its headers where they are whole. */
async function original({body, salvage}: Settling, largest: number) {
  const whole = await readOriginal(body(), largest).catch(() => null)
  if (whole) return whole
  const rest = await readOriginal(salvage(), 0).catch(() => null)
  return rest && rest.octets.length > 2 ? rest : null
}

function leased(lease: Lease, {id}: RecipientFate): LeasedRecipient {
  return lease.recipients.find((recipient) => recipient.id === id)!
}
