import {Exit, PosternError} from '../mail/error.ts'

/** What can go wrong in the queue, each with the code that callers look at. */

/** The disk did not take the data, or nobody knows whether it did. Final for this store: open the queue anew. */
export function queueFailed(cause: unknown): PosternError {
  return new PosternError('queue-failed', `the queue cannot write to its disk: ${messageOf(cause)}`, {
    exit: Exit.io,
    persistence: 'temporary',
    hints: ['look at the disk and its log, then restart the relay: postern relay stop; postern relay start'],
    cause,
  })
}

/** Nothing was stored; the store goes on. */
export function queueFull(cause?: unknown): PosternError {
  return new PosternError('queue-full', 'the queue has no room for the message', {
    exit: Exit.io,
    persistence: 'temporary',
    hints: ['make room on the disk of the data directory'],
    cause,
  })
}

/** `queue-in-use` (75). */
export function queueInUse(dir: string): PosternError {
  return new PosternError('queue-in-use', `another process has the queue ${dir} open`, {
    exit: Exit.tryAgain,
    hints: ['see whether a relay runs on this data directory: postern relay status'],
  })
}

/** `queue-invalid` (78). With a cause the file is damaged; without one another release wrote it. */
export function queueInvalid(dir: string, why: string, cause?: unknown): PosternError {
  return new PosternError('queue-invalid', `the queue ${dir} cannot be used: ${why}`, {
    exit: Exit.badState,
    hints: [
      cause === undefined
        ? 'use the release of Postern that wrote it, or another --data-dir'
        : 'queue.db in it is damaged: put the directory aside, and keep it for what can be saved; a new one is made',
    ],
    cause,
  })
}

/** The disk has no room for it, or does not take or give its data: nothing is known to be wrong with the queue itself. */
export function queueUnopened(dir: string, full: boolean, cause: unknown): PosternError {
  return new PosternError(full ? 'queue-full' : 'queue-failed', `cannot open the queue ${dir}: ${messageOf(cause)}`, {
    exit: Exit.io,
    persistence: 'temporary',
    hints: [full ? 'make room on the disk of the data directory' : 'look at the disk, its mount and its log'],
    cause,
  })
}

/** `queue-closed` (75). */
export function queueClosed(): PosternError {
  return new PosternError('queue-closed', 'the queue is closed', {exit: Exit.tryAgain})
}

/** Another worker has claimed these recipients since, or they are gone. */
export function leaseLost(messageId: string): PosternError {
  return new PosternError('lease-lost', `the lease on message ${messageId} is held by another worker or has ended`, {
    exit: Exit.tryAgain,
  })
}

/** `body-corrupt` (74). */
export function bodyCorrupt(messageId: string, why: string, cause?: unknown): PosternError {
  return new PosternError('body-corrupt', `the stored body of message ${messageId} is damaged: ${why}`, {
    exit: Exit.io,
    hints: [`look at it: postern queue show ${messageId}`, 'it is never delivered; restore it or delete it'],
    cause,
  })
}

/** `message-unknown` (66). */
export function messageUnknown(messageId: string): PosternError {
  return new PosternError('message-unknown', `there is no message ${messageId} in the queue`, {
    exit: Exit.missing,
    hints: ['list the queue: postern queue list'],
  })
}

/** `cursor-invalid` (64). */
export function cursorInvalid(): PosternError {
  return new PosternError('cursor-invalid', 'the cursor does not come from a listing of this queue', {
    exit: Exit.usage,
    hints: ['start again without a cursor'],
  })
}

/** A caller's mistake, not the world's. */
export function queueMisuse(message: string): PosternError {
  return new PosternError('queue-misuse', message, {exit: Exit.bug})
}

/** No space, or no quota, left: the errors after which the same file system may still serve others. */
export function isNoSpace(error: unknown): boolean {
  const code = (error as {code?: string} | null)?.code
  return code === 'ENOSPC' || code === 'EDQUOT'
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
