import {randomInt} from 'node:crypto'

// Crockford's digits: no I, L, O, U, so that an id read aloud or copied by hand is not mistaken.
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const COUNTER = 32 ** 3

let counter = randomInt(COUNTER)

/**
 * A queue id: 16 characters that sort by time of making. Nine hold the millisecond (until the year 3084), three a
 * counter, so that one process never repeats itself within a millisecond, and four are random for the sake of others.
 */
export function newQueueId(now: number): string {
  counter = (counter + 1) % COUNTER
  return base32(now, 9) + base32(counter, 3) + base32(randomInt(32 ** 4), 4)
}

function base32(value: number, width: number): string {
  let text = ''
  for (let rest = value; text.length < width; rest = Math.floor(rest / 32)) text = DIGITS[rest % 32] + text
  return text
}
