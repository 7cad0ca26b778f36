import {type ChildProcess, spawn} from 'node:child_process'
import {closeSync} from 'node:fs'
import {type ExitCode, PosternError} from '../mail/error.ts'

/** What a program in the background says to who started it, once. */
export type FirstWord<Ready> =
  | {ready: Ready}
  | {error: {code: string; message: string; hints: string[]; exit: ExitCode}}

export interface Detached {
  /** How this program was started: the executable and its first arguments. */
  program: readonly string[]
  args: readonly string[]
  /** The descriptor that takes what it prints; closed here. */
  log: number
  /** What to throw when it ends, or stays silent, without a first word. */
  lost(what: string): PosternError
  /** Its name in that error: `the relay`. */
  name: string
  /** End it when it stays silent; a relay may still be opening a large queue, and is left to it. */
  endSilent: boolean
}

/** A program that says nothing for this long is lost. */
const PATIENCE_MS = 60_000

/** Starts this program anew in the background and waits for its first word. Throws what it could not start for. */
export async function detach<Ready>({program, args, log, ...rest}: Detached): Promise<{pid: number; ready: Ready}> {
  const [file = process.execPath, ...first] = program
  const child = spawn(file, [...first, ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    // The directories are given as arguments; what named them otherwise must not contradict.
    env: {...process.env, POSTERN_LAB: undefined},
  })
  closeSync(log)
  try {
    const ready = await firstWord<Ready>(child, rest)
    return {pid: child.pid!, ready}
  } finally {
    if (child.connected) child.disconnect()
    child.unref()
  }
}

function firstWord<Ready>(
  child: ChildProcess,
  {lost, name, endSilent}: Pick<Detached, 'lost' | 'name' | 'endSilent'>,
): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (endSilent) child.kill()
      reject(lost(`${name} in the background does not answer`))
    }, PATIENCE_MS)
    const settle = (action: () => void) => {
      clearTimeout(timer)
      action()
    }
    child.once('message', (word: FirstWord<Ready>) => {
      settle(() => ('ready' in word ? resolve(word.ready) : reject(errorOf(word.error))))
    })
    child.once('error', (error) => settle(() => reject(lost(`${name} could not be started: ${error.message}`))))
    child.once('exit', (code, signal) => {
      settle(() => reject(lost(`${name} in the background ended before it listened (${signal ?? code})`)))
    })
  })
}

function errorOf({code, message, hints, exit}: Extract<FirstWord<never>, {error: unknown}>['error']): PosternError {
  return new PosternError(code, message, {hints, exit})
}

/** The other end: a program that was not started by `detach` has nobody to tell. */
export function tellStarter<Ready>(word: FirstWord<Ready>): void {
  if (process.connected) process.send?.(word, () => process.connected && process.disconnect())
}
