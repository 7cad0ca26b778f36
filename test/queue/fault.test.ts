import {execFile} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {describe, expect, test} from 'vitest'
import {canTrace} from '../support/machine.ts'
import {type LifeFault, lifeFault} from './life.ts'
import {testDirectory} from './support.ts'
import {parseTrace} from './trace.ts'

const run = promisify(execFile)
const life = new URL('./children/life.ts', import.meta.url).pathname

/** Every call by which the queue changes its disk. A page of the database is one pwrite64, so there are hundreds. */
const CALLS = ['fsync', 'fdatasync', 'ftruncate', 'unlink', 'writev', 'pwrite64']
/** All of them, one by one: some minutes. Otherwise every one of the few, and every 14th of the many. */
const ALL = process.env.POSTERN_FAULTS === 'all'
const STEP = ALL ? 1 : 14
const MOST_KILLS = ALL ? 1000 : 20

/** One life of a queue under strace. One pool thread, so that the calls of each thread are counted alike in each run. */
async function live(dir: string, inject: string[] = []) {
  const trace = join(dir, 'trace')
  const options = ['-f', '-y', '-o', trace, '-e', `trace=${CALLS.join(',')}`, ...inject]
  const env = {...process.env, UV_THREADPOOL_SIZE: '1'}
  // Of a process that was killed strace dies the same death.
  const {stdout} = await run('strace', [...options, process.execPath, life, join(dir, 'queue')], {env}).catch(
    (error: {stdout: string}) => error,
  )
  return {lines: stdout.trim().split('\n'), trace: readFileSync(trace, 'utf8')}
}

/** How often the busiest thread makes the call. */
function most(trace: string, name: string): number {
  const threads = new Map<string, number>()
  for (const [, thread, call] of trace.matchAll(/^(\d+) +(\w+)\(/gm)) {
    if (call === name) threads.set(thread!, (threads.get(thread!) ?? 0) + 1)
  }
  return Math.max(0, ...threads.values())
}

describe.runIf(canTrace('a fault at each storage call'))('a fault at a storage call', () => {
  test('loses nothing that was promised, whichever call it is, and the next opening recovers', async () => {
    const whole = testDirectory()
    const {lines, trace} = await live(whole)
    expect(lines.filter((line) => line.startsWith('NAK'))).toEqual([])
    expect(await lifeFault(join(whole, 'queue'), lines)).toBeNull()

    const faults: [string, number, string, LifeFault][] = []
    let [runs, struck] = [0, 0]
    for (const name of CALLS) {
      const step = name === 'pwrite64' ? STEP : 1
      const errors = ALL || name === 'writev' ? ['EIO', 'ENOSPC'] : ['EIO']
      for (let n = 1; n <= most(trace, name); n += step) {
        // The many alternate between the two errors.
        for (const error of name === 'pwrite64' && !ALL ? [['EIO', 'ENOSPC'][runs % 2]!] : errors) {
          const dir = testDirectory()
          const spoilt = await live(dir, ['-e', `inject=${name}:error=${error}:when=${n}`])
          const fault = await lifeFault(join(dir, 'queue'), spoilt.lines)
          if (fault) faults.push([name, n, error, fault])
          runs++
          if (parseTrace(spoilt.trace).some(({result}) => result.includes(error))) struck++
        }
      }
    }
    console.log(`fault test: ${runs} lives, a fault in ${struck}, ${faults.length} with a broken promise`)
    expect(faults).toEqual([])
    // Commits that share a transaction do not share it alike in each life, so that the last few places may not be there.
    expect(struck).toBeGreaterThan(runs * 0.9)
  }, 1_200_000)
})

describe.runIf(canTrace('a kill in a checkpoint'))('a kill in the middle of a checkpoint', () => {
  test('or at the end of a segment file loses nothing that was promised', async () => {
    const whole = testDirectory()
    const {trace} = await live(whole)
    // Only a checkpoint writes to the database file itself, once the tables are made.
    const calls = parseTrace(trace).filter(({name}) => CALLS.includes(name))
    const places = calls.flatMap(({name, args}, at) => {
      const checkpoint = /^\d+<[^>]*queue\.db>/.test(args)
      if (!checkpoint && name !== 'unlink') return []
      const before = calls.slice(0, at).filter((call) => call.name === name && call.thread === calls[at]!.thread)
      return [{name, when: before.length + 1}]
    })
    expect(places.length).toBeGreaterThan(10)
    const step = Math.max(1, Math.ceil(places.length / MOST_KILLS))
    const faults: unknown[] = []
    let kills = 0
    const chosen = places.filter((_, n) => n % step === 0)
    for (const {name, when} of chosen) {
      const dir = testDirectory()
      const killed = await live(dir, ['-e', `inject=${name}:signal=KILL:when=${when}`])
      // No two lives make quite the same calls: one may end before it comes to this place.
      if (killed.trace.includes('killed by SIGKILL')) kills++
      const fault = await lifeFault(join(dir, 'queue'), killed.lines)
      if (fault) faults.push([name, when, fault])
    }
    console.log(`checkpoint test: ${kills} kills at ${places.length} places, ${faults.length} with a loss`)
    expect(kills).toBeGreaterThan(chosen.length / 2)
    expect(faults).toEqual([])
  }, 300_000)
})

test('a write that is cut short, and the error behind it, lose nothing that was promised', async () => {
  const limits = [64, 100, 200, 300, 400]
  for (const kib of limits) {
    const dir = join(testDirectory(), 'queue')
    // Past the limit a write is cut short at it, and the next fails with EFBIG.
    const {stdout} = await run('bash', ['-c', `ulimit -f ${kib}; exec "$0" "$@"`, process.execPath, life, dir])
    const lines = stdout.trim().split('\n')
    expect(lines.some((line) => line.startsWith('NAK'))).toBe(true)
    expect([kib, await lifeFault(dir, lines)]).toEqual([kib, null])
  }
}, 60_000)
