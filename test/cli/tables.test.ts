import {stripVTControlCharacters} from 'node:util'
import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {paintFor} from '../../src/cli/colour.ts'
import {type Cell, drawFacts, drawTable} from '../../src/cli/tables.ts'

function stream(isTTY: boolean, columns = 80): NodeJS.WriteStream {
  return {isTTY, columns} as NodeJS.WriteStream
}

describe('a table', () => {
  const rows: Cell[][] = [
    ['r1', ['example.mil', '.example.mil'], {text: 'secure', as: 'good'}],
    ['r2', 'everything', 'none'],
  ]

  test('in a pipe has one line a row, columns two blanks apart, and no blanks at the end', async () => {
    const text = await drawTable(['rule', 'mail', 'profile'], rows, {stream: stream(false)})
    expect(text).toBe(
      [
        'rule  mail                       profile',
        'r1    example.mil, .example.mil  secure',
        'r2    everything                 none',
      ].join('\n'),
    )
  })

  test('on a terminal has borders and a line for each entry of a list', async () => {
    const text = stripVTControlCharacters(await drawTable(['rule', 'mail', 'profile'], rows, {stream: stream(true)}))
    expect(text).toMatch(/│ r1 +│ example\.mil +│ secure +│\n│ +│ \.example\.mil +│ +│/)
  })

  test('never gets wider than the terminal, whatever stands in it', async () => {
    const cell = fc.string({maxLength: 120})
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), {minLength: 1, maxLength: 4}), async (made) => {
        const at = {stream: stream(true, 60)}
        for (const text of [
          await drawTable(['a', 'b', 'c'], made, at),
          await drawFacts(
            made.map(([a, b]) => [a.slice(0, 9), b]),
            at,
          ),
        ]) {
          const widest = Math.max(
            ...stripVTControlCharacters(text)
              .split('\n')
              .map((line) => line.length),
          )
          expect(widest).toBeLessThanOrEqual(60)
        }
      }),
      {numRuns: 50},
    )
  })

  test('breaks a word that is wider than its column, and loses nothing of it', async () => {
    const fingerprint = '0123456789abcdef'.repeat(4)
    const text = await drawTable(['x', 'y'], [['some words', fingerprint]], {stream: stream(true, 40)})
    const shown = stripVTControlCharacters(text).matchAll(/ ([0-9a-f]+) *│$/gm)
    expect([...shown].map(([, part]) => part).join('')).toBe(fingerprint)
  })

  test('shows control characters of foreign text instead of obeying them', async () => {
    const text = await drawTable(['banner'], [['\x1b[2J220 evil\x07']], {stream: stream(true)})
    expect(stripVTControlCharacters(text)).toContain('\\x1b[2J220 evil\\x07')
  })
})

describe('colour', () => {
  test.each([
    ['a pipe', false, {}, false],
    ['a terminal', true, {}, true],
    ['a terminal with NO_COLOR', true, {NO_COLOR: '1'}, false],
    ['a terminal that is dumb', true, {TERM: 'dumb'}, false],
    ['a pipe with FORCE_COLOR', false, {FORCE_COLOR: '1'}, true],
    ['a terminal with an empty NO_COLOR', true, {NO_COLOR: ''}, true],
    ['a terminal with FORCE_COLOR=0', true, {FORCE_COLOR: '0'}, false],
  ])('in %s', (_, isTTY, env, coloured) => {
    expect(paintFor(stream(isTTY), env).bad('x') !== 'x').toBe(coloured)
  })
})
