/**
 * The one error of the product. It says what failed, whether trying again can help, and what to type next.
 * A verdict ("does not meet the policy") is a value and never one of these.
 */
export class PosternError extends Error {
  override readonly name: string = 'PosternError'
  /** Stable, kebab-case; listed in docs/errors.md. */
  readonly code: string
  readonly exit: ExitCode
  readonly hints: readonly string[]
  readonly persistence: 'temporary' | 'permanent'

  constructor(code: string, message: string, options: PosternErrorOptions) {
    super(message, {cause: options.cause})
    this.code = code
    this.exit = options.exit
    this.hints = options.hints ?? []
    this.persistence = options.persistence ?? (options.exit === Exit.tryAgain ? 'temporary' : 'permanent')
  }
}

export interface PosternErrorOptions {
  exit: ExitCode
  hints?: readonly string[]
  persistence?: 'temporary' | 'permanent'
  cause?: unknown
}

/** Exit codes of the command line (sysexits.h where a number has a name there). A contract: docs/exit-codes.md. */
export const Exit = {
  ok: 0,
  no: 1,
  usage: 64,
  badData: 65,
  missing: 66,
  noHost: 68,
  refused: 69,
  bug: 70,
  cannotCreate: 73,
  io: 74,
  tryAgain: 75,
  permission: 77,
  badState: 78,
  /** 128 + SIGINT, as shells have it. */
  interrupted: 130,
} as const

export type ExitCode = (typeof Exit)[keyof typeof Exit]
