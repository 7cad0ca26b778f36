import {type ChildProcess, spawn} from 'node:child_process'
import {existsSync} from 'node:fs'
import {lstat, mkdir, readdir, readFile, readlink, rename, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {inCopy} from '../../src/app/setup-copy.ts'
import {realWorld} from '../../src/app/world.ts'
import {withLock} from '../../src/state/files.ts'
import {programPath, run} from '../support/cli.ts'
import {type Home, type Place, startPlace, tree} from './setup-place.ts'

describe('setup, interrupted', () => {
  let place: Place
  let home: Home

  beforeAll(async () => {
    place = await startPlace()
  })

  afterAll(() => place[Symbol.asyncDispose]())

  beforeEach(async () => {
    home = await place.home()
    return () => home[Symbol.asyncDispose]()
  })

  const launch = (domain: string) => {
    const args = ['setup', '--domain', domain, '--ca', place.root, '--hostname', 'relay.example.org', '--yes']
    return new Launched(args, {POSTERN_CONFIG_DIR: home.configDir, ...home.env})
  }

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s during the probe leaves nothing behind', async (signal) => {
    const before = await tree(home.configDir)
    const program = launch('banner-silence.example')
    await until(async () => (await readdir(home.temporary)).length > 0)
    program.child.kill(signal)
    expect(await program.end()).toEqual({code: 130, signal: null})
    expect(program.stderr).toContain('nothing was written')
    expect(await tree(home.configDir)).toEqual(before)
    expect(await readdir(home.temporary)).toEqual([])
  })

  // The lock is ours until the program stands before it, in the midst of writing.
  test.skipIf(!existsSync('/proc/self/fd')).each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s while it writes waits until all is written',
    async (signal) => {
      const program = await withLock(home.configDir, async () => {
        const launched = launch('example.mil')
        await until(() => hasOpen(launched.child.pid!, join(home.configDir, '.lock')))
        launched.child.kill(signal)
        return launched
      })
      expect(await program.end()).toEqual({code: null, signal})
      expect(program.stdout).toContain('Written.')
      expect((await run(['config', 'check'], {configDir: home.configDir})).code).toBe(0)
      const again = launch('example.mil')
      expect(await again.end()).toEqual({code: 0, signal: null})
      expect(again.stdout).toContain('nothing to write')
    },
  )

  test.each(['identity', 'ca', 'profiles', 'policy.yaml'])(
    'killed once %s is there, it leaves sound files, and a second run completes them',
    async (name) => {
      const program = launch('example.mil')
      await until(async () => existsSync(join(home.configDir, name)) || program.child.exitCode !== null)
      program.child.kill('SIGKILL')
      await program.end()
      const check = await run(['config', 'check'], {configDir: home.configDir})
      expect(check.code, check.stderr).toBe(0)
      const again = launch('example.mil')
      expect((await again.end()).code, again.stderr).toBe(0)
      const {json} = await run(['policy', 'list', '--json'], {configDir: home.configDir})
      expect(json.rules).toMatchObject([{id: 'r1', profile: 'secure-example-mil'}])
    },
  )

  test('its copy of the config directory has no links to write through, and no private keys', async () => {
    const {configDir} = home
    await mkdir(join(home.dir, 'elsewhere'))
    await rename(join(configDir, 'relay.yaml'), join(home.dir, 'elsewhere', 'relay.yaml'))
    await symlink(join(home.dir, 'elsewhere', 'relay.yaml'), join(configDir, 'relay.yaml'))
    await run(['identity', 'create', 'default'], {configDir})
    const copied = await inCopy(realWorld({configDir, dataDir: home.dir}), async (copy) => {
      expect((await lstat(join(copy.configDir, 'relay.yaml'))).isFile()).toBe(true)
      return readdir(copy.configDir)
    })
    expect(copied).toEqual(['relay.yaml'])
  })

  test('a policy.yaml that is a link stays one, and what it points at is written', async () => {
    const target = join(home.dir, 'policy.yaml')
    await symlink(target, join(home.configDir, 'policy.yaml'))
    await writeFile(target, '# kept in git\nrules: []\n')
    expect((await launch('example.mil').end()).code).toBe(0)
    expect((await lstat(join(home.configDir, 'policy.yaml'))).isSymbolicLink()).toBe(true)
    expect(await readFile(target, 'utf8')).toMatch(/^# kept in git\n[\s\S]*secure-example-mil/)
  })
})

/** The program, to be interrupted. */
class Launched {
  readonly child: ChildProcess
  readonly #ended: Promise<{code: number | null; signal: NodeJS.Signals | null}>
  stdout = ''
  stderr = ''

  constructor(args: string[], env: Record<string, string>) {
    this.child = spawn(process.execPath, [programPath(), ...args], {
      env: {...process.env, ...env},
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.#ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve({code, signal})))
  }

  end() {
    return this.#ended
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 6000; round++) {
    if (await condition()) return
    await sleep(5)
  }
  throw new Error('it never came to that')
}

async function hasOpen(pid: number, path: string): Promise<boolean> {
  const dir = `/proc/${pid}/fd`
  const names = await readdir(dir).catch(() => [])
  const open = await Promise.all(names.map((name) => readlink(join(dir, name)).catch(() => '')))
  return open.includes(path)
}
