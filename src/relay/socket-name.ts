import {constants} from 'node:fs'
import {access, open} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {Exit, PosternError} from '../mail/error.ts'

/** sun_path holds 108 octets on Linux and 104 elsewhere, the final NUL included (unix(7)). */
const LONGEST = 103
/** Open files of this process by their numbers (proc_pid_fd(5)). */
const OPEN_FILES = '/proc/self/fd'

export interface SocketName {
  /** Leads to the same socket, and fits into its address. */
  short: string
  /** Called once it is not needed any more. */
  release(): Promise<void>
}

/**
 * A name under which the socket can be bound or reached. Where the path is too long its directory is opened, and the
 * socket named through that: it stands where it belongs, whoever runs the relay and whatever the service manager hides.
 * Throws `relay-not-running` (75) when the directory is not there, `control-socket` (73) where there is no such way.
 */
export async function socketName(path: string): Promise<SocketName> {
  if (Buffer.byteLength(path) <= LONGEST) return {short: path, release: async () => {}}
  await access(OPEN_FILES).catch((cause: unknown) => {
    throw new PosternError('control-socket', `the path of the control socket is too long for this system: ${path}`, {
      exit: Exit.cannotCreate,
      hints: [`choose a shorter --data-dir: the whole path may have ${LONGEST} octets`],
      cause,
    })
  })
  const directory = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY).catch((cause) => {
    throw notReached(path, cause)
  })
  return {short: join(OPEN_FILES, String(directory.fd), basename(path)), release: () => directory.close()}
}

/** Why nobody answers at this socket. */
export function notReached(path: string, cause: NodeJS.ErrnoException): PosternError {
  if (cause.code !== 'EACCES' && cause.code !== 'EPERM') return notRunning(cause)
  return new PosternError('control-denied', `may not open ${path}`, {
    exit: Exit.permission,
    hints: ['run the command as the user that runs the relay'],
    cause,
  })
}

export function notRunning(cause: unknown): PosternError {
  return new PosternError('relay-not-running', 'no relay runs on this data directory', {
    exit: Exit.tryAgain,
    hints: ['start one: postern relay start', 'look where it keeps its data: postern config path'],
    cause,
  })
}
