import {spawnSync} from 'node:child_process'
import {cpSync, mkdirSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
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

function findOlderNode(): string | null {
  const candidates = [process.env.npm_node_execpath, '/usr/local/bin/node', '/usr/bin/node']
  for (const path of candidates) {
    if (!path) continue
    const {stdout} = spawnSync(path, ['--version'], {encoding: 'utf8', env: {...process.env, NODE_OPTIONS: ''}})
    if (stdout && Number(/^v(\d+)/.exec(stdout)?.[1]) < 24) return path
  }
  return null
}
