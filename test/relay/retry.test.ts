import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {expiry, nextAttempt} from '../../src/relay/retry.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const times = {
  retry: 27 * MINUTE,
  retryMax: 4 * HOUR,
  warnAfter: 4 * HOUR,
  lifetime: 120 * HOUR,
  dsnLifetime: 24 * HOUR,
}
const middle = () => 0.5

function minutesUntilNext(attempts: number, change: Partial<Parameters<typeof nextAttempt>[1]> = {}): number {
  const now = 1_000 * HOUR
  const postponed = {attempts, receivedAt: now - 10 * HOUR, now, expiresAt: now + 100 * HOUR, warned: true, ...change}
  return (nextAttempt(times, postponed, middle) - now) / MINUTE
}

describe('the retry schedule', () => {
  test('begins at 27 minutes and doubles up to 4 hours', () => {
    expect([1, 2, 3, 4, 5, 6, 40, 4000].map((attempts) => minutesUntilNext(attempts))).toEqual([
      27, 54, 108, 216, 240, 240, 240, 240,
    ])
  })

  test('tries when the warning falls due, until it was given', () => {
    const receivedAt = 1_000 * HOUR - 3.9 * HOUR
    expect(minutesUntilNext(3, {receivedAt, warned: false})).toBeCloseTo(6)
    expect(minutesUntilNext(3, {receivedAt, warned: true})).toBe(108)
  })

  test('tries once more when life ends', () => {
    expect(minutesUntilNext(9, {expiresAt: 1_000 * HOUR + 5 * MINUTE})).toBe(5)
  })

  test('always lies ahead, spread by at most a tenth', () => {
    fc.assert(
      fc.property(
        fc.integer({min: 1, max: 1e6}),
        fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true}),
        (attempts, random) => {
          const postponed = {attempts, receivedAt: 0, now: HOUR, expiresAt: 120 * HOUR, warned: true}
          const wait = nextAttempt(times, postponed, () => random) - HOUR
          expect(wait).toBeGreaterThan(24 * MINUTE)
          expect(wait).toBeLessThanOrEqual(4.4 * HOUR)
        },
      ),
    )
  })

  test('gives DSNs a life of their own', () => {
    expect(expiry(times, {reversePath: 'a@b.example', receivedAt: 0})).toBe(120 * HOUR)
    expect(expiry(times, {reversePath: '', receivedAt: 0})).toBe(24 * HOUR)
  })
})
