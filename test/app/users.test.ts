import {chmod, mkdir, readFile, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {addUser, changePassword, deleteUser, listUsers} from '../../src/app/users.ts'
import {isPassword} from '../../src/smtp/sasl/credential.ts'
import {readUsers} from '../../src/state/user-file.ts'
import {scratch} from '../support/cli.ts'

let space: Awaited<ReturnType<typeof scratch>>
let place: {configDir: string}
let path: string
beforeEach(async () => {
  space = await scratch()
  place = {configDir: join(space.dir, 'config')}
  path = join(place.configDir, 'users.yaml')
})
afterEach(() => space[Symbol.asyncDispose]())

const file = () => readFile(path, 'utf8')
const write = async (text: string) => {
  await mkdir(place.configDir, {recursive: true})
  await writeFile(path, text, {mode: 0o600})
}

describe('a user', () => {
  test('is added, changed and deleted without touching what others wrote', async () => {
    await addUser(place, 'printer', 'correct horse')
    await writeFile(path, (await file()).replace('  printer:', '  # on the second floor\n  printer:'))
    await addUser(place, 'anna@example.org', 'battery staple')
    expect(await file()).toMatch(/^ {2}# on the second floor\n {2}printer: SCRAM\S+\n {2}anna@example\.org: SCRAM/m)
    const before = (await file()).split('\n')
    await changePassword(place, 'printer', 'another horse')
    const changed = (await file()).split('\n').filter((line, i) => line !== before[i])
    expect(changed).toEqual([expect.stringMatching(/^ {2}printer: /)])
    const {credentials, decoySecret} = await readUsers(place.configDir)
    const hashed = credentials.get('printer')!
    expect(await Promise.all(['another horse', 'correct horse'].map((word) => isPassword(hashed, word)))).toEqual([
      true,
      false,
    ])
    await deleteUser(place, 'printer')
    expect(await listUsers(place)).toEqual([{name: 'anna@example.org', iterations: 50_000}])
    await deleteUser(place, 'anna@example.org')
    const empty = await readUsers(place.configDir)
    expect([empty.credentials.size, empty.decoySecret]).toEqual([0, decoySecret])
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600')
  })

  test('is added once, however many do it at a time', async () => {
    const names = ['a', 'b', 'c', 'a']
    const results = await Promise.allSettled(names.map((name) => addUser(place, name, 'correct horse')))
    expect(results.filter(({status}) => status === 'fulfilled')).toHaveLength(3)
    expect((await listUsers(place)).map(({name}) => name)).toEqual(['a', 'b', 'c'])
  })

  test.each([
    ['printer', 73, 'user-exists'],
    ['Printer', 73, 'user-exists'],
    ['../x', 64, 'name-invalid'],
    ['__proto__', 64, 'name-invalid'],
    ['a b', 64, 'name-invalid'],
    ['', 64, 'name-invalid'],
    ['x'.repeat(129), 64, 'name-invalid'],
    ['Ann\u00e9', 64, 'name-invalid'],
  ])('by the name %j is not added', async (name, exit, code) => {
    await addUser(place, 'printer', 'correct horse')
    const before = await file()
    await expect(addUser(place, name, 'correct horse')).rejects.toMatchObject({exit, code})
    expect(await file()).toBe(before)
  })

  test.each(['constructor', 'toString', 'hasOwnProperty', '7', 'true', 'null', 'a@b', 'a+b'])(
    'may be called %s',
    async (name) => {
      await addUser(place, name, 'correct horse')
      expect((await listUsers(place)).map((user) => user.name)).toEqual([name])
      await deleteUser(place, name)
      expect(await listUsers(place)).toEqual([])
    },
  )

  test('that does not exist is neither changed nor deleted', async () => {
    await addUser(place, 'printer', 'correct horse')
    const unknown = {exit: 66, code: 'user-unknown', hints: ['did you mean printer?']}
    await expect(deleteUser(place, 'printr')).rejects.toMatchObject(unknown)
    await expect(changePassword(place, 'printr', 'correct horse')).rejects.toMatchObject(unknown)
  })

  test.each(['short', '', 'tab\there too', 'second² one', 'zero\u200bwidth'])(
    'has no password such as %j',
    async (password) => {
      await expect(addUser(place, 'printer', password)).rejects.toMatchObject({exit: 65, code: 'password-unfit'})
      await expect(file()).rejects.toMatchObject({code: 'ENOENT'})
    },
  )
})

describe('users.yaml', () => {
  test.each([0o640, 0o604, 0o644])('with mode %o is refused', async (mode) => {
    await addUser(place, 'printer', 'correct horse')
    await chmod(path, mode)
    const open = {exit: 77, code: 'users-readable'}
    await expect(readUsers(place.configDir)).rejects.toMatchObject(open)
    await expect(addUser(place, 'scanner', 'correct horse')).rejects.toMatchObject(open)
  })

  const SECRET = 'decoySecret: AAAAAAAAAAAAAAAAAAAAAAAA\n'
  test.each([
    ['', 1, /expected a mapping/],
    ['users: {}\n', 1, /expected the key decoySecret/],
    [`${SECRET}users:\n`, 2, /expected a mapping of names/],
    [`${SECRET}users: [printer]\n`, 2, /expected a mapping of names/],
    [`${SECRET}users:\n  printer: correct horse\n`, 3, /expected SCRAM-SHA-256/],
    [`${SECRET}users:\n  printer:\n`, 3, /expected SCRAM-SHA-256/],
    [`${SECRET}users:\n  __proto__: x\n`, 3, /expected a name/],
    [`${SECRET}users:\n  a: x\n  a: y\n`, 4, /unique/],
    [`${SECRET}users: {}\nuser: {}\n`, 3, /expected no such key/],
    ['decoySecret: AAAA\nusers: {}\n', 1, /expected base64/],
    ['users: [\n', 2, /expected YAML/],
  ])('that says %j is an error at its line, not "no users"', async (text, line, message) => {
    await write(text)
    const error = await readUsers(place.configDir).catch((thrown: Error) => thrown)
    expect(error).toMatchObject({exit: 78, message: expect.stringMatching(message)})
    expect((error as Error).message).toContain(`users.yaml:${line}:`)
    expect((error as Error).message).not.toContain('correct horse')
  })

  test('by another ending is not passed over', async () => {
    await write('')
    await writeFile(join(place.configDir, 'users.yml'), 'users: {}\n')
    await expect(readUsers(place.configDir)).rejects.toMatchObject({exit: 78, hints: ['rename it to users.yaml']})
  })
})
