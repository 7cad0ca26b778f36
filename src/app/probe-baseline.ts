import * as v from 'valibot'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {
  BASELINE_SCHEMA,
  type BaselineDocument,
  changes,
  type Snapshot,
  snapshotOf,
  withChanges,
} from '../report/baseline.ts'
import type {ProbeResult} from '../report/probe-schema.ts'
import {writeOutputFile} from '../state/output-file.ts'
import {readInputFile} from './input-file.ts'

/** Larger than any list of partners makes it. */
const LARGEST = 512 * 1024 * 1024

/**
 * What targets were like, in a file: the first look at a target is saved, later ones are compared with it. A target
 * that changed for the worse keeps its old entry, so that it is told again until somebody accepts it.
 */
export class Baseline {
  readonly #path: string
  readonly #targets: Map<string, Snapshot>
  readonly #accept: boolean
  #changed = false

  private constructor(path: string, targets: Map<string, Snapshot>, accept: boolean) {
    this.#path = path
    this.#targets = targets
    this.#accept = accept
  }

  /** A file that does not exist is an empty baseline. Throws `baseline-unreadable` (65). */
  static async open(path: string, options: {accept: boolean}): Promise<Baseline> {
    const text = await readInputFile(path, LARGEST).catch((error) => {
      if (error.code === 'file-missing') return null
      throw unreadable(path, error)
    })
    const document = text === null ? null : parse(path, text.toString('utf8'))
    return new Baseline(path, new Map(Object.entries(document?.targets ?? {})), options.accept)
  }

  /** The result, with what changed since the baseline. */
  compare(result: ProbeResult): ProbeResult {
    const now = snapshotOf(result)
    if (now === null) return result
    const before = this.#targets.get(result.target)
    const found = before && !this.#accept ? changes(result.target, before, now) : []
    const isWorse = found.some(({severity}) => severity === 'error')
    if (!isWorse && JSON.stringify(before) !== JSON.stringify(now)) {
      this.#targets.set(result.target, now)
      this.#changed = true
    }
    return withChanges(result, found)
  }

  /** Writes the file where anything is new; false where nothing was. */
  async save(now: number): Promise<boolean> {
    if (!this.#changed) return false
    const targets = Object.fromEntries([...this.#targets].sort(([a], [b]) => (a < b ? -1 : 1)))
    const document: BaselineDocument = {
      schema: 'postern.baseline/1',
      savedAt: new Date(now).toISOString(),
      targets,
    }
    await writeOutputFile(this.#path, `${JSON.stringify(document, null, 1)}\n`)
    return true
  }
}

function parse(path: string, text: string): BaselineDocument {
  try {
    return v.parse(BASELINE_SCHEMA, JSON.parse(text))
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): PosternError {
  const reason = cause instanceof Error ? printable(cause.message) : 'it cannot be read'
  return new PosternError('baseline-unreadable', `${printable(path)} is no baseline: ${reason}`, {
    exit: Exit.badData,
    hints: ['a baseline is made by: postern probe DOMAIN --baseline FILE, where FILE does not exist yet'],
    cause,
  })
}
