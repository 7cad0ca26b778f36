import {stripVTControlCharacters} from 'node:util'
import {printable} from '../mail/domain.ts'
import {Exit, type ExitCode, PosternError} from '../mail/error.ts'

/** The `error` of `postern.error/1`. */
export interface ErrorReport {
  code: string
  message: string
  hints: string[]
  exit: ExitCode
}

/** Any thrown value as one line, hints and an exit code; what nobody foresaw is a bug (70). */
export function describeError(error: unknown): ErrorReport {
  if (error instanceof PosternError) {
    return {code: error.code, message: error.message, hints: [...error.hints], exit: error.exit}
  }
  const thrown = error as NodeJS.ErrnoException & {oclif?: {exit?: number}; suggestions?: string[]; parse?: unknown}
  if (isUsage(thrown)) {
    return {code: 'usage', message: usageLine(thrown.message), hints: usageHints(thrown), exit: Exit.usage}
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

/** oclif's paragraph as one line: `Missing required flag level`, `Missing 1 required arg: name`. */
function usageLine(message: string): string {
  const all = stripVTControlCharacters(message).split('\n')
  const [head = '', ...rest] = all
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('See more help'))
  if (/^The following errors? occurred:$/.test(head)) return printable([...new Set(rest)].join('; '), 300)
  // "Parsing --port", and on the next line what is wrong with it.
  if (/^Parsing \S+$/.test(head) && rest[0]) return printable(`${head.slice('Parsing '.length)}: ${rest[0]}`, 300)
  if (!head.endsWith(':')) return printable(head, 300)
  // Under "Missing … args:" each line is a name and its description; a note may follow.
  const note = rest.findIndex((line) => line.startsWith('Note:'))
  const names = (note < 0 ? rest : rest.slice(0, note)).map((line) => line.split(/\s/)[0])
  return printable(`${head} ${names.join(', ')}`, 300)
}

function usageHints(error: {suggestions?: string[]; parse?: unknown}): string[] {
  return error.suggestions?.length ? error.suggestions : ['--help shows the flags and an example']
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
