import type {Database, Row} from './database.ts'
import {leaseLost} from './errors.ts'
import type {LeaseClaim, Reads} from './protocol.ts'
import type {Lease, LeasedRecipient} from './store.ts'

// A token is the count of openings of the queue, then the count of claims since: it only ever grows.
const CLAIMS_PER_OPENING = 2 ** 32

const LEASED = 'EXISTS (SELECT 1 FROM lease WHERE recipient = r.id AND expires_at > :now)'

interface Batch {
  message: number
  destination: string
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

  claim({now, limit, leaseMs, exclude}: Parameters<Reads['claim']>[0]): Lease[] {
    return this.#due(now, limit, exclude).map((batch) => this.#lease(batch, now, now + leaseMs))
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

  /** A recipient that somebody holds is due again when the lease ends. */
  nextDue(): number | null {
    const {due} = this.#db.get(
      `SELECT min(due) AS due FROM (
         SELECT * FROM (SELECT due_at AS due FROM recipient r
           WHERE state = 0 AND NOT EXISTS (SELECT 1 FROM lease WHERE recipient = r.id) ORDER BY due_at LIMIT 1)
         UNION ALL
         SELECT max(due_at, expires_at) FROM lease JOIN recipient r ON r.id = recipient WHERE r.state = 0)`,
    )!
    return due
  }

  /** Message and destination of what waits longest. */
  #due(now: number, limit: number, exclude: string[]): Batch[] {
    const batches = new Map<string, Batch>()
    const rows = this.#db.iterate(
      `SELECT message, destination FROM recipient r WHERE state = 0 AND due_at <= :now
       AND destination NOT IN (SELECT value FROM json_each(:exclude)) AND NOT ${LEASED}
       ORDER BY due_at, message, destination`,
      {now, exclude: JSON.stringify(exclude)},
    )
    for (const {message, destination} of rows) {
      const key = `${message} ${destination}`
      if (!batches.has(key) && batches.size >= limit) break
      batches.set(key, {message, destination})
    }
    return [...batches.values()]
  }

  #lease({message, destination}: Batch, now: number, expiresAt: number): Lease {
    const token = ++this.#lastToken
    const recipients = this.#db
      .all(
        `SELECT id, address, options, attempts, warned FROM recipient r
         WHERE message = :message AND destination = :destination AND state = 0 AND due_at <= :now AND NOT ${LEASED}
         ORDER BY id`,
        {message, destination, now},
      )
      .map(leasedRecipient)
    for (const {id} of recipients) this.#db.run('INSERT OR REPLACE INTO lease VALUES (?, ?, ?)', id, token, expiresAt)
    const row = this.#db.get('SELECT * FROM message WHERE seq = ?', message)!
    const {id: messageId, reverse_path: reversePath, received_at: receivedAt, size, origin} = row
    const details = {reversePath, options: JSON.parse(row.options), receivedAt, size, origin}
    return {messageId, destination, recipients, token, expiresAt, message: details}
  }
}

function leasedRecipient({id, address, options, attempts, warned}: Row): LeasedRecipient {
  return {id, address, options: JSON.parse(options), attempts, warned: warned === 1}
}
