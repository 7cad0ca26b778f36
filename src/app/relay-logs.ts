import {open, stat} from 'node:fs/promises'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {relayLogFile} from './relay-files.ts'
import {type LogRecord, readableRecord} from './relay-log.ts'

export type {LogRecord} from './relay-log.ts'

import {relayReport} from './relay-status.ts'
import type {AppWorld} from './world.ts'

export interface LogLine {
  /** For people. */
  text: string
  /** null: a line that is no event, such as the last words of a relay that did not start. */
  record: LogRecord | null
}

export interface LogOptions {
  /** Lines about this message alone. */
  queue?: string | undefined
  /** Goes on as the log grows, until the signal aborts. */
  follow?: boolean
  signal?: AbortSignal
}

const POLL_MS = 200
const HUNG_MS = 2_000
const BLOCK = 64 * 1024

/** The log of the relay that runs, or ran, in the background. Throws `log-missing` (66). */
export async function* relayLogs(world: AppWorld, options: LogOptions): AsyncGenerator<LogLine> {
  // A relay that hangs is the one whose log is wanted most.
  const report = await relayReport(world, HUNG_MS).catch(() => null)
  const file = report?.logFile ?? relayLogFile(world)
  for await (const line of linesOf(world, file, options)) {
    const read: LogLine = readableRecord(line) ?? {text: printable(line, 2000), record: null}
    if (concerns(read.record, options.queue)) yield read
  }
}

function concerns(record: LogRecord | null, queue: string | undefined): boolean {
  return queue === undefined || record?.queue === queue || record?.about === queue
}

/** Whole lines only; the last one is held back until its end is written. */
async function* linesOf(world: AppWorld, file: string, {follow, signal}: LogOptions): AsyncGenerator<string> {
  let offset = 0
  let rest: Buffer = Buffer.alloc(0)
  for (;;) {
    const size = await sizeOf(file)
    // A log that was rotated begins anew.
    if (size < offset) [offset, rest] = [0, Buffer.alloc(0)]
    for await (const block of blocks(file, offset, size)) {
      const text = Buffer.concat([rest, block])
      const end = text.lastIndexOf(0x0a) + 1
      yield* text.toString('utf8', 0, end).split('\n').slice(0, -1)
      rest = text.subarray(end)
    }
    offset = size
    if (!follow) return
    await world.sleep(POLL_MS, signal).catch(() => {})
    if (signal?.aborted) return
  }
}

async function* blocks(file: string, from: number, to: number): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r')
  try {
    for (let at = from; at < to; ) {
      const {bytesRead, buffer} = await handle.read(Buffer.alloc(Math.min(BLOCK, to - at)), {position: at})
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
      at += bytesRead
    }
  } finally {
    await handle.close()
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    throw new PosternError('log-missing', 'there is no log here', {
      exit: Exit.missing,
      hints: ['a relay in the background keeps one: postern relay start --detach', 'one in the foreground logs there'],
      cause,
    })
  }
}
