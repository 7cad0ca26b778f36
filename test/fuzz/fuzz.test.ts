import {afterAll, describe, expect, test} from 'vitest'
import {readCorpus} from './corpus.ts'
import {fuzz} from './engine.ts'
import type {Target} from './target.ts'
import {TARGETS} from './targets.ts'

// Long runs are for maintainers: npm run fuzz. Here every saved input is looked at again, and some that a fixed seed makes.
const SEED = 20_261_128
const MUTATIONS = 150

const opened: Target[] = []
afterAll(async () => {
  for (const target of opened) await target.close?.()
})

describe('octets of any kind meet with what they should at', () => {
  test.each([...TARGETS])('%s', async (name, open) => {
    const target = await open()
    opened.push(target)
    const most = readCorpus(name).length + MUTATIONS
    const {failure, executions} = await fuzz(target, {seed: SEED, enough: (done) => done >= most})
    const input = failure && JSON.stringify(failure.input.toString('latin1'))
    expect(failure?.error, `seed ${SEED}, execution ${executions}: ${input}`).toBeUndefined()
  })
})
