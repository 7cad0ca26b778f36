import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {afterAll, describe, expect, test} from 'vitest'

// npm tells which Node it runs under itself; on a machine whose own Node is older than 24 that is the one to try.
const root = new URL('../..', import.meta.url).pathname
const older = findOlderNode()
const dir = mkdtempSync(join(tmpdir(), 'postern-older-'))
afterAll(() => rmSync(dir, {recursive: true, force: true}))

if (!older) console.log("skipped: the older-Node tests, because this machine's own Node is 24 or newer")

describe.skipIf(!older)('bin/run.js under an older Node', () => {
  const env = {...process.env, NODE_OPTIONS: ''}

  test('re-runs itself under the local Node 24 and hands on the exit code', () => {
    expect(spawnSync(older!, [join(root, 'bin/run.js'), '--version'], {encoding: 'utf8', env}).stdout).toMatch(
      /node-v24/,
    )
    expect(spawnSync(older!, [join(root, 'bin/run.js'), 'nonsense'], {encoding: 'utf8', env}).status).toBe(64)
  })

  test.each([
    ['SIGTERM', {code: 0, signal: null}, 'exit 0'],
    ['SIGKILL', {code: null, signal: 'SIGKILL'}, ''],
  ] as const)('ends by %s when the program has ended by it, and as it did', async (name, end, said) => {
    // The program stands in for a relay: it takes its time to stop, or is killed.
    const place = join(dir, name)
    mkdirSync(join(place, 'bin'), {recursive: true})
    mkdirSync(join(place, 'node_modules/.bin'), {recursive: true})
    cpSync(join(root, 'bin/run.js'), join(place, 'bin/run.js'))
    writeFileSync(join(place, 'package.json'), '{"type": "module"}')
    writeFileSync(join(place, 'node_modules/.bin/node'), STUBBORN, {mode: 0o755})
    const child = spawn(older!, [join(place, 'bin/run.js')], {stdio: ['ignore', 'pipe', 'ignore'], env})
    const ended = once(child, 'exit')
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    const pid = Number((await lines.next()).value)
    process.kill(name === 'SIGKILL' ? pid : child.pid!, name)
    const [code, signal] = await ended
    expect([{code, signal}, (await lines.next()).value ?? '']).toEqual([end, said])
  })

  test('says in one line what to do where there is none', () => {
    mkdirSync(join(dir, 'bin'))
    cpSync(join(root, 'bin/run.js'), join(dir, 'bin/run.js'))
    cpSync(join(root, 'package.json'), join(dir, 'package.json'))
    const {status, stderr} = spawnSync(older!, [join(dir, 'bin/run.js'), '--version'], {encoding: 'utf8', env})
    expect(status).toBe(69)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(/needs Node 24 or newer/)
  })
})

const STUBBORN = `#!/bin/sh
trap 'sleep 0.3; echo exit 0; exit 0' TERM
echo $$
while :; do sleep 0.05; done
`

function findOlderNode(): string | null {
  const candidates = [process.env.npm_node_execpath, '/usr/local/bin/node', '/usr/bin/node']
  for (const path of candidates) {
    if (!path) continue
    const {stdout} = spawnSync(path, ['--version'], {encoding: 'utf8', env: {...process.env, NODE_OPTIONS: ''}})
    if (stdout && Number(/^v(\d+)/.exec(stdout)?.[1]) < 24) return path
  }
  return null
}
