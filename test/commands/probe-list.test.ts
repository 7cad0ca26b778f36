import {type ChildProcessWithoutNullStreams, spawn} from 'node:child_process'
import {mkdir, readdir, readFile, writeFile} from 'node:fs/promises'
import {createServer, type Server} from 'node:net'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {programPath, run, scratch} from '../support/cli.ts'
import {type ZoneServer, zoneServer} from '../support/zone.ts'

const SHARED = ['one', 'two', 'three', 'four', 'five', 'six']
const ZONE = `
null.example 60 MX 0 .
silent.example 60 MX 10 silent.test
silent.test 60 A 127.0.0.9
${SHARED.map((name) => `${name}.example 60 MX 10 mx.test`).join('\n')}
mx.test 60 A 127.0.0.1
`

let dns: ZoneServer
let server: Server
let silent: Server
let dir: string
let configDir: string
let temporary: Awaited<ReturnType<typeof scratch>>
const seen = {now: 0, most: 0, all: 0}

beforeAll(async () => {
  dns = await zoneServer(ZONE)
  server = createServer((socket) => {
    seen.now += 1
    seen.all += 1
    seen.most = Math.max(seen.most, seen.now)
    socket
      .on('error', () => {})
      .on('close', () => {
        seen.now -= 1
      })
    socket.write('220 mx ESMTP\r\n')
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n').filter(Boolean)) {
        if (/^QUIT/.test(line)) socket.end('221 bye\r\n')
        else if (/^EHLO/.test(line)) setTimeout(() => socket.write('250 mx\r\n'), 20)
        else socket.write('502 no\r\n')
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as {port: number}
  silent = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => silent.listen(port, '127.0.0.9', resolve))
  temporary = await scratch()
  dir = temporary.dir
  configDir = join(dir, 'config')
  await mkdir(configDir)
  const settings = `hostname: relay.example.org\ndns: {servers: ["${dns.address}"]}\nports: {smtp: ${port}, smtps: 1}\n`
  await writeFile(join(configDir, 'relay.yaml'), settings)
})

afterAll(async () => {
  await dns.stop()
  server.close()
  silent.close()
  await temporary[Symbol.asyncDispose]()
})

const probe = (args: string[], input = '') => run(['probe', ...args], {configDir, input})

/** The program while it runs, with the lines of its answer so far. */
function started(...args: string[]): {
  child: ChildProcessWithoutNullStreams
  lines(): string[]
  ended: Promise<number | null>
} {
  const env = {...process.env, POSTERN_CONFIG_DIR: configDir, POSTERN_DATA_DIR: join(dir, 'data')}
  const child = spawn(process.execPath, [programPath(), 'probe', ...args], {env, stdio: 'pipe'})
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  child.stdin.on('error', () => {})
  child.stderr.resume()
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {child, lines: () => text.split('\n').filter(Boolean), ended}
}

const targetOf = (line: string) => JSON.parse(line).results[0].target
const patience = {timeout: 30_000, interval: 50}

describe('a list', () => {
  test('is looked at while it is read: each answer comes before the next target is known', async () => {
    const {child, lines, ended} = started('--file', '-', '--format', 'jsonl')
    const targets = ['one.example', 'nowhere.test', 'two.example']
    for (const [i, target] of targets.entries()) {
      child.stdin.write(`${target}\n`)
      await expect.poll(() => lines().length, patience).toBe(i + 1)
    }
    child.stdin.end()
    expect(await ended).toBe(68)
    expect(lines().map(targetOf)).toEqual(targets)
  }, 60_000)

  test('may hold a line that is no domain: it is named, and spoils nothing', async () => {
    const ran = await probe(
      ['--file', '-', '--json'],
      '# partners\n\none.example\nfoo bar # typo\nONE.example\ntwo.example\n',
    )
    expect(ran.code).toBe(64)
    expect(ran.json.results.map(({target, exit}: {target: string; exit: number}) => [target, exit])).toEqual([
      ['one.example', 0],
      ['foo bar', 64],
      ['two.example', 0],
    ])
    expect(ran.json.results[1]).toMatchObject({
      verdict: 'undetermined',
      summary: 'stdin:4: "foo bar" is not a domain',
      findings: [{code: 'target-invalid'}],
    })
  })

  test('without line ends, of any length, is one bad line', async () => {
    const ran = await probe(['--file', '-', '--json'], 'x'.repeat(3_000_000))
    expect(ran.code).toBe(64)
    expect(ran.json.results).toHaveLength(1)
  })

  test('that is empty is a usage error', async () => {
    expect((await probe(['--file', '-'], '# nobody\n\n')).code).toBe(64)
  })

  test('ends with 1 where one fails, whatever else there is', async () => {
    const ran = await probe(['--file', '-', '--level', 'encrypt'], 'one.example\nfoo bar\nnull.example\n')
    expect(ran.code).toBe(1)
    expect(ran.stdout).toContain('3 targets: 2 failed, 1 could not be judged')
    expect(ran.stderr).toContain('stdin:2: "foo bar" is not a domain')
  })

  test('goes to a file as it comes, which has its name only when it is whole', async () => {
    const output = join(dir, 'answer.jsonl')
    const {child, ended} = started('--file', '-', '--format', 'jsonl', '--output', output)
    child.stdin.write('one.example\n')
    const temporaryFile = async () => (await readdir(dir)).find((name) => name.startsWith('.answer.jsonl.'))
    await expect.poll(temporaryFile, patience).toBeDefined()
    child.stdin.end('two.example\n')
    expect(await ended).toBe(0)
    expect((await readFile(output, 'utf8')).trimEnd().split('\n').map(targetOf).sort()).toEqual([
      'one.example',
      'two.example',
    ])
    expect(await temporaryFile()).toBeUndefined()
  }, 60_000)
})

describe('manners', () => {
  test('never two connections at once to one address, however many domains lead there', async () => {
    Object.assign(seen, {now: 0, most: 0, all: 0})
    const ran = await probe([
      ...SHARED.map((name) => `${name}.example`),
      '--concurrency',
      '6',
      '--pause',
      '10',
      '--json',
    ])
    expect(ran.code).toBe(0)
    expect(seen).toMatchObject({most: 1, all: SHARED.length})
  })

  test('but as many as are asked for', async () => {
    Object.assign(seen, {now: 0, most: 0, all: 0})
    const more = ['--concurrency', '6', '--per-address', '6', '--pause', '0']
    await probe([...SHARED.map((name) => `${name}.example`), ...more])
    expect(seen.most).toBeGreaterThan(1)
    expect(seen.most).toBeLessThanOrEqual(6)
  })

  test('and waiting for a turn does not count against a target', async () => {
    const args = ['--concurrency', '6', '--pause', '300', '--timeout', '1', '--json']
    const ran = await probe([...SHARED.map((name) => `${name}.example`), ...args])
    expect(ran.json.results.map(({timedOut}: {timedOut: boolean}) => timedOut)).toEqual(SHARED.map(() => false))
  })
})

describe('an interrupt', () => {
  test.each([
    ['jsonl', (text: string[]) => text.filter((line) => line.startsWith('{')).map(targetOf)],
    ['json', (text: string[]) => JSON.parse(text.join('\n')).results.map(({target}: {target: string}) => target)],
  ])(
    'prints what is done as %s, and ends with 130',
    async (format, targetsIn) => {
      const {child, lines, ended} = started('null.example', 'silent.example', '--format', format, '--concurrency', '1')
      dns.asked.length = 0
      await expect.poll(() => dns.asked.some((question) => question.includes('silent.test')), patience).toBe(true)
      child.kill('SIGINT')
      expect(await ended).toBe(130)
      expect(targetsIn(lines())).toEqual(['null.example'])
    },
    60_000,
  )

  test('ends also while the list is waited for', async () => {
    const {child, lines, ended} = started('--file', '-', '--format', 'jsonl')
    child.stdin.write('null.example\n')
    await expect.poll(() => lines().length, patience).toBe(1)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
  }, 60_000)
})
