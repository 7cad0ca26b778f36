import {type ChildProcess, spawn} from 'node:child_process'
import {closeSync, mkdirSync, openSync} from 'node:fs'
import {join} from 'node:path'
import {Exit, type ExitCode, PosternError} from '../mail/error.ts'
import type {LabRecord} from './running-lab.ts'

/** What a lab in the background says to who started it, once. */
export type LabWord = {ready: LabRecord} | {error: {code: string; message: string; hints: string[]; exit: ExitCode}}

const PATIENCE_MS = 60_000

/**
 * Starts a lab in the background and waits until it listens. `program` is how this program was started, `args` are those of
 * `lab start`. Throws what the lab could not start for.
 */
export async function detachLab(
  labDir: string,
  program: string[],
  args: string[],
): Promise<{lab: LabRecord; logFile: string}> {
  mkdirSync(labDir, {recursive: true, mode: 0o700})
  const logFile = join(labDir, 'lab.log')
  const log = openSync(logFile, 'w', 0o600)
  const [file = process.execPath, ...first] = program
  const child = spawn(file, [...first, 'lab', 'start', ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: {...process.env, POSTERN_LAB: undefined},
  })
  closeSync(log)
  try {
    return {lab: await firstWord(child, logFile), logFile}
  } finally {
    if (child.connected) child.disconnect()
    child.unref()
  }
}

function firstWord(child: ChildProcess, logFile: string): Promise<LabRecord> {
  return new Promise((resolve, reject) => {
    const lost = (what: string) =>
      reject(new PosternError('lab-lost', what, {exit: Exit.io, hints: [`see ${logFile}`]}))
    const timer = setTimeout(() => {
      child.kill()
      lost('the lab in the background does not answer')
    }, PATIENCE_MS)
    child.once('message', (word: LabWord) => {
      clearTimeout(timer)
      if ('ready' in word) return resolve(word.ready)
      const {code, message, hints, exit} = word.error
      return reject(new PosternError(code, message, {hints, exit}))
    })
    child.once('error', (error) => lost(`the lab could not be started: ${error.message}`))
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      lost(`the lab in the background ended before it listened (${signal ?? code})`)
    })
  })
}
