import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {type Credential, makeCredential} from '../smtp/sasl/credential.ts'
import {isUnambiguous, preparePassword} from '../smtp/sasl/password.ts'
import {withLock} from '../state/files.ts'
import {nearest} from '../state/suggest.ts'
import {isUserName, readUsers, writeUser} from '../state/user-file.ts'
import type {AppWorld} from './world.ts'

export interface UserEntry {
  name: string
  iterations: number
}

type Place = Pick<AppWorld, 'configDir'>

const SHORTEST = 8

/** Everyone in users.yaml, by name. */
export async function listUsers({configDir}: Place): Promise<UserEntry[]> {
  const {credentials} = await readUsers(configDir)
  return [...credentials].map(([name, {iterations}]) => ({name, iterations})).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Throws `user-exists` (73) also where one differs in the case of letters alone: people would take them for the same. */
export async function addUser(place: Place, name: string, password: string): Promise<UserEntry> {
  const credential = await makeCredential(fitPassword(password))
  return withLock(place.configDir, async () => {
    await requireNewUser(place, name)
    return write(place, name, credential)
  })
}

/** Sets another password. Throws `user-unknown` (66). */
export async function changePassword(place: Place, name: string, password: string): Promise<UserEntry> {
  const credential = await makeCredential(fitPassword(password))
  return withLock(place.configDir, async () => {
    await requireUser(place, name)
    return write(place, name, credential)
  })
}

/** Throws `user-unknown` (66). */
export async function deleteUser(place: Place, name: string): Promise<UserEntry> {
  return withLock(place.configDir, async () => {
    const user = await requireUser(place, name)
    await writeUser(place.configDir, name, null)
    return user
  })
}

/** Before anybody is asked for a password. */
export async function requireNewUser(place: Place, name: string): Promise<void> {
  if (!isUserName(name)) {
    throw new PosternError('name-invalid', `"${printable(name)}" is no user name`, {
      exit: Exit.usage,
      hints: ['use 1 to 128 letters, digits and . @ _ + -, a letter or digit first'],
    })
  }
  const same = (await listUsers(place)).find((user) => user.name.toLowerCase() === name.toLowerCase())
  if (!same) return
  throw new PosternError('user-exists', `there is a user ${same.name} already`, {
    exit: Exit.cannotCreate,
    hints: [`another password: postern relay user password ${same.name}`],
  })
}

/** Throws `user-unknown` (66), with the name that was probably meant. */
export async function requireUser(place: Place, name: string): Promise<UserEntry> {
  const users = await listUsers(place)
  const found = users.find((user) => user.name === name)
  if (found) return found
  const names = users.map((user) => user.name)
  const meant = nearest(name, names)
  throw new PosternError('user-unknown', `there is no user ${printable(name)}`, {
    exit: Exit.missing,
    hints: [meant ? `did you mean ${meant}?` : 'postern relay user list shows them'],
  })
}

async function write({configDir}: Place, name: string, credential: Credential): Promise<UserEntry> {
  await writeUser(configDir, name, credential)
  return {name, iterations: credential.iterations}
}

/** As it is hashed. Throws `password-unfit` (65). */
function fitPassword(password: string): string {
  const prepared = preparePassword(password)
  if (prepared === null) {
    throw unfit('it is empty, very long, or has characters that nobody sees', 'use letters, digits, signs and blanks')
  }
  if ([...prepared].length < SHORTEST) throw unfit(`it has under ${SHORTEST} characters`, 'take a longer one')
  if (isUnambiguous(prepared)) return prepared
  throw unfit('mail programs do not agree on some of its characters', 'leave out ligatures, superscripts and the like')
}

function unfit(why: string, hint: string): PosternError {
  return new PosternError('password-unfit', `this password cannot be used: ${why}`, {exit: Exit.badData, hints: [hint]})
}
