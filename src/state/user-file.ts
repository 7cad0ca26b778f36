import {randomBytes} from 'node:crypto'
import {join} from 'node:path'
import * as v from 'valibot'
import {isMap} from 'yaml'
import {type Credential, formatCredential, parseCredential} from '../smtp/sasl/credential.ts'
import type {Users} from '../smtp/sasl/users.ts'
import {open, print} from './edit.ts'
import {writeFileAtomic} from './files.ts'
import {readUsersFile, USERS_FILE} from './scan.ts'
import {text} from './schema.ts'
import {YamlFile, type YamlSource} from './yaml-file.ts'

/** Who may authenticate, as users.yaml has it. */
export interface StoredUsers extends Users {
  /** The file; '' where there is none. */
  text: string
}

const LEAST_SECRET = 16

// Names are looked at one by one below: a record would leave out some that JavaScript has a meaning for.
const SCHEMA = v.strictObject(
  {
    decoySecret: text(`base64 of at least ${LEAST_SECRET} octets`, secretOf),
    users: v.custom<Record<string, unknown>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      'expected a mapping of names',
    ),
  },
  'expected a mapping with decoySecret and users',
)

/**
 * users.yaml; nobody where there is no such file. Throws (78) with file and line for anything in it that cannot be used, and
 * (77) when others can read it: a broken file never means "no users".
 */
export async function readUsers(dir: string): Promise<StoredUsers> {
  const file = await readUsersFile(dir)
  return file ? parseUsers(file) : {credentials: new Map(), decoySecret: Buffer.alloc(0), text: ''}
}

/** Throws (78) with file and line. */
export function parseUsers(source: YamlSource): StoredUsers {
  const file = new YamlFile(source)
  const {decoySecret, users} = file.read(SCHEMA)
  const credentials = new Map<string, Credential>()
  for (const [name, value] of Object.entries(users)) credentials.set(name, credentialOf(file, name, value))
  return {credentials, decoySecret, text: source.text}
}

/** Sets the credential of one user, or takes the user out with null. The caller holds the lock. */
export async function writeUser(dir: string, name: string, credential: Credential | null): Promise<void> {
  const path = join(dir, USERS_FILE)
  const before = (await readUsersFile(dir))?.text ?? newFile()
  const document = open(before)
  if (credential) document.setIn(['users', name], formatCredential(credential))
  else document.deleteIn(['users', name])
  const users = document.get('users')
  if (isMap(users) && users.flow) users.flow = users.items.length === 0
  const after = print(document, before)
  parseUsers({path, text: after})
  await writeFileAtomic(path, after, {mode: 0o600})
}

/** What a user may be called: also an address, but nothing that is written in more than one way. */
export function isUserName(name: string): boolean {
  return /^[A-Za-z0-9](?:[A-Za-z0-9.@_+-]{0,126}[A-Za-z0-9_-])?$/.test(name)
}

function credentialOf(file: YamlFile, name: string, value: unknown): Credential {
  const at = ['users', name]
  if (!isUserName(name)) {
    throw file.complain(at, 'expected a name of 1 to 128 letters, digits and . @ _ + -', 'give the user another name')
  }
  // What is there instead may be a password that somebody wrote in clear: it is not repeated.
  const credential = typeof value === 'string' ? parseCredential(value) : null
  if (credential) return credential
  throw file.complain(at, 'expected SCRAM-SHA-256$…, as Postern writes it', `postern relay user password ${name}`)
}

function secretOf(base64: string): Buffer | null {
  const secret = Buffer.from(base64, 'base64')
  return secret.length >= LEAST_SECRET && secret.toString('base64') === base64 ? secret : null
}

function newFile(): string {
  return `# Who may authenticate; passwords are salted hashes (RFC 5803). Written by: postern relay user
# Makes up answers for names that do not exist, so that nobody finds out which do.
decoySecret: ${randomBytes(24).toString('base64')}
users: {}
`
}
