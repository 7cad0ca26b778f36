import {type RelayEvent, type RelayLog, severityOf} from '../relay/log.ts'
import {logLine} from '../relay/log-line.ts'

/** Lines for a person who watches: `12:00:01 Q1A2 → example.mil …`, in local time. */
export function readableLog(write: (line: string) => void): RelayLog {
  return {event: (event) => write(`${localTime(new Date())} ${logLine(event)}`)}
}

/** JSON lines, one an event; `msg` is the line for people. `fd` may be 1 or an open file. Nothing is buffered. */
export async function jsonLog(fd: number): Promise<RelayLog> {
  const {pino} = await import('pino')
  const options = {
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {level: (label: string) => ({level: label})},
  }
  const log = pino(options, pino.destination({dest: fd, sync: true}))
  return {event: (event) => log[severityOf(event)](event, logLine(event))}
}

/** One record of a JSON log, as far as showing it goes. */
export type LogRecord = Partial<RelayEvent> & {
  time: string
  event: RelayEvent['event']
  msg?: string
  queue?: string
  about?: string
}

/** A line of a JSON log as a readable one; null when it is none. */
export function readableRecord(line: string): {text: string; record: LogRecord} | null {
  try {
    const record = JSON.parse(line) as LogRecord
    if (typeof record?.time !== 'string' || typeof record.event !== 'string') return null
    const time = new Date(record.time)
    return {text: `${localDate(time)} ${localTime(time)} ${record.msg ?? ''}`.trim(), record}
  } catch {
    return null
  }
}

// A kept log spans days; in local time, as the lines of a relay in the foreground.
function localDate(date: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

function localTime(date: Date): string {
  return date.toTimeString().slice(0, 8)
}
