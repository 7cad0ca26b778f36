/** True for the reason of `AbortSignal.timeout`: the time for the whole walk is over, and what was seen still counts. */
export function isDeadline(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}

/** Throws the signal's reason unless it is a deadline, which is no error but an end. */
export function rethrowAbort(signal: AbortSignal | undefined): void {
  if (signal?.aborted && !isDeadline(signal.reason)) throw signal.reason
}

export const OVERALL = 'the time for the whole look was over'
