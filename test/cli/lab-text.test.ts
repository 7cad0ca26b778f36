import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {listLab} from '../../src/app/list-lab.ts'
import {labTable} from '../../src/cli/lab-text.ts'

/** A terminal of this width, without colour. */
const terminal = (columns: number) => ({isTTY: true, columns}) as NodeJS.WriteStream

beforeEach(() => void vi.stubEnv('NO_COLOR', '1'))
afterEach(() => void vi.unstubAllEnvs())

describe.each([80, 100, 160])('the partners of the lab on a terminal of %i columns', (columns) => {
  test('fit in, and no name, domain or word is broken', async () => {
    const listing = await listLab('/nowhere')
    const text = await labTable(listing, terminal(columns))
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns)
    const words = new Set(text.split(/\s+/))
    for (const {name, trouble} of listing.partners) {
      for (const word of [name, ...trouble.split(/\s+/)])
        expect(
          [...words].some((one) => one.startsWith(word)),
          word,
        ).toBe(true)
    }
  })
})

test('partners of a group stand under its name alone', async () => {
  const text = await labTable(await listLab('/nowhere', ['keys']), terminal(80))
  expect(text).toMatch(/^keys: /)
  expect(text).not.toMatch(/^(chain|tls): /m)
})
