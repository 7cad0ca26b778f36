import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {logLines} from './log-reader.ts'
import {relayLogFile} from './relay-files.ts'
import {type LogRecord, readableRecord} from './relay-log.ts'

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
  /** Events from then on; milliseconds since the epoch. */
  since?: number | undefined
  /** Goes on as the log grows, until the signal aborts. */
  follow?: boolean
  signal?: AbortSignal
}

const HUNG_MS = 2_000

/** The log of the relay that runs, or ran, in the background, older files included. Throws `log-missing` (66). */
export async function* relayLogs(world: AppWorld, {queue, since = 0, ...options}: LogOptions): AsyncGenerator<LogLine> {
  // A relay that hangs is the one whose log is wanted most.
  const report = await relayReport(world, HUNG_MS).catch(() => null)
  const file = report?.logFile ?? relayLogFile(world)
  let recent = since === 0
  try {
    for await (const line of logLines(world, file, {...options, since})) {
      if (line === '') continue
      const read: LogLine = readableRecord(line) ?? {text: printable(line, 2000), record: null}
      // A line that is no event has no time: it belongs to the one before it.
      if (read.record) recent = Date.parse(read.record.time) >= since
      if (recent && concerns(read.record, queue)) yield read
    }
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).code === 'ENOENT' ? missing(cause) : cause
  }
}

function concerns(record: LogRecord | null, queue: string | undefined): boolean {
  return queue === undefined || record?.queue === queue || record?.about === queue
}

function missing(cause: unknown): PosternError {
  return new PosternError('log-missing', 'there is no log here', {
    exit: Exit.missing,
    hints: [
      'a relay in the background keeps one: postern relay start --detach',
      'one that systemd started logs to the journal: journalctl -u postern',
      'one in the foreground logs there',
    ],
    cause,
  })
}
