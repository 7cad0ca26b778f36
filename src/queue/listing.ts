import type {Database, Row} from './database.ts'
import {cursorInvalid} from './errors.ts'
import {State} from './schema.ts'
import type {QueueCounts, QueueDetail, QueueEntry, QueueFilter, QueueRecipient} from './store.ts'

const DEFAULT_PAGE = 100
const LARGEST_PAGE = 1000

const LEASED = 'r.id IN (SELECT recipient FROM lease WHERE expires_at > :now)'

// What each word means; a recipient has one of `waiting`, `held`, `leased`, and the due are a part of the waiting.
const CONDITIONS: Record<NonNullable<QueueFilter['state']>, string> = {
  leased: LEASED,
  held: `r.state = 1 AND NOT ${LEASED}`,
  waiting: `r.state = 0 AND NOT ${LEASED}`,
  due: `r.state = 0 AND r.due_at <= :now AND NOT ${LEASED}`,
}

/** The queue as an operator sees it. */
export class Listing {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** In the order of arrival. */
  list(filter: QueueFilter, now: number): {messages: QueueEntry[]; cursor: string | null} {
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

  #page({destination, state, cursor}: QueueFilter, now: number, limit: number): number[] {
    const after = cursor === undefined ? 0 : Number(cursor)
    if (!Number.isSafeInteger(after) || after < 0) throw cursorInvalid()
    if (destination === undefined && state === undefined)
      return this.#db.all('SELECT seq FROM message WHERE seq > ? ORDER BY seq LIMIT ?', after, limit).map((r) => r.seq)
    const conditions = ['r.message > :after', state ? CONDITIONS[state] : 'r.state < 2']
    if (destination !== undefined) conditions.push('r.destination = :destination')
    const sql = `SELECT DISTINCT message FROM recipient r WHERE ${conditions.join(' AND ')} ORDER BY message LIMIT :limit`
    const named = {after, limit, ...(sql.includes(':now') && {now}), ...(destination !== undefined && {destination})}
    return this.#db.all(sql, named).map((row) => row.message)
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
