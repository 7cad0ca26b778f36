import type {Finding, Outcome} from './evidence.ts'
import type {Problem} from './problem.ts'
import type {Level} from './profile.ts'

/**
 * Somebody who wants something of this connection: the profile, DANE, MTA-STS or the message itself. Each is judged on
 * its own, all must be satisfied, and so a standard can raise the level and never lower it.
 */
export interface Demand {
  level: Level
  problems: Problem[]
  /** Refusals that no level softens. */
  refusals: Finding[]
  /** Worth saying, whatever the outcome. */
  remarks: Finding[]
  /** The outcome when it is satisfied. */
  best: Outcome
  /** Class of the status: the profile's action, or always 4 or 5. */
  persistence: 'action' | 'temporary' | 'permanent'
  /** Detail of the status when one of `refusals` decides. */
  detail: number
}

/** Fills in what a demand has nothing of. */
export function demandOf(demand: Pick<Demand, 'level' | 'best' | 'persistence'> & Partial<Demand>): Demand {
  return {problems: [], refusals: [], remarks: [], detail: 5, ...demand}
}
