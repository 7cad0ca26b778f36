import type {FailureAction, Level} from '../../src/policy/profile.ts'
import {FATES, type LawLine, LEVELS_OF_LAW, ONE_ATTEMPT, PUBLISHED} from './outcomes.law.ts'

/** One line of outcomes.txt: what is seen, who asks, and what becomes of it. */
export interface GoldenRow {
  situation: string
  level: Level
  action: FailureAction
  outcome: string
  fate: string
  status: string
}

export function goldenRows(): GoldenRow[] {
  const fates = FATES.map((row) => ({...row, level: 'secure' as const, outcome: 'path'}))
  return [...[...ONE_ATTEMPT, ...PUBLISHED].flatMap(expand), ...fates]
}

function expand(line: LawLine): GoldenRow[] {
  return LEVELS_OF_LAW.flatMap((level) =>
    (['tempfail', 'fail'] as const).map((action) => {
      const [outcome = '', manner, own] = line[level].split(':')
      return {
        situation: line.situation,
        level,
        action,
        outcome,
        ...fateOf(outcome, manner, level, action, Number(own ?? line.detail)),
      }
    }),
  )
}

// "Action applies at encrypt and secure only": everywhere else a refusal is a deferral.
function fateOf(outcome: string, manner: string | undefined, level: Level, action: FailureAction, detail: number) {
  if (outcome !== 'refused') return {fate: 'delivered', status: '-'}
  const byAction = action === 'fail' && (level === 'encrypt' || level === 'secure')
  const bounces = manner === 'bounces' || (manner === undefined && byAction)
  return bounces ? {fate: 'bounced', status: `5.7.${detail}`} : {fate: 'deferred', status: `4.7.${detail}`}
}

export function renderOutcomes(rows: GoldenRow[]): string {
  const head = [
    '# docs/outcomes.md row by row: situation | level | action | outcome of the attempt | fate | enhanced status.',
    '# Made by test/golden/write-outcomes.ts from test/golden/outcomes.law.ts; the judge is held to every line.',
  ]
  const cells = (row: GoldenRow) => [
    row.situation.padEnd(50),
    row.level.padEnd(9),
    row.action.padEnd(8),
    row.outcome.padEnd(8),
    row.fate.padEnd(9),
    row.status,
  ]
  return `${[...head, ...rows.map((row) => cells(row).join(' | '))].join('\n')}\n`
}

/** The rows that a text of `renderOutcomes` states. */
export function parseOutcomes(text: string): GoldenRow[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [situation, level, action, outcome, fate, status] = line.split(' | ').map((cell) => cell.trim())
    return {situation, level, action, outcome, fate, status} as GoldenRow
  })
}
