import {stat} from 'node:fs/promises'
import {dirname, resolve} from 'node:path'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {writeFileAtomic} from './files.ts'

/**
 * Writes a file that a person named, whole or not at all. A directory that is not there is a slip of the keyboard and is
 * not made: throws `output-directory-missing` (73), and what the system says otherwise.
 */
export async function writeOutputFile(path: string, data: string, options: {mode?: number} = {}): Promise<void> {
  const dir = dirname(resolve(path))
  await stat(dir).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause
    throw new PosternError('output-directory-missing', `there is no directory ${printable(dir)}`, {
      exit: Exit.cannotCreate,
      hints: ['check the path, or make it first: mkdir -p'],
      cause,
    })
  })
  await writeFileAtomic(path, data, options)
}
