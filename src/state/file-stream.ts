import {randomBytes} from 'node:crypto'
import {type FileHandle, mkdir, open, rename, unlink} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'

/** A file that is written bit by bit, and stands under its name only once it is whole. */
export interface FileStream {
  write(text: string): Promise<void>
  /** fsync, then the name: from here on readers see it. */
  commit(): Promise<void>
  /** As if it had never been begun. */
  abandon(): Promise<void>
}

/** As `writeFileAtomic`, for what is too long to be held in memory. Throws the system's own error. */
export async function openFileStream(path: string): Promise<FileStream> {
  await mkdir(dirname(path), {recursive: true})
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`)
  const handle = await open(temporary, 'wx', 0o644)
  let last: Promise<unknown> = Promise.resolve()
  return {
    write: (text) => {
      // One after the other, whoever writes: lines must not run into each other.
      const written = last.then(() => handle.appendFile(text))
      last = written.catch(() => {})
      return written
    },
    commit: async () => {
      await last
      await handle.sync()
      await handle.close()
      await rename(temporary, path)
    },
    abandon: async () => {
      await closed(handle)
      await unlink(temporary).catch(() => {})
    },
  }
}

async function closed(handle: FileHandle): Promise<void> {
  await handle.close().catch(() => {})
}
