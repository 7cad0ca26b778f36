import type {Stats} from 'node:fs'
import {open, stat} from 'node:fs/promises'
import type {Clock} from '../mail/world.ts'
import {rotatedFiles} from './log-file.ts'

export interface ReadOptions {
  /** Goes on as the log grows, until the signal aborts. */
  follow?: boolean
  signal?: AbortSignal
  /** Files that were last written before this are passed over; milliseconds since the epoch. */
  since?: number
}

interface Part {
  path: string
  /** Of this file and no other: numbers of inodes are used again. */
  id: string
  size: number
  from: number
}

const POLL_MS = 200
const BLOCK = 64 * 1024

/**
 * The whole lines of a log and of the older files beside it, oldest first. Whoever follows it goes on where it was, also
 * when the file was rotated meanwhile, more than once, or is made anew. Throws ENOENT when there is none at the start.
 */
export async function* logLines(
  clock: Pick<Clock, 'sleep'>,
  file: string,
  {follow = false, signal, since = 0}: ReadOptions,
): AsyncGenerator<string> {
  let last = null as {id: string; offset: number} | null
  let rest: Buffer = Buffer.alloc(0)
  for (;;) {
    const parts: Part[] = await unread(file, last, since)
    let whole = true
    for (const part of parts) {
      if (last?.id !== part.id) {
        // What another file ended with has no end any more.
        if (rest.length > 0) yield rest.toString('utf8')
        rest = Buffer.alloc(0)
      }
      let offset = part.from
      for await (const block of blocks(part)) {
        offset += block.length
        const text = Buffer.concat([rest, block])
        const end = text.lastIndexOf(0x0a) + 1
        yield* text.toString('utf8', 0, end).split('\n').slice(0, -1)
        rest = text.subarray(end)
      }
      last = {id: part.id, offset}
      whole = offset >= part.size
      // Rotated just now: it is found under its new name next time.
      if (!whole) break
    }
    if ((whole && !follow) || signal?.aborted) return
    await clock.sleep(POLL_MS, signal).catch(() => {})
  }
}

/** What is there beyond `last`: the rest of that file, wherever it is now, and all that is younger. */
async function unread(file: string, last: {id: string; offset: number} | null, since: number): Promise<Part[]> {
  const paths = [...(await rotatedFiles(file)).reverse(), file]
  const found = (await Promise.all(paths.map(partOf))).filter((part) => part !== null)
  if (last === null) {
    // Whoever follows a log waits for one that is not there; whoever starts to read it is told.
    if (found.length === 0) await stat(file)
    return found.filter(({changed}) => changed >= since)
  }
  const at = found.findIndex(({id}) => id === last.id)
  if (at < 0) return found.slice(-1)
  const [current, ...younger] = found.slice(at)
  // One that was cut short begins anew.
  const from = current!.size < last.offset ? 0 : last.offset
  return [{...current!, from}, ...younger]
}

async function partOf(path: string): Promise<(Part & {changed: number}) | null> {
  const found = await stat(path).catch(() => null)
  return found && {path, id: idOf(found), size: found.size, from: 0, changed: found.mtimeMs}
}

function idOf({dev, ino, birthtimeMs}: Stats): string {
  return `${dev} ${ino} ${birthtimeMs}`
}

async function* blocks({path, id, from, size}: Part): AsyncGenerator<Buffer> {
  const handle = await open(path, 'r').catch(() => null)
  if (handle === null) return
  try {
    if (idOf(await handle.stat()) !== id) return
    for (let at = from; at < size; ) {
      const {bytesRead, buffer} = await handle.read(Buffer.alloc(Math.min(BLOCK, size - at)), {position: at})
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
      at += bytesRead
    }
  } finally {
    await handle.close()
  }
}
