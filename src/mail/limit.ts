/**
 * How long one step may take. `ms` is measured in real time, because it bounds what a peer can cost us; the world's
 * clock is for what is compared with dates. The signal is the caller's own end.
 */
export interface Limit {
  ms: number
  signal?: AbortSignal | undefined
}

/** The step took longer than its limit. */
export class StepTimeout extends Error {
  override readonly name = 'StepTimeout'
  readonly code = 'timeout'

  constructor(ms: number) {
    super(`no answer within ${ms / 1000} s`)
  }
}

/**
 * Runs one step under a limit. The step gets a signal that aborts when its time is up (reason: `StepTimeout`) or the
 * caller aborts (reason: the caller's); it frees what it holds then. The promise settles at once either way.
 */
export async function within<T>(limit: Limit, step: (signal: AbortSignal) => Promise<T>): Promise<T> {
  limit.signal?.throwIfAborted()
  const end = new AbortController()
  const outer = () => end.abort(limit.signal?.reason)
  const timer = setTimeout(() => end.abort(new StepTimeout(limit.ms)), limit.ms)
  limit.signal?.addEventListener('abort', outer, {once: true})
  try {
    return await unlessAborted(step(end.signal), end.signal)
  } finally {
    clearTimeout(timer)
    limit.signal?.removeEventListener('abort', outer)
  }
}

/** The promise's own end, or the signal's reason, whichever comes first. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, {once: true})
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
