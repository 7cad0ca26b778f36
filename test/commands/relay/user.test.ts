import {chmod, readFile, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {type RunOptions, run, scratch} from '../../support/cli.ts'
import {CTRL_C, ENTER, Terminal, terminalMakers} from '../../support/pty.ts'

let dirs: RunOptions & {configDir: string; dataDir: string}
let space: Awaited<ReturnType<typeof scratch>>
let path: string
beforeEach(async () => {
  space = await scratch()
  dirs = {configDir: join(space.dir, 'config'), dataDir: join(space.dir, 'data')}
  path = join(dirs.configDir, 'users.yaml')
})
afterEach(() => space[Symbol.asyncDispose]())

const user = (words: string[], input?: string) =>
  run(['relay', 'user', ...words], {...dirs, ...(input === undefined ? {} : {input})})
const add = (name: string, password = 'correct horse') => user(['add', name, '--password-file', '-'], `${password}\n`)
const file = () => readFile(path, 'utf8')

describe('relay user', () => {
  test('add, list, password and delete keep salted hashes that only the owner reads', async () => {
    expect((await add('anna@example.org')).stdout).toBe('user anna@example.org added\n')
    await add('printer')
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600')
    expect(await file()).toMatch(/^users:\n {2}anna@example\.org: SCRAM-SHA-256\$50000:\S+\n {2}printer: SCRAM/m)
    expect(await file()).not.toContain('correct horse')
    const listed = await user(['list', '--json'])
    expect(listed.json).toEqual({
      schema: 'postern.relay-user-list/1',
      users: ['anna@example.org', 'printer'].map((name) => ({name, iterations: 50_000})),
    })
    const before = await file()
    const secret = join(space.dir, 'secret.txt')
    await writeFile(secret, 'battery staple\nand more\n')
    const changed = await user(['password', 'printer', '--password-file', secret, '--json'])
    expect(changed.json).toEqual({schema: 'postern.relay-user-password/1', user: {name: 'printer', iterations: 50_000}})
    const [old, now] = [before, await file()].map((text) => text.split('\n'))
    expect(now!.filter((line, i) => line !== old![i])).toEqual([expect.stringMatching(/^ {2}printer: /)])
    expect((await user(['delete', 'printer'])).stdout).toBe('user printer deleted\n')
    expect((await user(['list'])).stdout).not.toContain('printer')
    const checked = await run(['config', 'check', '--json'], dirs)
    expect(checked.json.counts.users).toBe(1)
  })

  test('takes no password from the command line', async () => {
    expect((await user(['add', 'printer', 'correct horse'])).code).toBe(64)
    expect((await user(['add', 'printer', '--password', 'correct horse'])).code).toBe(64)
  })

  test('without a terminal and a file is a usage error, and an open users.yaml one of permission', async () => {
    expect((await user(['add', 'other', '--json'])).json.error).toMatchObject({exit: 64, code: 'answer-missing'})
    await add('printer')
    await chmod(path, 0o640)
    const checked = await run(['config', 'check', '--json'], dirs)
    expect([checked.code, checked.json.error.code]).toEqual([77, 'users-readable'])
  })
})

describe.skipIf(terminalMakers.length === 0)('at a terminal', () => {
  const start = (...words: string[]) => {
    const env = {POSTERN_CONFIG_DIR: dirs.configDir, POSTERN_DATA_DIR: dirs.dataDir}
    return new Terminal(['relay', 'user', ...words], {env})
  }

  test('asks twice for the password, and does not show it', async () => {
    const terminal = start('add', 'printer')
    await terminal.see('New password of printer')
    terminal.type(`correct horse${ENTER}`)
    await terminal.see('The same again')
    terminal.type(`correct horse${ENTER}`)
    await terminal.see('user printer added')
    expect(await terminal.end()).toBe(0)
    expect(terminal.text).not.toContain('correct')
    expect(await file()).toContain('  printer: SCRAM-SHA-256$')
  })

  test('changes nothing when the two differ, or on ctrl-C', async () => {
    const differing = start('add', 'printer')
    await differing.see('New password')
    differing.type(`correct horse${ENTER}`)
    await differing.see('The same again')
    differing.type(`correct house${ENTER}`)
    await differing.see('the two passwords differ')
    expect(await differing.end()).toBe(65)
    const given = start('add', 'printer')
    await given.see('New password')
    given.type(CTRL_C)
    expect(await given.end()).toBe(130)
    await expect(file()).rejects.toMatchObject({code: 'ENOENT'})
  })
})
