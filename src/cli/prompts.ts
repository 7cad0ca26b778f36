import {Exit, PosternError} from '../mail/error.ts'

/** True when there is a person to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/**
 * The answer that a flag gave, else what the person says, else the default. Without a terminal nobody is asked: a
 * missing answer is a usage error that names the flag.
 */
export async function answer<T>(question: {
  flag: string
  given: T | undefined
  /** Taken without asking under `--yes`. */
  fallback?: T
  ask: () => Promise<T>
  yes: boolean
}): Promise<T> {
  if (question.given !== undefined) return question.given
  if (question.yes && question.fallback !== undefined) return question.fallback
  if (!question.yes && canAsk()) return uninterrupted(question.ask)
  if (question.fallback !== undefined) return question.fallback
  throw new PosternError('answer-missing', `--${question.flag} is needed, and there is no terminal to ask at`, {
    exit: Exit.usage,
    hints: [`add --${question.flag}`],
  })
}

/** Asks, and turns ctrl-C into an error that says nothing was written. */
export async function uninterrupted<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    if ((cause as Error).name !== 'ExitPromptError') throw cause
    throw new PosternError('interrupted', 'interrupted; nothing was written', {exit: Exit.interrupted, cause})
  }
}
