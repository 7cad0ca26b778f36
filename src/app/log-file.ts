import {closeSync, fstatSync, mkdirSync, openSync, renameSync, statSync, unlinkSync, writeSync} from 'node:fs'
import {readdir} from 'node:fs/promises'
import {basename, dirname} from 'node:path'

export interface LogLimits {
  /** Octets a file. */
  size: number
  /** Older files that are kept, as FILE.1 (the youngest) and so on. */
  keep: number
}

/** After a write that failed, the next is tried this much later, milliseconds: a full disk must not slow mail down. */
const PAUSE_MS = 1_000

/**
 * A log in a file that never takes more of the disk than `size × (keep + 1)`. A line is written at once and whole. Where
 * it cannot be written it is lost, and how many were is told as soon as one can be; mail goes on meanwhile. It is opened
 * by the first line, when root has been given up.
 */
export class LogFile {
  limits: LogLimits
  readonly path: string
  readonly #lost: (lines: number) => string
  readonly #now: () => number
  #open: {fd: number; size: number} | null = null
  #missed = 0
  #pauseUntil = 0

  /** `lost` gives the line about lines that were lost. */
  constructor(path: string, limits: LogLimits, lost: (lines: number) => string, now: () => number) {
    this.path = path
    this.limits = limits
    this.#lost = lost
    this.#now = now
  }

  /** `line` ends with a line feed. */
  write(line: string): void {
    if (this.#missed > 0 && this.#now() < this.#pauseUntil) {
      this.#missed++
      return
    }
    try {
      if (this.#missed > 0) this.#append(this.#lost(this.#missed))
      this.#missed = 0
      this.#append(line)
    } catch {
      this.#missed++
      this.#pauseUntil = this.#now() + PAUSE_MS
      this.reopen()
    }
  }

  /** For one that was moved away: the next line makes it anew. */
  reopen(): void {
    if (this.#open) closeSync(this.#open.fd)
    this.#open = null
  }

  #append(text: string): void {
    const octets = Buffer.from(text)
    let {fd, size} = this.#file()
    if (size > 0 && size + octets.length > this.limits.size && this.#rotate()) ({fd, size} = this.#file())
    for (let at = 0; at < octets.length; ) at += writeSync(fd, octets, at)
    this.#open = {fd, size: size + octets.length}
  }

  #file(): {fd: number; size: number} {
    if (this.#open) return this.#open
    mkdirSync(dirname(this.path), {recursive: true, mode: 0o700})
    const fd = openSync(this.path, 'a', 0o600)
    this.#open = {fd, size: fstatSync(fd).size}
    return this.#open
  }

  /** false: it may not be moved, and grows on; that is better than no log. */
  #rotate(): boolean {
    const {keep} = this.limits
    try {
      for (let i = keep; i >= 1; i--) {
        const from = i === 1 ? this.path : `${this.path}.${i - 1}`
        if (statSync(from, {throwIfNoEntry: false})) renameSync(from, `${this.path}.${i}`)
      }
      // What a larger `keep` left behind.
      for (let i = keep + 1; statSync(`${this.path}.${i}`, {throwIfNoEntry: false}); i++)
        unlinkSync(`${this.path}.${i}`)
    } catch {
      return false
    }
    this.reopen()
    return true
  }
}

/** The older files beside a log, the youngest first. */
export async function rotatedFiles(path: string): Promise<string[]> {
  const prefix = `${basename(path)}.`
  const names = await readdir(dirname(path)).catch(() => [])
  const numbers = names.flatMap((name) => {
    const digits = name.startsWith(prefix) ? name.slice(prefix.length) : ''
    return /^[1-9]\d{0,3}$/.test(digits) ? Number(digits) : []
  })
  return numbers.sort((a, b) => a - b).map((number) => `${path}.${number}`)
}
