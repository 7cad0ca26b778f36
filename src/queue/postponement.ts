import type {Database} from './database.ts'
import type {Ages} from './store.ts'

/** A destination that cannot be reached waits as a whole, and comes back as a whole. */
export class Postponement {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** Leased recipients are postponed too: what the lease settles comes after this and wins. */
  postpone(destination: string, until: number, ages: Ages, now: number): number {
    return this.#db.run(
      `UPDATE recipient AS r SET due_at = max(due_at, (
         SELECT min(:until,
           received_at + CASE reverse_path WHEN '' THEN :dsnLifetime ELSE :lifetime END,
           CASE WHEN r.warned = 0 AND received_at + :warnAfter > :now THEN received_at + :warnAfter ELSE :until END)
         FROM message WHERE seq = r.message))
       WHERE destination = :destination AND state = 0 AND due_at < :until`,
      {destination, until, now, ...ages},
    ).changes
  }

  /** Those that wait for just that time are due now. */
  advance(destination: string, postponedTo: number, now: number): number {
    return this.#db.run(
      'UPDATE recipient SET due_at = :now WHERE destination = :destination AND state = 0 AND due_at = :postponedTo',
      {destination, postponedTo, now},
    ).changes
  }
}
