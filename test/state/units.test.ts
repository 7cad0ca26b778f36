import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {isName} from '../../src/state/names.ts'
import {nearest} from '../../src/state/suggest.ts'
import {formatDuration, parseDuration, parseSize} from '../../src/state/units.ts'

describe('durations and sizes', () => {
  test.each([
    ['90s', 90_000],
    ['27m', 1_620_000],
    ['4h', 14_400_000],
    ['5d', 432_000_000],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms))

  test.each(['', '5', 's', '-1m', '1.5h', '5 d', '5D', '0s', '99999d', '5m5s', '１m'])(
    'refuses %j as a duration',
    (text) => expect(parseDuration(text)).toBeNull(),
  )

  test.each([
    ['50MiB', 52_428_800],
    ['64KiB', 65_536],
    ['1GiB', 1_073_741_824],
    ['512B', 512],
  ])('reads %s', (text, octets) => expect(parseSize(text)).toBe(octets))

  test.each(['', '50', '50MB', '50 MiB', '0B', '-1B', '999999999GiB1'])('refuses %j as a size', (text) =>
    expect(parseSize(text)).toBeNull(),
  )

  test('writes what it reads back as the same', () => {
    fc.assert(
      fc.property(fc.integer({min: 1, max: 86_400 * 3650}), (seconds) => {
        expect(parseDuration(formatDuration(seconds * 1000))).toBe(seconds * 1000)
      }),
    )
  })
})

describe('names', () => {
  test.each(['a', 'secure-mil', 'r1', 'A.b_c-9', 'x'.repeat(64)])('takes %s', (name) => expect(isName(name)).toBe(true))

  test.each(['', '.', '..', '.hidden', '../x', 'a/b', 'a\\b', 'a b', 'a\n', 'é', '-x', 'a.', 'x'.repeat(65), 'a\0'])(
    'refuses %j',
    (name) => expect(isName(name)).toBe(false),
  )

  test('suggests the word that was meant, and nothing when none is near', () => {
    expect(nearest('secrue-mil', ['none', 'secure-mil'])).toBe('secure-mil')
    expect(nearest('zebra', ['none', 'secure'])).toBeNull()
  })
})
