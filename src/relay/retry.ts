/** Times of a message's life in the queue, milliseconds. */
export interface QueueTimes {
  /** After the first failed attempt; doubles with each further one. */
  retry: number
  retryMax: number
  /** Age at which the sender is told of the delay. */
  warnAfter: number
  lifetime: number
  /** The same for DSNs, which nobody waits for. */
  dsnLifetime: number
}

export interface Postponed {
  /** Attempts that failed, this one included: 1 or more. */
  attempts: number
  receivedAt: number
  now: number
  /** End of the message's life, milliseconds since the epoch. */
  expiresAt: number
  /** The sender will not be told of a delay any more, or never will. */
  warned: boolean
}

// Messages that failed together must not come back together.
const JITTER = 0.1

/**
 * When to try again: at `due`, or after a time that grows with the attempts. An attempt is made when the warning falls due
 * and when life ends, so that neither comes late.
 */
export function nextAttempt(times: QueueTimes, postponed: Postponed, random: () => number, due?: number): number {
  const {attempts, receivedAt, now, expiresAt, warned} = postponed
  const wanted = due ?? now + pause(times, attempts, random)
  const warnAt = receivedAt + times.warnAfter
  const moments = [wanted, expiresAt, ...(warned ? [] : [warnAt])].filter((moment) => moment > now)
  return Math.round(Math.min(...moments))
}

/** Milliseconds from a failed attempt to the next, after that many of them. */
export function pause({retry, retryMax}: QueueTimes, attempts: number, random: () => number): number {
  const growing = Math.min(retry * 2 ** Math.min(attempts - 1, 30), retryMax)
  return growing * (1 - JITTER + 2 * JITTER * random())
}

/** The end of a message's life, milliseconds since the epoch. `reversePath` '' is a DSN's. */
export function expiry(times: QueueTimes, message: {reversePath: string; receivedAt: number}): number {
  return message.receivedAt + (message.reversePath === '' ? times.dsnLifetime : times.lifetime)
}

/** Attempts that the recipient had that was tried most often. */
export function mostAttempts(recipients: readonly {attempts: number}[]): number {
  return Math.max(...recipients.map(({attempts}) => attempts))
}
