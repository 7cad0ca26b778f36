import {Exit, PosternError} from '../mail/error.ts'
import {interrupted} from './signals.ts'

/** True when there is a person to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/**
 * The answer that a flag gave, else the default under `--yes`, else what the person says. Where nobody can be asked a
 * missing answer is a usage error that names the flag, because a default that nobody chose is no answer.
 */
export async function answer<T>(question: {
  flag: string
  given: T | undefined
  /** Taken without asking under `--yes`. */
  fallback?: T
  ask: () => Promise<T>
  yes: boolean
}): Promise<T> {
  const {flag, given, fallback, yes} = question
  if (given !== undefined) return given
  if (yes && fallback !== undefined) return fallback
  if (yes || !canAsk()) throw missing(flag, yes)
  return uninterrupted(question.ask)
}

/** Throws (64) before any work is done where the last question, whether to write, could not be asked. */
export function requireConsent(yes: boolean): void {
  if (!yes && !canAsk()) throw missing('yes', yes)
}

function missing(flag: string, yes: boolean): PosternError {
  const why = yes ? 'and has no default' : 'and there is no terminal to ask at'
  const defaults = yes || flag === 'yes' ? [] : ['or take what has a default: --yes']
  return new PosternError('answer-missing', `--${flag} is needed, ${why}`, {
    exit: Exit.usage,
    hints: [`add --${flag}`, ...defaults],
  })
}

/** Asks, and turns ctrl-C and the end of input (ctrl-D) into an error that says nothing was written. */
async function uninterrupted<T>(ask: () => Promise<T>): Promise<T> {
  const {promise: ended, reject} = Promise.withResolvers<never>()
  // At the end of input the prompt neither answers nor fails; the program runs out of work instead.
  const end = () => {
    process.stderr.write('\n')
    reject(interrupted())
  }
  process.once('beforeExit', end)
  try {
    return await Promise.race([ask(), ended])
  } catch (error) {
    const {name} = error as Error
    throw name === 'ExitPromptError' || name === 'AbortPromptError' ? interrupted(error) : error
  } finally {
    process.off('beforeExit', end)
  }
}
