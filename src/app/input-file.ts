import {type FileHandle, open} from 'node:fs/promises'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'

// No bundle of certificates comes near; the whole list of a browser has a quarter of a megabyte.
const LARGEST = 10 * 1024 * 1024

/**
 * The octets of a file that a person named; never more than ten MiB of it are read. Throws `file-missing` (66),
 * `not-a-file` and `file-too-large` (65), and what the system says otherwise.
 */
export async function readInputFile(path: string, largest = LARGEST): Promise<Buffer> {
  const handle = await openInputFile(path)
  try {
    const chunks: Buffer[] = []
    let total = 0
    for await (const chunk of handle.createReadStream({autoClose: false})) {
      total += (chunk as Buffer).length
      if (total > largest) throw tooLarge(path, largest)
      chunks.push(chunk as Buffer)
    }
    return Buffer.concat(chunks)
  } finally {
    await handle.close()
  }
}

/** A file that a person named, to be read and closed. Throws `file-missing` (66), `not-a-file` (65). */
export async function openInputFile(path: string): Promise<FileHandle> {
  const handle = await open(path).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT' ? missing(path, cause) : cause
  })
  const stat = await handle.stat()
  if (stat.isFile() || stat.isFIFO()) return handle
  await handle.close()
  throw notAFile(path, stat.isDirectory() ? 'a directory' : 'a device')
}

/** A password: the first line of the file. */
export async function readPasswordFile(path: string): Promise<string> {
  const text = (await readInputFile(path, 64 * 1024)).toString('utf8')
  return text.split(/\r?\n/, 1)[0] ?? ''
}

function missing(path: string, cause: Error): PosternError {
  return new PosternError('file-missing', `there is no file ${path === '' ? '""' : printable(path)}`, {
    exit: Exit.missing,
    hints: ['check the path'],
    cause,
  })
}

function notAFile(path: string, what: string): PosternError {
  return new PosternError('not-a-file', `${printable(path)} is ${what}, not a file`, {
    exit: Exit.badData,
    hints: ['name the files themselves, several if need be'],
  })
}

function tooLarge(path: string, largest: number): PosternError {
  return new PosternError('file-too-large', `${printable(path)} has more than ${largest / 1024} KiB`, {
    exit: Exit.badData,
    hints: ['check that it is the file you mean'],
  })
}
