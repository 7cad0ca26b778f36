import {unlinkSync} from 'node:fs'
import {join} from 'node:path'
import {PosternError} from '../mail/error.ts'
import {type Database, isFatal, isFull} from './database.ts'
import {messageOf, queueFailed, queueFull, queueMisuse} from './errors.ts'
import type {Messages} from './messages.ts'
import {isWrite} from './operations.ts'
import {type Answer, type Call, type Operations, packError, type StoredSettlement} from './protocol.ts'
import {mustBeDurable} from './settle.ts'

// 16 MiB of log: more than that is brought into the database file even when there is no idle moment for it.
const MOST_LOG_FRAMES = 4096
const IDLE_MS = 500

export interface CommitLoopOptions {
  db: Database
  operations: Operations
  messages: Messages
  segmentDir: string
  answer: (answers: Answer[]) => void
}

/**
 * Group commit. The calls that came in while the last transaction was being synced share the next one, so that the
 * cost of a sync is divided among all who wait for it; nobody is answered before COMMIT has returned, save those who
 * only had to say that a message was delivered. What one call does wrong is undone for that call alone, and so is what a
 * full disk has no room for. After any other error of the disk nothing is tried again: a second fsync may report success
 * for pages that the first one lost, so the state of the file is only known after a new opening.
 */
export class CommitLoop {
  readonly #options: CommitLoopOptions
  /** Answered before their transaction was written, which a full disk then undid: they go in as soon as there is room. */
  #owed: Call[] = []
  #failure: PosternError | null = null
  #idle: NodeJS.Timeout | null = null

  constructor(options: CommitLoopOptions) {
    this.#options = options
  }

  run(calls: Call[]): void {
    const {answer, db} = this.#options
    const writes = calls.filter(({operation}) => isWrite(operation))
    this.#payOwed()
    if (writes.length > 0) answer(this.#commit(writes, mustWait))
    for (const call of calls) if (!isWrite(call.operation)) answer([this.#read(call)])
    if (!this.#failure && db.logFrames > MOST_LOG_FRAMES) this.#checkpoint()
    else this.#idle ??= setTimeout(() => this.#whenIdle(), IDLE_MS).unref()
  }

  /** What SQLite does to the file of a failed store when the thread ends, nobody is told of and nothing relies on. */
  close(): void {
    if (this.#idle) clearTimeout(this.#idle)
    this.#payOwed()
    this.#checkpoint()
    if (!this.#failure) this.#options.db.close()
  }

  #payOwed(): void {
    const owed = this.#owed.splice(0)
    if (owed.length === 0) return
    const answers = this.#commit(owed, () => true)
    this.#owed.push(...owed.filter((_, n) => answers[n]!.error?.code === 'queue-full'))
  }

  /** `waits`: who is answered after COMMIT and not before it. */
  #commit(writes: Call[], waits: (call: Call) => boolean): Answer[] {
    if (this.#failure) return refuseAll(writes, this.#failure)
    const {db, answer, messages} = this.#options
    let unanswered = writes
    try {
      db.exec('BEGIN IMMEDIATE')
      const answers = writes.map((call) => this.#attempt(call))
      unanswered = writes.filter(waits)
      answer(answers.filter((_, n) => !waits(writes[n]!)))
      db.exec('COMMIT')
      this.#unlinkDoomed()
      return answers.filter((_, n) => waits(writes[n]!))
    } catch (error) {
      const atOnce = error instanceof RolledBack
      if (!atOnce && !isFull(error)) return refuseAll(unanswered, this.#fail(error))
      if (db.inTransaction) db.exec('ROLLBACK')
      // Whose end was undone still needs its segment.
      messages.doomedSegments.length = 0
      if (!atOnce) this.#owed.push(...writes.filter((call) => !unanswered.includes(call)))
      // The full disk took the whole transaction with it: each call gets its own, and those that fit go through.
      return unanswered.length > 1
        ? unanswered.flatMap((call) => this.#commit([call], () => true))
        : refuseAll(unanswered, queueFull(atOnce ? error.cause : error))
    }
  }

  #attempt(call: Call): Answer {
    const {db, messages} = this.#options
    const doomed = messages.doomedSegments.length
    db.exec('SAVEPOINT attempt')
    try {
      const value = this.#perform(call)
      db.exec('RELEASE attempt')
      return {call: call.call, value}
    } catch (error) {
      messages.doomedSegments.length = doomed
      if (!db.inTransaction && isFull(error)) throw new RolledBack(error)
      if (!db.inTransaction || isFatal(error)) throw error
      db.exec('ROLLBACK TO attempt; RELEASE attempt')
      return refusal(call, error)
    }
  }

  #read(call: Call): Answer {
    // Nothing may be claimed whose outcome could not be written down.
    if (this.#failure && (call.operation === 'claim' || call.operation === 'renew')) return refusal(call, this.#failure)
    try {
      return {call: call.call, value: this.#perform(call)}
    } catch (error) {
      return refusal(call, isFatal(error) ? this.#fail(error) : error)
    }
  }

  #perform({operation, args}: Call): unknown {
    const perform = this.#options.operations[operation as keyof Operations] as (...args: unknown[]) => unknown
    return perform(...args)
  }

  #whenIdle(): void {
    this.#idle = null
    this.#payOwed()
    this.#checkpoint()
    if (this.#owed.length > 0) this.#idle = setTimeout(() => this.#whenIdle(), IDLE_MS).unref()
  }

  #checkpoint(): void {
    if (this.#failure) return
    try {
      if (this.#options.db.logFrames > 0) this.#options.db.checkpoint()
    } catch (error) {
      // Without room everything stays in the log, where it is as safe, until there is some.
      if (!isFull(error)) this.#fail(error)
    }
  }

  // Not before the end of their messages is on disk: a power cut must not bring back a row whose segment is gone.
  #unlinkDoomed(): void {
    for (const name of this.#options.messages.doomedSegments.splice(0))
      unlinkQuietly(join(this.#options.segmentDir, name))
  }

  #fail(error: unknown): PosternError {
    this.#failure ??= queueFailed(error)
    return this.#failure
  }
}

/** SQLite undid the transaction by itself. */
class RolledBack extends Error {
  constructor(cause: unknown) {
    super('transaction rolled back', {cause})
  }
}

function mustWait({operation, args}: Call): boolean {
  return operation !== 'settle' || mustBeDurable(args[1] as StoredSettlement)
}

function refuseAll(calls: Call[], error: PosternError): Answer[] {
  return calls.map((call) => refusal(call, error))
}

function refusal({call}: Call, error: unknown): Answer {
  if (error instanceof PosternError) return {call, error: packError(error)}
  return {call, error: packError(isFull(error) ? queueFull(error) : queueMisuse(messageOf(error)))}
}

// What stays behind has no row, and goes at the next opening.
function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {}
}
