import {closeSync, fsyncSync, mkdirSync, openSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {DatabaseSync, type SQLInputValue, type StatementSync} from 'node:sqlite'
import {messageOf, queueInUse, queueInvalid, queueUnopened} from './errors.ts'
import {LEASES, MIGRATIONS} from './schema.ts'

/** By position, or by name. */
export type Values = SQLInputValue[] | [Record<string, SQLInputValue>]
// biome-ignore lint/suspicious/noExplicitAny: each query knows its columns, and its reader says their types
export type Row = Record<string, any>

const BUSY = 5
const FULL = 13
// READONLY, IOERR, FULL, CANTOPEN.
const OF_THE_DISK = [8, 10, FULL, 14]
// FULL, TOOBIG, CONSTRAINT, MISMATCH.
const HARMLESS = [FULL, 18, 19, 20]

export interface DatabaseOptions {
  dir: string
  /** How long to wait for a process that has the queue open, milliseconds. */
  busyTimeout: number
  /** Largest size of the database, octets; absent: as large as the disk. */
  maxSize?: number
}

/**
 * The SQLite file of the queue, open in this thread alone. The exclusive lock on it is the lock on the whole queue
 * directory: the kernel takes it back when the process dies, whichever way.
 */
export class Database {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  private constructor(db: DatabaseSync) {
    this.#db = db
  }

  /** Throws `queue-in-use`, `queue-full`, `queue-failed`, `queue-invalid`, or what the file system says. */
  static open({dir, busyTimeout, maxSize}: DatabaseOptions): Database {
    const path = join(dir, 'queue.db')
    createPrivately(path)
    const db = new DatabaseSync(path, {timeout: busyTimeout, enableForeignKeyConstraints: true})
    try {
      const database = new Database(db)
      database.#configure(maxSize)
      database.#migrate(dir)
      syncDirectory(dir)
      return database
    } catch (error) {
      db.close()
      if (primaryCode(error) === BUSY) throw queueInUse(dir)
      if (OF_THE_DISK.includes(primaryCode(error) ?? 0)) throw queueUnopened(dir, isFull(error), error)
      if (primaryCode(error) !== null) throw queueInvalid(dir, messageOf(error), error)
      throw error
    }
  }

  /** Runs one statement; prepared once. */
  run(sql: string, ...values: Values): {changes: number; lastInsertRowid: number} {
    const {changes, lastInsertRowid} = this.#prepared(sql).run(...(values as SQLInputValue[]))
    return {changes: Number(changes), lastInsertRowid: Number(lastInsertRowid)}
  }

  get(sql: string, ...values: Values): Row | undefined {
    return this.#prepared(sql).get(...(values as SQLInputValue[]))
  }

  all(sql: string, ...values: Values): Row[] {
    return this.#prepared(sql).all(...(values as SQLInputValue[]))
  }

  /** Rows as they are needed; nothing may be written before the loop is over. */
  iterate(sql: string, ...values: Values): Iterable<Row> {
    return this.#prepared(sql).iterate(...(values as SQLInputValue[]))
  }

  exec(sql: string): void {
    this.#db.exec(sql)
  }

  get inTransaction(): boolean {
    return this.#db.isTransaction
  }

  /** Frames in the log that are not in the database file yet, one page each. */
  get logFrames(): number {
    const {log, checkpointed} = this.get('PRAGMA wal_checkpoint(NOOP)')!
    return Number(log) - Number(checkpointed)
  }

  /** Brings the log into the database file. Both are synced on the way. */
  checkpoint(): void {
    this.exec('PRAGMA wal_checkpoint(PASSIVE)')
  }

  close(): void {
    this.#statements.clear()
    this.#db.close()
  }

  #prepared(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  #configure(maxSize?: number): void {
    // Before the first access to the file: then the log needs no shared memory, and a second process is kept out.
    this.#pragma('locking_mode', 'EXCLUSIVE', 'exclusive')
    this.#pragma('journal_mode', 'WAL', 'wal')
    this.#pragma('synchronous', 'FULL', 2)
    this.#pragma('foreign_keys', 'ON', 1)
    // Checkpoints are made when there is time for them (`CommitLoop`), not in the middle of a commit.
    this.#pragma('wal_autocheckpoint', '0', 0)
    this.#pragma('temp_store', 'MEMORY', 2)
    // On macOS a plain fsync leaves the data in the drive's cache; elsewhere these change nothing.
    this.#pragma('fullfsync', 'ON', 1)
    this.#pragma('checkpoint_fullfsync', 'ON', 1)
    this.exec('PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864')
    if (maxSize === undefined) return
    const pageSize = Number(this.get('PRAGMA page_size')!.page_size)
    this.exec(`PRAGMA max_page_count = ${Math.ceil(maxSize / pageSize)}`)
  }

  // A setting that SQLite does not know, or cannot apply here, it passes over in silence; so each is read back.
  #pragma(name: string, value: string, expected: string | number): void {
    this.exec(`PRAGMA ${name} = ${value}`)
    const actual = Object.values(this.#db.prepare(`PRAGMA ${name}`).get() ?? {})[0]
    if (actual !== expected) throw new Error(`SQLite has ${name} = ${actual} where ${expected} is needed`)
  }

  #migrate(dir: string): void {
    this.exec('BEGIN EXCLUSIVE')
    const version = Number(this.get('PRAGMA user_version')!.user_version)
    if (version > MIGRATIONS.length) throw queueInvalid(dir, `it has format ${version}, from a newer release`)
    for (const step of MIGRATIONS.slice(version)) this.exec(step)
    this.exec(`PRAGMA user_version = ${MIGRATIONS.length}; UPDATE opening SET count = count + 1; COMMIT`)
    this.exec(LEASES)
  }
}

/** SQLite's result code without its extension; null for an error that is not SQLite's. */
function primaryCode(error: unknown): number | null {
  const {code, errcode} = (error ?? {}) as {code?: string; errcode?: number}
  return code === 'ERR_SQLITE_ERROR' && errcode !== undefined ? errcode & 0xff : null
}

/** An error after which nobody knows what is on disk; the others undo one statement and no more. */
export function isFatal(error: unknown): boolean {
  const code = primaryCode(error)
  return code !== null && !HARMLESS.includes(code)
}

/** SQLITE_FULL: the disk, or the quota, has no room. */
export function isFull(error: unknown): boolean {
  return primaryCode(error) === FULL
}

/**
 * SQLite would make the file readable by others. Only a file that is not there is opened here: to close a second
 * descriptor of one that SQLite has open would drop SQLite's locks (POSIX fcntl locks belong to the process).
 */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Makes the directory, and its parents, to last. */
export function makeDirectory(path: string): void {
  const first = mkdirSync(path, {recursive: true, mode: 0o700})
  if (first === undefined) return
  for (let made = path; made !== dirname(first); made = dirname(made)) syncDirectory(dirname(made))
}

// A new name is on disk once its directory is.
function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
