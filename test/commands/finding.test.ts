import {readFile} from 'node:fs/promises'
import {describe, expect, test} from 'vitest'
import {findingPage} from '../../scripts/docs/findings.ts'
import {explainFinding, FINDING_CODES} from '../../src/policy/explain-finding.ts'
import {run} from '../support/cli.ts'

describe('finding', () => {
  test('explains one: what it is, where it comes from, what to do, what becomes of mail', async () => {
    const {code, stdout} = await run(['finding', 'starttls-not-supported'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /RFC 8460 §4\.3\.1[\s\S]*mx1\.example\.mil[\s\S]*Where it comes from[\s\S]*Whose fault[\s\S]*What to do[\s\S]*At encrypt: not delivered/,
    )
  })

  test('lists all without a code', async () => {
    const {json} = await run(['finding', '--json'])
    expect(json.schema).toBe('postern.finding/1')
    expect(json.findings.map(({code}: {code: string}) => code)).toEqual([...FINDING_CODES].sort())
  })

  test('suggests the code that was meant', async () => {
    const ran = await run(['finding', 'starttls-striped', '--json'])
    expect(ran.code).toBe(64)
    expect(ran.json.error).toMatchObject({code: 'finding-unknown', hints: ['did you mean starttls-stripped?']})
  })
})

test.each(FINDING_CODES)('%s has a page: a title, causes, a remedy and an example', (code) => {
  const {title, explanation, causes, remedy, example} = explainFinding(code)
  expect([title, explanation, example, ...causes, ...remedy].filter((text) => text.trim() === '')).toEqual([])
  expect(causes).not.toEqual([])
  expect(remedy).not.toEqual([])
})

test('docs/findings.md is what the table says', async () => {
  const path = new URL('../../docs/findings.md', import.meta.url)
  expect(await readFile(path, 'utf8')).toBe(findingPage())
})
