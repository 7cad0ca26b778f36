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
    const text = await drawTable(['x', 'y'], [['some words', fingerprint]], {stream: stream(true, 60)})
    const shown = stripVTControlCharacters(text).matchAll(/ ([0-9a-f]+) *│$/gm)
    expect([...shown].map(([, part]) => part).join('')).toBe(fingerprint)
  })

  describe('that does not fit', () => {
    const head = ['ca', 'certificate', 'role', 'key', 'expires', 'comment']
    const wide: Cell[][] = [
      ['lab-root', 'CN=mx.long.example.mil issued by Example CA', 'intermediate', 'ec-256', '2036-11-25', ''],
    ]
    const drawn = async (columns: number, spare: string[] = []) =>
      stripVTControlCharacters(await drawTable(head, wide, {stream: stream(true, columns), spare}))

    test('does without columns that hold nothing', async () => {
      expect(await drawn(120)).not.toContain('comment')
    })

    test('does without its spare columns, so that no word is broken', async () => {
      const text = await drawn(70, ['key', 'role', 'expires'])
      expect(text).not.toContain('ec-256')
      expect(text).toContain('intermediate')
      for (const word of ['CN=mx.long.example.mil', '2036-11-25', 'lab-root']) expect(text).toContain(word)
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(70)
    })

    test('says in each row of a list whose it is', async () => {
      const rows: Cell[][] = [
        ...wide,
        ['', 'CN=Root of the other intermediate.example', 'root', 'ec-256', '2036-11-25', ''],
      ]
      const text = await drawTable(head, rows, {stream: stream(true, 40)})
      expect(stripVTControlCharacters(text).match(/^ca +lab-root$/gm)).toHaveLength(2)
    })

    test.each([60, 40])('is a list of facts for each row at %i columns, and loses nothing', async (columns) => {
      const text = await drawn(columns, ['key'])
      expect(text).not.toContain('│')
      for (const word of ['CN=mx.long.example.mil', 'ec-256', '2036-11-25']) expect(text).toContain(word)
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns)
    })
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
