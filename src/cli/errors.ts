import {printable} from '../mail/domain.ts'
import {Exit, type ExitCode, PosternError} from '../mail/error.ts'
import {type Asked, usageHints, usageLine} from './usage.ts'

/** The `error` of `postern.error/1`. */
export interface ErrorReport {
  code: string
  message: string
  hints: string[]
  exit: ExitCode
}

/** Any thrown value as one line, hints and an exit code; what nobody foresaw is a bug (70). `asked`: which command it was. */
export function describeError(error: unknown, asked: Asked = {}): ErrorReport {
  if (error instanceof PosternError) {
    return {code: error.code, message: error.message, hints: [...error.hints], exit: error.exit}
  }
  const thrown = error as NodeJS.ErrnoException & {oclif?: {exit?: number}; suggestions?: string[]; parse?: unknown}
  if (isUsage(thrown)) {
    return {code: 'usage', message: usageLine(thrown.message), hints: usageHints(thrown, asked), exit: Exit.usage}
  }
  if (typeof thrown?.code === 'string' && typeof thrown.syscall === 'string') return systemError(thrown)
  return {
    code: 'bug',
    message: `unexpected: ${firstLine(thrown?.message ?? String(error))}`,
    hints: ['this is a bug in Postern; POSTERN_DEBUG=1 prints where'],
    exit: Exit.bug,
  }
}

function isUsage(error: {oclif?: {exit?: number}; parse?: unknown}): boolean {
  return error?.parse !== undefined || error?.oclif?.exit === Exit.usage
}

function systemError(error: NodeJS.ErrnoException): ErrorReport {
  const message = firstLine(error.message)
  const by: Record<string, [ExitCode, string]> = {
    ENOENT: [Exit.missing, 'check the path'],
    EACCES: [Exit.permission, 'check owner and mode of the file, and of the directories above it'],
    EPERM: [Exit.permission, 'check owner and mode of the file, and of the directories above it'],
    ENOSPC: [Exit.io, 'the disk is full'],
    EROFS: [Exit.cannotCreate, 'the file system is read-only'],
    ENOTDIR: [Exit.cannotCreate, 'a part of the path is a file'],
  }
  const [exit, hint] = by[error.code ?? ''] ?? [Exit.io, 'the operating system said no']
  return {code: `system-${(error.code ?? 'error').toLowerCase()}`, message, hints: [hint], exit}
}

function firstLine(text: string): string {
  return printable(text.split('\n')[0] ?? '')
}
