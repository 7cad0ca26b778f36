import {readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {judgePath} from '../../src/policy/judge.ts'
import {profileAt} from '../support/evidence.ts'
import {SEEN} from './outcomes.evidence.ts'
import {goldenRows, parseOutcomes, renderOutcomes} from './render-outcomes.ts'

const text = readFileSync(new URL('outcomes.txt', import.meta.url), 'utf8')
const rows = parseOutcomes(text)

test('outcomes.txt says what the law says', () => {
  expect(text).toBe(renderOutcomes(goldenRows()))
})

test('every situation is stated, and every statement has its situation', () => {
  expect([...new Set(rows.map((row) => row.situation))].sort()).toEqual(Object.keys(SEEN).sort())
})

describe('the judge says', () => {
  test.each(rows.map((row) => [`${row.situation} | ${row.level} | ${row.action}`, row] as const))('%s', (_, row) => {
    const seen = SEEN[row.situation]!
    const profile = profileAt(row.level, {onFailure: row.action, ...seen.profile})
    const verdict = judgePath(seen.path, () => profile)
    const outcome = row.outcome === 'path' ? 'path' : verdict.attempts[0]?.outcome
    expect({outcome, fate: verdict.fate, status: verdict.status ?? '-'}).toEqual({
      outcome: row.outcome,
      fate: row.fate,
      status: row.status,
    })
  })
})
