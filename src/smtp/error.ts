import {Exit, PosternError} from '../mail/error.ts'
import {StepTimeout} from '../mail/limit.ts'
import type {TransactionResult} from './client.ts'

export type SmtpErrorCode = 'smtp-connection-lost' | 'smtp-timeout' | 'smtp-protocol-error'

/** The session is lost: closed, silent or talking nonsense. A reply, even a 5xx, is never an error. */
export class SmtpError extends PosternError {
  override readonly name: string = 'SmtpError'
  /** Node's or OpenSSL's code below it, where there is one: `ECONNRESET`, `ERR_SSL_…`. */
  readonly causeCode: string | null
  /** What was settled before the session was lost; null for a recipient whose fate is not known. */
  settled: (TransactionResult['recipients'][number] | null)[] = []
  /** The whole message had gone out and only the answer to it is missing: the peer may have taken it (RFC 1047). */
  mayHaveArrived = false

  constructor(code: SmtpErrorCode, message: string, cause?: unknown) {
    super(code, message, {exit: Exit.tryAgain, cause, hints: ['the peer may answer later: try again']})
    this.causeCode = codeOf(cause)
  }
}

/** The machine-readable code of an error of Node's, null where it has none. */
export function codeOf(error: unknown): string | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : null
}

/** A step that ended without a reply, as the error the session ends with. */
export function lost(error: unknown): unknown {
  if (!(error instanceof StepTimeout)) return error
  return new SmtpError('smtp-timeout', error.message, error)
}
