import type {PartnerRow} from '../app/demo/story.ts'
import type {Outcome} from '../policy/evidence.ts'
import {LEVELS} from '../policy/profile.ts'
import type {Shade} from './colour.ts'
import {type Cell, drawTable} from './tables.ts'

const SHADE: Record<Outcome, Shade> = {
  verified: 'good',
  tls: 'warning',
  clear: 'bad',
  refused: 'strong',
  unreachable: 'faint',
}

/** What each partner got at each level. */
export function demoTable(rows: readonly PartnerRow[]): Promise<string> {
  const body = rows.map((row): Cell[] => [
    row.target,
    ...LEVELS.map((level): Cell => ({text: row.levels[level], as: SHADE[row.levels[level]]})),
    row.told ? row.trouble : `NOT AS DECLARED: ${row.trouble}`,
  ])
  return drawTable(['partner', ...LEVELS, 'what is wrong with it'], body)
}
