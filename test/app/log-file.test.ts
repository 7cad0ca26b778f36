import {mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {LogFile} from '../../src/app/log-file.ts'
import {logLines, type ReadOptions} from '../../src/app/log-reader.ts'
import {scratch} from '../support/cli.ts'

let space: Awaited<ReturnType<typeof scratch>>
let path: string
beforeEach(async () => {
  space = await scratch()
  path = join(space.dir, 'log', 'relay.log')
})
afterEach(() => space[Symbol.asyncDispose]())

const clock = {sleep: (_ms: number, signal?: AbortSignal) => sleep(5, undefined, {signal})}
const lost = (lines: number) => `\n${lines} lost\n`
const logFile = (size = 100, keep = 3) => new LogFile(path, {size, keep}, lost, () => Date.now())
const names = async () => (await readdir(join(space.dir, 'log'))).sort()
async function all(options: ReadOptions = {}): Promise<string[]> {
  const lines: string[] = []
  for await (const line of logLines(clock, path, options)) lines.push(line)
  return lines
}

describe('a log in a file', () => {
  test('takes no more of the disk than its limits say, and loses only the oldest lines', async () => {
    const file = logFile()
    for (let i = 0; i < 200; i++) file.write(`line ${i}\n`)
    expect(await names()).toEqual(['relay.log', 'relay.log.1', 'relay.log.2', 'relay.log.3'])
    for (const name of await names()) expect((await stat(join(space.dir, 'log', name))).size).toBeLessThanOrEqual(100)
    const lines = await all()
    expect(lines.length).toBeGreaterThan(30)
    expect(lines).toEqual(Array.from({length: lines.length}, (_, i) => `line ${200 - lines.length + i}`))
  })

  test('is for its owner alone, and goes on where the last relay ended', async () => {
    logFile().write('one\n')
    logFile().write('two\n')
    expect(await all()).toEqual(['one', 'two'])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('is made anew once it was moved away and reopened', async () => {
    const file = logFile()
    file.write('one\n')
    await rename(path, `${path}.moved`)
    file.reopen()
    file.write('two\n')
    expect(await readFile(path, 'utf8')).toBe('two\n')
  })

  test('with fewer to keep than before gives the room back', async () => {
    const file = logFile()
    for (let i = 0; i < 200; i++) file.write(`line ${i}\n`)
    file.limits = {size: 100, keep: 1}
    for (let i = 0; i < 20; i++) file.write(`line ${i}\n`)
    expect(await names()).toEqual(['relay.log', 'relay.log.1'])
  })

  test('that cannot be written costs lines and nothing else, and says later how many', async () => {
    let now = 0
    await mkdir(join(space.dir, 'log'))
    await symlink('/dev/full', path)
    const file = new LogFile(path, {size: 1000, keep: 1}, lost, () => now)
    for (let i = 0; i < 5; i++) file.write('lost\n')
    await rm(path)
    now += 2000
    file.write('written\n')
    expect(await readFile(path, 'utf8')).toBe('\n5 lost\nwritten\n')
  })
})

describe('whoever follows a log', () => {
  async function following(file: LogFile, first: string): Promise<{seen: string[]; end(): Promise<void>}> {
    file.write(`${first}\n`)
    const seen: string[] = []
    const stop = new AbortController()
    const over = (async () => {
      for await (const line of logLines(clock, path, {follow: true, signal: stop.signal})) seen.push(line)
    })()
    await expect.poll(() => seen).toEqual([first])
    return {
      seen,
      async end() {
        stop.abort()
        await over
      },
    }
  }

  test('sees each line once and in order, however often it is rotated meanwhile', async () => {
    const file = logFile(300, 3)
    const {seen, end} = await following(file, 'start')
    const wanted = ['start']
    for (let round = 0; round < 20; round++) {
      // Up to three files in one go, so that rotation happens between two looks and more than once.
      for (let i = 0; i < (round % 4) * 15; i++) {
        wanted.push(`line ${round} ${i}`)
        file.write(`line ${round} ${i}\n`)
      }
      await expect.poll(() => seen.length, {timeout: 20_000, interval: 5}).toBe(wanted.length)
    }
    expect(seen).toEqual(wanted)
    await end()
  })

  test('goes on when the log was removed and a new relay makes it anew', async () => {
    const {seen, end} = await following(logFile(), 'old')
    await rm(path)
    logFile().write('new\n')
    await expect.poll(() => seen, {timeout: 20_000}).toEqual(['old', 'new'])
    await end()
  })

  test('goes on when the log was cut to nothing', async () => {
    const {seen, end} = await following(logFile(), 'a long first line')
    await writeFile(path, 'new\n')
    await expect.poll(() => seen, {timeout: 20_000}).toEqual(['a long first line', 'new'])
    await end()
  })

  test('waits for the end of a line', async () => {
    const file = logFile()
    const {seen, end} = await following(file, 'first')
    file.write('ha')
    file.write('lf\n')
    await expect.poll(() => seen, {timeout: 20_000}).toEqual(['first', 'half'])
    await end()
  })
})

test('older files are passed over where nothing in them is recent enough', async () => {
  const file = logFile()
  for (let i = 0; i < 20; i++) file.write(`line ${i}\n`)
  expect(await all({since: Date.now() + 60_000})).toEqual([])
})
