import type {Database} from './database.ts'
import type {Suspension} from './store.ts'

/**
 * Destinations that an operator has taken out of delivery. The row is all there is to it: `Leases` passes over what it
 * names, and one whose time has come is as good as gone.
 */
export class Suspensions {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  suspend(destination: string, until: number | null, now: number): void {
    this.#db.run('INSERT OR REPLACE INTO suspension VALUES (?, ?, ?)', destination, now, until)
    this.#db.run('DELETE FROM suspension WHERE until <= ?', now)
  }

  resume(destination: string, now: number): boolean {
    this.#db.run('DELETE FROM suspension WHERE until <= ?', now)
    return this.#db.run('DELETE FROM suspension WHERE destination = ?', destination).changes > 0
  }

  inForce(now: number): Suspension[] {
    const rows = this.#db.all(
      'SELECT * FROM suspension WHERE until IS NULL OR until > ? ORDER BY destination',
      ...[now],
    )
    return rows.map(({destination, since, until}) => ({destination, since, until}))
  }
}
