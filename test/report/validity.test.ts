import {expect, test} from 'vitest'
import {validityBar} from '../../src/report/html/validity.ts'

const today = Date.parse('2026-11-28T00:00:00.000Z')

test.each([
  ['2016-01-01', '2016-12-31', [['12', 'start', '2016-01-01 to 2016-12-31']]],
  ['2026-12-28', '2026-12-29', [['318', 'end', '2026-12-28 to 2026-12-29']]],
  [
    '2026-01-01',
    '2027-01-01',
    [
      ['12', 'start', '2026-01-01'],
      ['318', 'end', '2027-01-01'],
    ],
  ],
])('the dates of a bar from %s to %s stand below its ends', (notBefore, notAfter, dates) => {
  const {text} = validityBar({notBefore, notAfter}, today, {x: 12, y: 71, width: 306})
  const drawn = [...text.matchAll(/<text class="small" x="([^"]+)" y="91" text-anchor="(\w+)">([^<]+)</g)]
  expect(drawn.map((found) => found.slice(1))).toEqual(dates)
})
