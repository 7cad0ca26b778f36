import type {SQLInputValue} from 'node:sqlite'
import type {Database, Row} from './database.ts'
import {cursorInvalid} from './errors.ts'
import {State} from './schema.ts'
import {CONDITIONS, selection} from './selection.ts'
import type {
  DestinationSummary,
  QueueCounts,
  QueueDetail,
  QueueEntry,
  QueueFilter,
  QueuePage,
  QueueRecipient,
} from './store.ts'

const DEFAULT_PAGE = 100
const LARGEST_PAGE = 1000

/** The queue as an operator sees it. */
export class Listing {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** In the order of arrival. */
  list(filter: QueueFilter & QueuePage, now: number): {messages: QueueEntry[]; cursor: string | null} {
    const limit = Math.max(1, Math.min(filter.limit ?? DEFAULT_PAGE, LARGEST_PAGE))
    const sequences = this.#page(filter, now, limit + 1)
    const page = sequences.slice(0, limit)
    const messages = page.map((sequence) => this.#entry(this.#message(sequence), now))
    return {messages, cursor: sequences.length > limit ? String(page.at(-1)) : null}
  }

  show(messageId: string, now: number): QueueDetail | null {
    const message = this.#db.get('SELECT * FROM message WHERE id = ?', messageId)
    if (!message) return null
    const history = this.#db.all(
      'SELECT at, address, result, status, reason, evidence FROM history WHERE message = ? ORDER BY id',
      message.seq,
    )
    return {
      ...this.#entry(message, now),
      origin: message.origin,
      options: JSON.parse(message.options),
      history: history.map((row) => ({...row, evidence: JSON.parse(row.evidence)}) as QueueDetail['history'][number]),
    }
  }

  counts(now: number): QueueCounts {
    const {messages, size} = this.#db.get('SELECT count(*) AS messages, total(size) AS size FROM message')!
    const count = (condition: string) =>
      Number(this.#db.get(`SELECT count(*) AS n FROM recipient r WHERE ${condition}`, {now})!.n)
    const recipients = this.#db.get('SELECT count(*) AS n FROM recipient WHERE state < 2')!.n
    return {messages, size, recipients, due: count(CONDITIONS.due), held: count(CONDITIONS.held)}
  }

  /** Those with most messages first. */
  summary(filter: QueueFilter, now: number): DestinationSummary[] {
    const {condition, values} = selection(filter, now)
    // Rows of one destination stand together in the index, and in it by message.
    const rows = this.#db.all(
      `SELECT r.destination, count(DISTINCT r.message) AS messages, count(*) AS recipients, min(r.message) AS first
       FROM recipient r ${joined(condition)} WHERE ${condition} GROUP BY r.destination ORDER BY messages DESC, r.destination`,
      values,
    )
    const reasons = this.#mainReasons(condition, values)
    return rows.map(({destination, messages, recipients, first}) => {
      const {received_at: oldest} = this.#message(first)
      return {destination, messages, recipients, oldest, ...(reasons.get(destination) ?? {status: null, reason: null})}
    })
  }

  /** By destination, the status that is met most often. What was not tried yet waits for the same. */
  #mainReasons(condition: string, values: Record<string, SQLInputValue>) {
    const rows = this.#db.all(
      `SELECT destination, status, max(iif(status IS NULL, 0, n)), id FROM (
         SELECT r.destination, r.status, count(*) AS n, max(r.id) AS id
         FROM recipient r ${joined(condition)} WHERE ${condition} GROUP BY r.destination, r.status)
       GROUP BY destination`,
      values,
    )
    const reason = (id: number) => this.#db.get('SELECT reason FROM recipient WHERE id = ?', id)!.reason
    return new Map(rows.map(({destination, status, id}) => [destination, {status, reason: reason(id)}]))
  }

  #page({cursor, limit: _, ...filter}: QueueFilter & QueuePage, now: number, limit: number): number[] {
    const after = cursor === undefined ? 0 : Number(cursor)
    if (!Number.isSafeInteger(after) || after < 0) throw cursorInvalid()
    if (Object.keys(filter).length === 0)
      return this.#db.all('SELECT seq FROM message WHERE seq > ? ORDER BY seq LIMIT ?', after, limit).map((r) => r.seq)
    const {condition, values} = selection(filter, now)
    const rows = this.#db.all(
      `SELECT DISTINCT r.message FROM recipient r ${joined(condition)} WHERE r.message > :cursor AND ${condition}
       ORDER BY r.message LIMIT :limit`,
      {...values, cursor: after, limit},
    )
    return rows.map((row) => row.message)
  }

  #message(sequence: number): Row {
    return this.#db.get('SELECT * FROM message WHERE seq = ?', sequence)!
  }

  #entry({seq, id, reverse_path, size, received_at}: Row, now: number): QueueEntry {
    const recipients = this.#db.all(
      `SELECT r.*, lease.recipient IS NOT NULL AS leased FROM recipient r
       LEFT JOIN lease ON lease.recipient = r.id AND expires_at > ? WHERE message = ? ORDER BY r.id`,
      ...[now, seq],
    )
    return {id, reversePath: reverse_path, size, receivedAt: received_at, recipients: recipients.map(queueRecipient)}
  }
}

function queueRecipient({address, destination, attempts, due_at, status, reason, ...row}: Row): QueueRecipient {
  return {address, destination, state: stateOf(row), attempts, dueAt: due_at, status, reason}
}

function stateOf({leased, state}: Row): QueueRecipient['state'] {
  if (leased) return 'leased'
  return (Object.keys(State) as (keyof typeof State)[]).find((name) => State[name] === state)!
}

// Without a need the message's row is not read, and the index alone answers.
function joined(condition: string): string {
  return condition.includes('m.') ? 'JOIN message m ON m.seq = r.message' : ''
}
