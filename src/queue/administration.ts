import type {Database, Row} from './database.ts'
import type {Messages} from './messages.ts'
import {LEASED, selection} from './selection.ts'
import type {QueueFilter} from './store.ts'

/** What an operator does to the queue, or to the part of it that fits a filter. */
export class Administration {
  readonly #db: Database
  readonly #messages: Messages

  constructor(db: Database, messages: Messages) {
    this.#db = db
    this.#messages = messages
  }

  /** Recipients on hold stay there; those that are being tried right now are left alone. */
  retryNow(filter: QueueFilter, now: number): number {
    return this.#update('due_at = min(due_at, :now)', `r.state = 0 AND NOT ${LEASED}`, filter, now)
  }

  hold(filter: QueueFilter, now: number): number {
    return this.#update('state = 1', 'r.state = 0', filter, now)
  }

  unhold(filter: QueueFilter, now: number): number {
    return this.#update('state = 0', 'r.state = 1', filter, now)
  }

  /** As `QueueStore.remove`. */
  remove(filter: QueueFilter, limit: number, now: number): number {
    const {ids, ...others} = filter
    if (ids && Object.keys(others).length === 0) return this.#removeWhole(ids)
    const found = this.#removable(filter, limit, now)
    for (const recipient of [...found.values()].flat()) this.#strike(recipient, now)
    for (const message of found.keys()) this.#messages.deleteIfDone(message)
    return found.size
  }

  /** Recipients of the first `limit` messages, by message. */
  #removable(filter: QueueFilter, limit: number, now: number): Map<number, Row[]> {
    const found = new Map<number, Row[]>()
    const {sql, values} = this.#matching('r.id, r.message, r.address', `NOT ${LEASED}`, filter, now)
    for (const row of this.#db.iterate(`${sql} ORDER BY r.message`, values)) {
      if (!found.has(row.message) && found.size >= limit) break
      found.set(row.message, [...(found.get(row.message) ?? []), row])
    }
    return found
  }

  // The other recipients of the message go on, and its history says what became of this one.
  #strike({id, message, address}: Row, now: number): void {
    this.#db.run('DELETE FROM recipient WHERE id = ?', id)
    this.#db.run(
      "INSERT INTO history (message, at, address, result, reason) VALUES (?, ?, ?, 'deleted', 'by hand')",
      ...[message, now, address],
    )
  }

  #removeWhole(ids: string[]): number {
    const sequences = [...new Set(ids)].map((id) => this.#messages.sequence(id)).filter((found) => found !== null)
    for (const sequence of sequences) this.#messages.delete(sequence)
    return sequences.length
  }

  #update(assignment: string, which: string, filter: QueueFilter, now: number): number {
    const {sql, values} = this.#matching('r.id', which, filter, now)
    const update = `UPDATE recipient SET ${assignment} WHERE id IN (${sql})`
    return this.#db.run(update, {...values, ...(update.includes(':now') && {now})}).changes
  }

  #matching(columns: string, which: string, filter: QueueFilter, now: number) {
    const {condition, values} = selection(filter, now)
    const sql = `SELECT ${columns} FROM recipient r JOIN message m ON m.seq = r.message WHERE ${condition} AND ${which}`
    return {sql, values: {...values, ...(sql.includes(':now') && {now})}}
  }
}
