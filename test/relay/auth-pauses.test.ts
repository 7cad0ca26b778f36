import {describe, expect, test} from 'vitest'
import {AuthPauses} from '../../src/relay/auth-pauses.ts'

describe('the pause after a failed authentication', () => {
  test('doubles for the same client up to eight seconds, and for nobody else', () => {
    const pauses = new AuthPauses()
    expect([1, 2, 3, 4, 5, 6, 7].map((second) => pauses.after('192.0.2.1', second * 1000))).toEqual([
      500, 1000, 2000, 4000, 8000, 8000, 8000,
    ])
    expect(pauses.after('192.0.2.2', 8000)).toBe(500)
  })

  test('begins anew after ten quiet minutes', () => {
    const pauses = new AuthPauses()
    pauses.after('192.0.2.1', 0)
    expect(pauses.after('192.0.2.1', 599_999)).toBe(1000)
    expect(pauses.after('192.0.2.1', 1_200_000)).toBe(500)
  })

  test('remembers no more than ten thousand clients, the latest', () => {
    const pauses = new AuthPauses()
    for (let i = 0; i <= 10_000; i++) pauses.after(`client ${i}`, i)
    expect(pauses.after('client 10000', 10_001)).toBe(1000)
    expect(pauses.after('client 0', 10_001)).toBe(500)
  })
})
