import type {Dirent} from 'node:fs'
import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {LEVELS} from '../policy/profile.ts'
import {readUsersOctets, unreadable} from './files.ts'
import {isName} from './names.ts'

/** A file of the config directory, read as UTF-8. */
export interface ConfigFile {
  path: string
  /** To the config directory, with forward slashes. */
  relative: string
  text: string
}

type OctetsOf = (path: string) => Promise<Buffer>

export const USERS_FILE = 'users.yaml'

export type NamedFile = ConfigFile & {name: string}

export interface ConfigFiles {
  relay: ConfigFile | null
  policy: ConfigFile | null
  profiles: NamedFile[]
  cas: NamedFile[]
  all: ConfigFile[]
}

/** Reads every file that we know. A known name with a strange ending is an error, because skipping it would be silent. */
export async function readConfigFiles(dir: string): Promise<ConfigFiles> {
  const entries = await list(dir)
  const single = async (name: string) => (has(entries, dir, name) ? read(dir, name) : null)
  const relay = await single('relay.yaml')
  const policy = await single('policy.yaml')
  const profiles = await named(dir, 'profiles', '.yaml')
  const builtin = profiles.find(({name}) => isBuiltin(name))
  if (builtin) throw misnamed(builtin.path, `${builtin.name} is a built-in profile`, 'rename the file')
  const cas = await named(dir, 'ca', '.pem')
  return {relay, policy, profiles, cas, all: [relay, policy, ...profiles, ...cas].filter((file) => file !== null)}
}

/** users.yaml, which nobody else may read; null: there is none. It is no part of the revision, as keys are not. */
export async function readUsersFile(dir: string): Promise<ConfigFile | null> {
  return has(await list(dir), dir, USERS_FILE) ? read(dir, USERS_FILE, readUsersOctets) : null
}

/** The four level names cannot be taken, in whatever case: some file systems do not tell. */
export function isBuiltin(name: string): boolean {
  return (LEVELS as readonly string[]).includes(name.toLowerCase())
}

async function named(dir: string, folder: string, ending: string): Promise<NamedFile[]> {
  const entries = (await list(join(dir, folder))).filter(({name}) => !isIgnored(name))
  const files = entries.map(async ({name: file}) => {
    const name = file.slice(0, -ending.length)
    if (!file.endsWith(ending) || !isName(name)) {
      throw misnamed(join(dir, folder, file), `expected NAME${ending}`, 'rename the file, or move it elsewhere')
    }
    return {...(await read(dir, `${folder}/${file}`)), name}
  })
  return (await Promise.all(files)).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Editors and we ourselves leave temporary files; documentation may lie beside. */
function isIgnored(name: string): boolean {
  return name.startsWith('.') || /(~|\.bak|\.swp|\.md|\.txt)$/.test(name)
}

function has(entries: Dirent[], dir: string, name: string): boolean {
  const stem = name.replace(/\.yaml$/, '')
  const strange = entries.find((entry) => entry.name !== name && new RegExp(`^${stem}\\.ya?ml$`, 'i').test(entry.name))
  if (strange) throw misnamed(join(dir, strange.name), `expected ${name}`, `rename it to ${name}`)
  return entries.some((entry) => entry.name === name)
}

async function list(dir: string): Promise<Dirent[]> {
  try {
    return await readdir(dir, {withFileTypes: true})
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw unreadable(dir, error)
  }
}

async function read(dir: string, relative: string, octetsOf: OctetsOf = readFile): Promise<ConfigFile> {
  const path = join(dir, relative)
  const octets = await octetsOf(path).catch((error) => {
    throw error instanceof PosternError ? error : unreadable(path, error)
  })
  try {
    return {path, relative, text: new TextDecoder('utf-8', {fatal: true}).decode(octets)}
  } catch (cause) {
    throw new PosternError('configuration-invalid', `${path}:1: expected UTF-8 text`, {
      exit: Exit.badState,
      hints: ['save it as UTF-8'],
      cause,
    })
  }
}

function misnamed(path: string, message: string, hint: string): PosternError {
  return new PosternError('configuration-invalid', `${printable(path)}: ${message}`, {
    exit: Exit.badState,
    hints: [hint],
  })
}
