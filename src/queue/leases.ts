import type {Database, Row} from './database.ts'
import {leaseLost} from './errors.ts'
import type {LeaseClaim, Reads} from './protocol.ts'
import {LEASED, type Selection, selection} from './selection.ts'
import type {Lease, LeasedRecipient} from './store.ts'

// A token is the count of openings of the queue, then the count of claims since: it only ever grows.
const CLAIMS_PER_OPENING = 2 ** 32

const DUE: Selection = {condition: 'r.state = 0 AND r.due_at <= :now', values: {}}

/** More of what is passed over than this, and the destinations are looked at one by one. */
const MOST_PASSED_OVER = 2000

// A step in the index for each, however many recipients one has.
const DESTINATIONS = `
  WITH RECURSIVE step (destination) AS (
    SELECT min(destination) FROM recipient WHERE state = 0
    UNION ALL
    SELECT (SELECT min(destination) FROM recipient WHERE state = 0 AND destination > step.destination)
    FROM step WHERE step.destination IS NOT NULL)
  SELECT destination FROM step WHERE destination IS NOT NULL`

interface Batch {
  message: number
  destination: string
  due_at: number
}

interface Most {
  limit: number
  perDestination: number
}

/**
 * Who delivers to which recipients, until when. A lease that has expired stays valid for its holder until another has
 * claimed the recipients: the token decides, not the clock.
 */
export class Leases {
  readonly #db: Database
  #lastToken: number

  constructor(db: Database) {
    this.#db = db
    this.#lastToken = db.get('SELECT count FROM opening')!.count * CLAIMS_PER_OPENING
  }

  claim({now, limit, leaseMs, exclude, only, perDestination = limit}: Parameters<Reads['claim']>[0]): Lease[] {
    const which = only ? selection(only, now) : DUE
    const batches = only
      ? this.#fitting(which, now, limit)
      : this.#due(now, {limit, perDestination}, new Set([...exclude, ...this.#suspended(now)]))
    return batches.map((batch) => this.#lease(batch, which, now, now + leaseMs))
  }

  /** Throws `lease-lost`, and then changes nothing. */
  renew(lease: LeaseClaim, until: number): void {
    for (const recipient of lease.recipients) this.check(lease, recipient)
    for (const recipient of lease.recipients)
      this.#db.run('UPDATE lease SET expires_at = ? WHERE recipient = ?', until, recipient)
  }

  release(lease: LeaseClaim): void {
    for (const recipient of lease.recipients)
      this.#db.run('DELETE FROM lease WHERE recipient = ? AND token = ?', recipient, lease.token)
  }

  /** The leased recipient's message and address. Throws `lease-lost` when the lease is not good for it (any more). */
  check(lease: LeaseClaim, recipient: number): {sequence: number; address: string} {
    const row = this.#db.get(
      `SELECT seq, address FROM lease l JOIN recipient r ON r.id = l.recipient JOIN message ON seq = r.message
       WHERE l.recipient = ? AND l.token = ? AND message.id = ?`,
      ...[recipient, lease.token, lease.messageId],
    )
    if (!row) throw leaseLost(lease.messageId)
    return {sequence: row.seq, address: row.address}
  }

  /** A recipient that somebody holds is due again when the lease ends, one of a suspended destination after that. */
  nextDue(): number | null {
    const {due} = this.#db.get(
      `SELECT min(due) AS due FROM (
         SELECT * FROM (SELECT due_at AS due FROM recipient r
           WHERE state = 0 AND NOT EXISTS (SELECT 1 FROM lease WHERE recipient = r.id)
           AND destination NOT IN (SELECT destination FROM suspension) ORDER BY due_at LIMIT 1)
         UNION ALL
         SELECT max(until, (SELECT min(due_at) FROM recipient r WHERE r.destination = s.destination AND state = 0))
           FROM suspension s
         UNION ALL
         SELECT max(due_at, expires_at) FROM lease JOIN recipient r ON r.id = recipient
           WHERE r.state = 0 AND destination NOT IN (SELECT destination FROM suspension))`,
    )!
    return due
  }

  #suspended(now: number): string[] {
    const rows = this.#db.all('SELECT destination FROM suspension WHERE until IS NULL OR until > ?', now)
    return rows.map(({destination}) => destination)
  }

  /** What waits longest. */
  #due(now: number, most: Most, passedOver: Set<string>): Batch[] {
    const batches = new Batches(most.limit)
    const full = new Set(passedOver)
    let passed = 0
    const rows = this.#db.iterate(
      `SELECT message, destination, due_at FROM recipient r WHERE ${DUE.condition} AND NOT ${LEASED}
       ORDER BY due_at, message, destination`,
      {now},
    )
    for (const row of rows) {
      if (full.has(row.destination)) {
        if (++passed > MOST_PASSED_OVER) return this.#dueByDestination(now, most, passedOver)
      } else {
        if (!batches.add(row)) break
        if (batches.of(row.destination) >= most.perDestination) full.add(row.destination)
      }
    }
    return batches.all
  }

  /** The same, for a look at every destination instead of one at everything that is due. */
  #dueByDestination(now: number, {limit, perDestination}: Most, passedOver: Set<string>): Batch[] {
    const destinations = this.#db.all(DESTINATIONS).filter(({destination}) => !passedOver.has(destination))
    const batches = destinations.flatMap(({destination}) =>
      this.#dueOf(destination, now, Math.min(limit, perDestination)),
    )
    // In the order of the other way, so that nobody's turn depends on which of them was taken.
    batches.sort((a, b) => a.due_at - b.due_at || a.message - b.message || (a.destination < b.destination ? -1 : 1))
    return batches.slice(0, limit)
  }

  #dueOf(destination: string, now: number, limit: number): Batch[] {
    const batches = new Batches(limit)
    const rows = this.#db.iterate(
      `SELECT message, destination, due_at FROM recipient r
       WHERE destination = :destination AND ${DUE.condition} AND NOT ${LEASED} ORDER BY due_at, message`,
      {destination, now},
    )
    for (const row of rows) if (!batches.add(row)) break
    return batches.all
  }

  #fitting({condition, values}: Selection, now: number, limit: number): Batch[] {
    const batches = new Batches(limit)
    const rows = this.#db.iterate(
      `SELECT r.message, r.destination, r.due_at FROM recipient r JOIN message m ON m.seq = r.message
       WHERE ${condition} AND NOT ${LEASED} ORDER BY r.message, r.destination`,
      {...values, now},
    )
    for (const row of rows) if (!batches.add(row)) break
    return batches.all
  }

  #lease(batch: Batch, {condition, values}: Selection, now: number, expiresAt: number): Lease {
    const token = ++this.#lastToken
    const recipients = this.#db
      .all(
        `SELECT r.id, r.address, r.options, r.attempts, r.warned
         FROM message m CROSS JOIN recipient r INDEXED BY recipient_message ON r.message = m.seq
         WHERE m.seq = :message AND r.destination = :to AND ${condition} AND NOT ${LEASED} ORDER BY r.id`,
        {...values, now, message: batch.message, to: batch.destination},
      )
      .map(leasedRecipient)
    for (const {id} of recipients) this.#db.run('INSERT OR REPLACE INTO lease VALUES (?, ?, ?)', id, token, expiresAt)
    const row = this.#db.get('SELECT * FROM message WHERE seq = ?', batch.message)!
    const {id: messageId, reverse_path: reversePath, received_at: receivedAt, size, origin} = row
    const details = {reversePath, options: JSON.parse(row.options), receivedAt, size, origin}
    return {messageId, destination: batch.destination, recipients, token, expiresAt, message: details}
  }
}

/** The first batches of an ordered run of recipients. */
class Batches {
  readonly #limit: number
  readonly #found = new Map<string, Batch>()
  readonly #perDestination = new Map<string, number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** False when another batch would be one too many. */
  add({message, destination, due_at}: Row): boolean {
    const key = `${message} ${destination}`
    if (this.#found.has(key)) return true
    if (this.#found.size >= this.#limit) return false
    this.#found.set(key, {message, destination, due_at})
    this.#perDestination.set(destination, this.of(destination) + 1)
    return true
  }

  /** How many there are of a destination. */
  of(destination: string): number {
    return this.#perDestination.get(destination) ?? 0
  }

  get all(): Batch[] {
    return [...this.#found.values()]
  }
}

function leasedRecipient({id, address, options, attempts, warned}: Row): LeasedRecipient {
  return {id, address, options: JSON.parse(options), attempts, warned: warned === 1}
}
