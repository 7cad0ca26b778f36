import {randomBytes} from 'node:crypto'
import {type FileHandle, lchown, lstat, mkdir, open, readFile, realpath, rename, stat, unlink} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'

export {withLock} from './lock.ts'

/** Only the owner looks into the directories of Postern: profiles tell an attacker which partner is guarded least. */
const DIRECTORY_MODE = 0o700

/**
 * Replaces a file so that a reader, and a machine that loses power, sees the old content or the new one and never a
 * part: temporary file in the same directory, fsync, rename, fsync of the directory. Missing directories are made. A
 * symbolic link stays one; what it points at is replaced. `mode` is that of the new file; without it an existing file
 * keeps its own and a new one gets 0644. What root writes belongs to the owner of the directory. Throws the system's own error, and leaves no temporary file then.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: {mode?: number} = {},
): Promise<void> {
  const target = await realpath(path).catch(() => path)
  const owner = await makeDirectory(dirname(target))
  const mode = options.mode ?? (await existingMode(target)) ?? 0o644
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`)
  try {
    await writeDurably(temporary, data, mode, owner)
    await rename(temporary, target)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
  await syncDirectory(dirname(target))
}

/** Removes a file for good, which on a journalling file system needs an fsync of its directory. */
export async function removeFile(path: string): Promise<void> {
  await unlink(path)
  await syncDirectory(dirname(path))
}

/**
 * Reads a private key as PEM text. Throws `key-missing` (66) and, when group or others may read it, `key-readable` (77):
 * such a key has to be taken for stolen.
 */
export async function readPrivateKey(path: string): Promise<string> {
  const handle = await open(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw unreadable(path, cause)
    throw new PosternError('key-missing', `there is no private key ${printable(path)}`, {
      exit: Exit.missing,
      hints: ['make one: postern identity create'],
      cause,
    })
  })
  try {
    await refuseOpenMode(handle, path, PRIVATE_KEY)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

/** A file that is there, or should be, and cannot be read (77 where the mode or the owner is why). */
export function unreadable(path: string, cause: unknown): PosternError {
  const {code} = cause as NodeJS.ErrnoException
  const denied = code === 'EACCES' || code === 'EPERM'
  return new PosternError('configuration-unreadable', `cannot read ${printable(path)}: ${code ?? 'error'}`, {
    exit: denied ? Exit.permission : Exit.badState,
    hints: ['check that it is there, its owner and its mode; nothing is done without it'],
    cause,
  })
}

/** What nobody but its owner may read. */
interface Guarded {
  code: string
  noun: string
  remedy: string
}

const PRIVATE_KEY = {code: 'key-readable', noun: 'private key', remedy: 'replace the key'}
const USERS = {code: 'users-readable', noun: 'users file', remedy: 'change the passwords'}

/** Octets of users.yaml. Throws `users-readable` (77) when group or others may read it: a hash invites guessing. */
export async function readUsersOctets(path: string): Promise<Buffer> {
  const handle = await open(path)
  try {
    await refuseOpenMode(handle, path, USERS)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** The file's octets; null when there is no such file. A dangling link is not "no file", and throws. */
export async function readOptional(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !(await isLink(path))) return null
    throw error
  }
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (entry) => entry.isSymbolicLink(),
    () => false,
  )
}

// The handle is asked, not the path: what is judged is what will be read. Windows has no such modes.
async function refuseOpenMode(handle: FileHandle, path: string, what: Guarded): Promise<void> {
  const {mode} = await handle.stat()
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  throw new PosternError(what.code, `others can read the ${what.noun} ${printable(path)} (mode ${shown})`, {
    exit: Exit.permission,
    hints: [`chmod 600 ${printable(path)}, and ${what.remedy} if somebody else had access`],
  })
}

async function existingMode(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({mode}) => mode & 0o777,
    () => undefined,
  )
}

interface Owner {
  uid: number
  gid: number
}

/**
 * Root writes for the account that the directory belongs to: a relay that gave root up must be able to read what root
 * changed. null: the file is ours in any case.
 */
async function makeDirectory(dir: string): Promise<Owner | null> {
  const made = await mkdir(dir, {recursive: true, mode: DIRECTORY_MODE})
  if (process.getuid?.() !== 0) return null
  const {uid, gid} = await stat(made === undefined ? dir : dirname(made))
  if (uid === 0) return null
  if (made !== undefined) {
    for (let at = dir; at.length >= made.length; at = dirname(at)) await lchown(at, uid, gid).catch(() => {})
  }
  return {uid, gid}
}

async function writeDurably(path: string, data: string | Uint8Array, mode: number, owner: Owner | null): Promise<void> {
  // 'wx' with the final mode: a key is never readable by others, not even for a moment.
  const handle = await open(path, 'wx', mode)
  try {
    // Ids that are not mapped into this container cannot be given; the file is then root's, as it was before.
    if (owner) await handle.chown(owner.uid, owner.gid).catch(() => {})
    await handle.writeFile(data)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } catch (error) {
    // Windows cannot sync a directory; its rename is durable by itself.
    if (process.platform !== 'win32') throw error
  } finally {
    await handle.close()
  }
}
