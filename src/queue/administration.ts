import type {SQLInputValue} from 'node:sqlite'
import type {Database} from './database.ts'
import type {Messages} from './messages.ts'

const FREE = 'NOT EXISTS (SELECT 1 FROM lease WHERE recipient = r.id AND expires_at > :now)'

/** What an operator does to the queue. An empty list of ids means every message, but not for `remove`. */
export class Administration {
  readonly #db: Database
  readonly #messages: Messages

  constructor(db: Database, messages: Messages) {
    this.#db = db
    this.#messages = messages
  }

  /** Recipients on hold stay there; those that are being tried right now are left alone. */
  retryNow(ids: string[], now: number): number {
    return this.#each(ids, `UPDATE recipient AS r SET due_at = min(due_at, :now) WHERE state = 0 AND ${FREE}`, {now})
  }

  hold(ids: string[]): number {
    return this.#each(ids, 'UPDATE recipient AS r SET state = 1 WHERE state = 0')
  }

  unhold(ids: string[]): number {
    return this.#each(ids, 'UPDATE recipient AS r SET state = 0 WHERE state = 1')
  }

  /** Returns how many messages. */
  remove(ids: string[]): number {
    const sequences = [...new Set(ids)].map((id) => this.#messages.sequence(id)).filter((found) => found !== null)
    for (const sequence of sequences) this.#messages.delete(sequence)
    return sequences.length
  }

  #each(ids: string[], update: string, values: Record<string, SQLInputValue> = {}): number {
    if (ids.length === 0) return this.#db.run(update, values).changes
    const one = `${update} AND message = (SELECT seq FROM message WHERE id = :id)`
    return [...new Set(ids)].reduce((sum, id) => sum + this.#db.run(one, {...values, id}).changes, 0)
  }
}
