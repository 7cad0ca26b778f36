import {execFile} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {describe, expect, test} from 'vitest'
import {openQueue} from '../../src/queue/open.ts'
import {canTrace} from '../support/machine.ts'
import {markedBody} from './marked.ts'
import {bodyOf, testDirectory} from './support.ts'
import {orderFault, parseTrace} from './trace.ts'

const run = promisify(execFile)
const producer = new URL('./children/producer.ts', import.meta.url).pathname

async function trace(dir: string, count: number, lanes: number, options: string[] = []) {
  const file = join(dir, 'trace')
  const calls = 'trace=write,writev,pwrite64,pwritev,fsync,fdatasync'
  const strace = ['-f', '-y', '-s', '5000', '-e', calls, ...options, '-o', file]
  const child = [process.execPath, producer, join(dir, 'queue'), String(count), String(lanes)]
  const {stdout} = await run('strace', [...strace, ...child])
  return {answers: stdout.trim().split('\n'), calls: parseTrace(readFileSync(file, 'utf8'))}
}

describe.runIf(canTrace('order of system calls'))('the order of system calls', () => {
  test.each([1, 8])('has every sync of a message before its answer, with %i at a time', async (lanes) => {
    const {answers, calls} = await trace(testDirectory(), 24, lanes)
    expect(answers.filter((line) => line.startsWith('ACK'))).toHaveLength(24)
    expect(Array.from({length: 24}, (_, n) => orderFault(calls, n))).toEqual(Array(24).fill(null))
  })

  test('has one sync of the log for several messages that came together', async () => {
    const {calls} = await trace(testDirectory(), 60, 20)
    const [begin, end] = [
      calls.find((call) => call.args.includes('"ACK ')),
      calls.findLast((call) => call.args.includes('"ACK ')),
    ]
    const syncs = calls.filter(
      (call) =>
        call.name === 'fsync' && call.args.includes('-wal>') && call.start > begin!.start && call.end < end!.start,
    )
    expect(syncs.length).toBeLessThan(40)
  })

  test('has no second sync of the log after one that failed, and no answer but refusals', async () => {
    const dir = testDirectory()
    // The thread with the database makes the twentieth fsync of its life fail, and only that one.
    const {answers, calls} = await trace(dir, 30, 1, ['-e', 'inject=fsync:error=EIO:when=20'])
    const failed = calls.find(({name, result}) => name === 'fsync' && result.includes('EIO'))
    expect(failed?.args).toContain('queue.db-wal')
    const first = answers.findIndex((line) => line.startsWith('NAK'))
    expect(first).toBeGreaterThan(0)
    for (const [n, line] of answers.entries()) expect(line).toMatch(n < first ? /^ACK/ : /^NAK \d+ queue-failed$/)
    // Closing a file, SQLite syncs it; by then every answer has been given.
    const last = calls.findLast(({args}) => args.includes('"NAK '))!.start
    const again = calls.filter(({start, args}) => start > failed!.end && start < last && args.includes('-wal>'))
    expect(again).toEqual([])
    const queue = await openQueue({dir: join(dir, 'queue'), clock: {now: () => 0}})
    for (const line of answers.slice(0, first)) {
      const [, n, id] = line.split(' ')
      expect(await bodyOf(queue, id!)).toEqual(markedBody(Number(n)))
    }
    await queue.close()
  })
})

test('an answer that comes before the sync is found in a trace', () => {
  const lines = [
    '7 pwrite64(20<q/queue.db-wal>, "marker-1;marker-1;", 4096, 32) = 4096',
    '7 fsync(20<q/queue.db-wal> <unfinished ...>',
    '8 write(1<pipe:[1]>, "ACK 1 X\\n", 8) = 8',
    '7 <... fsync resumed>) = 0',
  ]
  expect(orderFault(parseTrace(lines.join('\n')), 1)).toBe('it was answered before its row was synced')
  const inOrder = [lines[0], lines[1], lines[3], lines[2]].join('\n')
  expect(orderFault(parseTrace(inOrder), 1)).toBeNull()
  expect(orderFault(parseTrace(inOrder.replace('= 0', '= -1 EIO')), 1)).toContain('before its row was synced')
})
