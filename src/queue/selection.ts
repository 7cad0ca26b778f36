import type {SQLInputValue} from 'node:sqlite'
import type {QueueFilter} from './store.ts'

export const LEASED = 'EXISTS (SELECT 1 FROM lease WHERE recipient = r.id AND expires_at > :now)'

// What each word means; a recipient has one of `waiting`, `held`, `leased`, and the due are a part of the waiting.
export const CONDITIONS: Record<NonNullable<QueueFilter['state']>, string> = {
  leased: 'r.id IN (SELECT recipient FROM lease WHERE expires_at > :now)',
  held: `r.state = 1 AND NOT ${LEASED}`,
  waiting: `r.state = 0 AND NOT ${LEASED}`,
  due: `r.state = 0 AND r.due_at <= :now AND NOT ${LEASED}`,
}

const STATUS = /^[245]\.\d{1,3}(\.\d{1,3})?$/

export interface Selection {
  /** Of rows `recipient r JOIN message m`. */
  condition: string
  /** Exactly those that the condition names. */
  values: Record<string, SQLInputValue>
}

/** A filter as SQL. Only the open recipients are looked at, which is what the partial indexes hold. */
export function selection(filter: QueueFilter, now: number): Selection {
  const parts: [string, Record<string, SQLInputValue>?][] = [['r.state < 2'], ...parameters(filter)]
  if (filter.state !== undefined) {
    const condition = CONDITIONS[filter.state]
    parts.push([condition, condition.includes(':now') ? {now} : {}])
  }
  return {
    condition: parts.map(([condition]) => condition).join(' AND '),
    values: Object.assign({}, ...parts.map(([, values]) => values)),
  }
}

function* parameters(filter: QueueFilter): Generator<[string, Record<string, SQLInputValue>]> {
  const {ids, destination, receivedBefore: before, receivedAfter: after, reason, sender, recipient} = filter
  if (ids !== undefined) yield ['m.id IN (SELECT value FROM json_each(:ids))', {ids: JSON.stringify(ids)}]
  if (destination !== undefined) yield ['r.destination = :destination', {destination}]
  if (before !== undefined) yield ['m.received_at < :before', {before}]
  if (after !== undefined) yield ['m.received_at > :after', {after}]
  if (sender !== undefined) yield addressIs('m.reverse_path', 'sender', sender)
  if (recipient !== undefined) yield addressIs('r.address', 'recipient', recipient)
  if (reason === undefined) return
  if (!STATUS.test(reason)) yield ['instr(lower(r.reason), lower(:reason)) > 0', {reason}]
  else if (reason.split('.').length === 3) yield ['r.status = :reason', {reason}]
  else yield ["substr(r.status, 1, length(:reason) + 1) = :reason || '.'", {reason}]
}

function addressIs(column: string, name: string, text: string): [string, Record<string, SQLInputValue>] {
  if (text === '' || /[^@]@/.test(text)) return [`lower(${column}) = lower(:${name})`, {[name]: text}]
  const domain = `@${text.replace(/^@/, '')}`
  return [`substr(lower(${column}), -length(:${name})) = lower(:${name})`, {[name]: domain}]
}
