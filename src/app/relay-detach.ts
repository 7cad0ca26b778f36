import {type ChildProcess, spawn} from 'node:child_process'
import {closeSync, mkdirSync, openSync} from 'node:fs'
import {dirname} from 'node:path'
import {Exit, type ExitCode, PosternError} from '../mail/error.ts'
import type {RelayStatus} from '../relay/relay.ts'
import {loadConfiguration} from '../state/load.ts'
import {accountFor, asAccount} from './account.ts'
import {ownDataDir} from './relay-account.ts'
import {relayLogFile} from './relay-files.ts'
import type {AppWorld} from './world.ts'

/** What the relay in the background says to who started it, once. */
export type DetachedWord =
  | {ready: RelayStatus}
  | {error: {code: string; message: string; hints: string[]; exit: ExitCode}}

/** Opening a large queue takes its time; a relay that says nothing for this long is lost. */
const PATIENCE_MS = 60_000

/**
 * Starts a relay in the background and waits until it listens. `program` is how this program was started: the executable
 * and its first arguments. Throws what the relay could not start for.
 */
export async function detachRelay(
  world: AppWorld,
  program: string[],
): Promise<{pid: number; logFile: string; status: RelayStatus}> {
  const logFile = relayLogFile(world)
  const log = await openLog(world, logFile)
  const [file = process.execPath, ...first] = program
  const dirs = ['--config-dir', world.configDir, '--data-dir', world.dataDir]
  const child = spawn(file, [...first, 'relay', 'start', '--log', logFile, ...dirs], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    // Directories are given as flags; what named them otherwise must not contradict.
    env: {...process.env, POSTERN_LAB: undefined},
  })
  closeSync(log)
  try {
    const status = await firstWord(child, logFile)
    return {pid: child.pid!, logFile, status}
  } finally {
    if (child.connected) child.disconnect()
    child.unref()
  }
}

/** Opened as the account that the relay will be: a directory of its own is no place for root to write in. */
async function openLog(world: AppWorld, logFile: string): Promise<number> {
  const {settings} = await loadConfiguration(world.configDir)
  const account = accountFor(settings)
  const open = () => {
    mkdirSync(dirname(logFile), {recursive: true, mode: 0o700})
    return openSync(logFile, 'a', 0o600)
  }
  if (account === null) return open()
  ownDataDir(world, account)
  return asAccount(account, open)
}

function firstWord(child: ChildProcess, logFile: string): Promise<RelayStatus> {
  return new Promise((resolve, reject) => {
    const lost = (what: string) =>
      reject(new PosternError('relay-lost', what, {exit: Exit.io, hints: [`see ${logFile}`, 'postern relay logs']}))
    const timer = setTimeout(() => lost('the relay in the background does not answer'), PATIENCE_MS)
    child.once('message', (word: DetachedWord) => {
      clearTimeout(timer)
      if ('ready' in word) return resolve(word.ready)
      const {code, message, hints, exit} = word.error
      return reject(new PosternError(code, message, {hints, exit}))
    })
    child.once('error', (error) => lost(`the relay could not be started: ${error.message}`))
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      lost(`the relay in the background ended before it listened (${signal ?? code})`)
    })
  })
}
