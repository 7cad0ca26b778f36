import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {lineDiff} from '../../src/report/line-diff.ts'

describe('a difference of lines', () => {
  test('shows what goes, what comes, and one line around it', () => {
    expect(lineDiff('a\nb\nc\nd\ne\n', 'a\nb\nX\nd\ne\n')).toEqual(['  b', '- c', '+ X', '  d'])
  })

  test('is empty where nothing differs', () => {
    expect(lineDiff('a\nb', 'a\nb')).toEqual([])
  })

  test('holds both texts whole', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), {maxLength: 12})
    fc.assert(
      fc.property(lines, lines, (one, other) => {
        const all = lineDiff(`${one.join('\n')}\n`, `${other.join('\n')}\n`, 99)
        if (one.join('\n') === other.join('\n')) return
        const side = (mark: string) => all.filter((line) => line[0] === mark || line[0] === ' ').map((l) => l.slice(2))
        expect([side('-'), side('+')]).toEqual([one.length ? one : [''], other.length ? other : ['']])
      }),
    )
  })

  test('of two large files that have nothing in common ends soon', () => {
    const large = (word: string) => Array.from({length: 5_000}, (_, i) => `${word}${i}`).join('\n')
    expect(lineDiff(large('a'), large('b'))).toHaveLength(10_000)
  })
})
