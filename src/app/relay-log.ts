import {fstatSync} from 'node:fs'
import type {DestinationStream} from 'pino'
import {type RelayEvent, type RelayLog, severityOf} from '../relay/log.ts'
import {logLine} from '../relay/log-line.ts'
import {loadConfiguration} from '../state/load.ts'
import {LogFile, type LogLimits} from './log-file.ts'
import type {AppWorld} from './world.ts'

/** Lines for a person who watches: `12:00:01 Q1A2 → example.mil …`, in local time. */
export function readableLog(write: (line: string) => void): RelayLog {
  return {event: (event) => write(`${localTime(new Date())} ${logLine(event)}`)}
}

/** JSON lines, one an event; `msg` is the line for people. To an open descriptor, 1 as a rule. Nothing is buffered. */
export async function jsonLog(fd: number): Promise<RelayLog> {
  const {pino} = await import('pino')
  return jsonLines(pino, pino.destination({dest: fd, sync: true}))
}

/** JSON lines in a file of bounded size; `reopen` makes it anew after somebody moved it away. */
export async function fileLog(path: string, limits: LogLimits): Promise<RelayLog & {reopen(): void}> {
  const {pino} = await import('pino')
  const lost = (lines: number): string => {
    const kept: string[] = ['\n']
    jsonLines(pino, {write: (line) => void kept.push(line)}).event({event: 'lines-lost', lines})
    return kept.join('')
  }
  const file = new LogFile(path, limits, lost, () => Date.now())
  const log = jsonLines(pino, {write: (line) => file.write(line)})
  return {event: (event) => log.event(event), reopen: () => file.reopen()}
}

/** As relay.yaml has them; what is wrong with it is told by whoever starts the relay. */
export async function logLimits({configDir}: Pick<AppWorld, 'configDir'>): Promise<LogLimits> {
  return (await loadConfiguration(configDir)).settings.log
}

const PRIORITIES = {error: 3, warn: 4, info: 6}

/** For the journal, which has its own clock: the line for people after its priority (sd-daemon(3)). */
export function journalLog(write: (line: string) => void): RelayLog {
  return {event: (event) => write(`<${PRIORITIES[severityOf(event)]}>${logLine(event)}`)}
}

/** Whether this descriptor leads to the journal: systemd says which one does (systemd.exec(5), JOURNAL_STREAM). */
export function isJournal(fd: number, journalStream: string | undefined): boolean {
  if (!journalStream) return false
  const {dev, ino} = fstatSync(fd)
  return journalStream === `${dev}:${ino}`
}

function jsonLines(pino: typeof import('pino').pino, to: DestinationStream): RelayLog {
  const options = {
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {level: (label: string) => ({level: label})},
  }
  const log = pino(options, to)
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
