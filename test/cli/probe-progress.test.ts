import {PassThrough} from 'node:stream'
import {expect, test} from 'vitest'
import {ProbeProgress} from '../../src/cli/probe-progress.ts'

function terminal() {
  const stream = Object.assign(new PassThrough(), {isTTY: true, columns: 120}) as unknown as NodeJS.WriteStream
  const last = () =>
    String((stream as unknown as PassThrough).read() ?? '')
      .split('\r\x1b[K')
      .at(-1)
  return {stream, last}
}

test('a bar grows with each target, and counts what did not pass', () => {
  const {stream, last} = terminal()
  const progress = new ProbeProgress(stream, 4)
  progress.result({verdict: 'pass'})
  expect(last()).toBe('[######------------------] 1/4  looking')
  progress.result({verdict: 'fail'})
  expect(last()).toBe('[############------------] 2/4, 1 not passed  looking')
  progress.clear()
  expect(last()).toBe('')
})

test('where nobody knows how many there are, it counts', () => {
  const {stream, last} = terminal()
  const progress = new ProbeProgress(stream, null)
  progress.result({verdict: 'undetermined'})
  expect(last()).toBe('1 done, 1 not passed  looking')
})

test('nobody watches a pipe', () => {
  const {stream} = terminal()
  expect(ProbeProgress.canBeSeen(stream)).toBe(process.env.TERM !== 'dumb')
  expect(ProbeProgress.canBeSeen(Object.assign(stream, {isTTY: false}))).toBe(false)
})
