import {expect} from 'vitest'
import {type RunOptions, run} from './cli.ts'

/** An answer of two lines, what is wrong (with this word in it) and a hint, and nothing on stdout; or one document. */
export async function expectRefusal(args: string[], at: RunOptions, code: number, word: string): Promise<void> {
  const answer = await run(args, at)
  expect([answer.code, answer.stdout]).toEqual([code, ''])
  const lines = answer.stderr.trimEnd().split('\n')
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatch(/^postern: /)
  expect(lines[1]).toMatch(/^ {2}hint: /)
  expect(answer.stderr).toContain(word)
  const {json} = await run([...args, '--json'], at)
  expect(json).toMatchObject({schema: 'postern.error/1', error: {exit: code, hints: [expect.any(String)]}})
}
