import type {Database, Row} from './database.ts'
import {messageUnknown, queueMisuse} from './errors.ts'
import type {InsertedMessage, StoredBody} from './protocol.ts'
import {State} from './schema.ts'

/** Rows of messages: put in, found, taken out when the last recipient is done. */
export class Messages {
  readonly #db: Database
  /** Segment files whose message is gone; they are unlinked once that is committed. */
  readonly doomedSegments: string[] = []

  constructor(db: Database) {
    this.#db = db
  }

  insert(message: InsertedMessage): void {
    const {id, body, recipients} = message
    if (recipients.length === 0) throw queueMisuse(`message ${id} has no recipient`)
    if (this.sequence(id) !== null) throw queueMisuse(`there is a message ${id} already`)
    const {lastInsertRowid} = this.#db.run(
      `INSERT INTO message (id, received_at, reverse_path, options, origin, size, crc, segment)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[id, message.receivedAt, message.reversePath, JSON.stringify(message.options), message.origin],
      ...[body.size, body.crc, body.segment],
    )
    if (body.octets) this.#db.run('INSERT INTO body VALUES (?, ?)', lastInsertRowid, body.octets)
    for (const {address, options, destination, dueAt = message.receivedAt} of recipients) {
      this.#db.run(
        `INSERT INTO recipient (message, address, options, destination, state, due_at, attempts, warned)
         VALUES (?, ?, ?, ?, ${State.waiting}, ?, 0, 0)`,
        ...[lastInsertRowid, address, JSON.stringify(options), destination, dueAt],
      )
    }
  }

  /** The message's number in the order of arrival; null when it is not in the queue. */
  sequence(id: string): number | null {
    return this.#db.get('SELECT seq FROM message WHERE id = ?', id)?.seq ?? null
  }

  body(id: string): StoredBody {
    const row: Row | undefined = this.#db.get(
      'SELECT size, crc, segment, octets FROM message LEFT JOIN body ON body.message = seq WHERE id = ?',
      id,
    )
    if (!row) throw messageUnknown(id)
    return {size: row.size, crc: row.crc, segment: row.segment, octets: row.octets}
  }

  /** Deletes the message when none of its recipients is left to deliver to. */
  deleteIfDone(sequence: number): void {
    const open = this.#db.get('SELECT 1 FROM recipient WHERE message = ? AND state < ?', sequence, State.delivered)
    if (!open) this.delete(sequence)
  }

  delete(sequence: number): void {
    const {segment} = this.#db.get('SELECT segment FROM message WHERE seq = ?', sequence) ?? {}
    this.#db.run('DELETE FROM lease WHERE recipient IN (SELECT id FROM recipient WHERE message = ?)', sequence)
    this.#db.run('DELETE FROM message WHERE seq = ?', sequence)
    if (segment) this.doomedSegments.push(segment)
  }

  /** The segment files that belong to a message. */
  segments(): Set<string> {
    return new Set(this.#db.all('SELECT segment FROM message WHERE segment IS NOT NULL').map((row) => row.segment))
  }
}
