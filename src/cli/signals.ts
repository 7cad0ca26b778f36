import {Exit, PosternError} from '../mail/error.ts'

/** Ctrl-C, `kill`, and a terminal that is closed. */
const SIGNALS: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Does something that must not be left half-done: a signal waits until it is complete, and then ends us. */
export async function heldBack<T>(action: () => Promise<T>): Promise<T> {
  let caught: NodeJS.Signals | null = null
  const hold = (signal: NodeJS.Signals) => {
    caught = signal
  }
  for (const signal of SIGNALS) process.on(signal, hold)
  const release = () => {
    for (const signal of SIGNALS) process.off(signal, hold)
  }
  // Where it fails, that is what has to be told.
  const result = await action().finally(release)
  if (caught) process.kill(process.pid, caught)
  return result
}

/**
 * Does something that writes nothing and may be broken off: a signal aborts it, so that it can tidy up, and `interrupted`
 * (130) is thrown. A second signal ends us at once, should the tidying hang.
 */
export async function interruptible<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const abort = () => controller.abort(interrupted())
  for (const signal of SIGNALS) process.once(signal, abort)
  try {
    return await action(controller.signal)
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    for (const signal of SIGNALS) process.off(signal, abort)
  }
}

/** `interrupted` (130). */
export function interrupted(cause?: unknown): PosternError {
  return new PosternError('interrupted', 'interrupted; nothing was written', {exit: Exit.interrupted, cause})
}
