import {mkdirSync, openSync} from 'node:fs'
import {dirname} from 'node:path'
import {Exit, PosternError} from '../mail/error.ts'
import type {RelayStatus} from '../relay/relay.ts'
import {loadConfiguration} from '../state/load.ts'
import {accountFor, asAccount} from './account.ts'
import {detach} from './detach.ts'
import {ownDataDir} from './relay-account.ts'
import {relayLogFile} from './relay-files.ts'
import type {AppWorld} from './world.ts'

/**
 * Starts a relay in the background and waits until it listens. `program` is how this program was started: the executable
 * and its first arguments. Throws what the relay could not start for, and `relay-lost` (74).
 */
export async function detachRelay(
  world: AppWorld,
  program: string[],
): Promise<{pid: number; logFile: string; status: RelayStatus}> {
  const logFile = relayLogFile(world)
  const {pid, ready: status} = await detach<RelayStatus>({
    program,
    args: ['relay', 'start', '--log', logFile, '--config-dir', world.configDir, '--data-dir', world.dataDir],
    log: await openLog(world, logFile),
    name: 'the relay',
    endSilent: false,
    lost: (what) => {
      return new PosternError('relay-lost', what, {exit: Exit.io, hints: [`see ${logFile}`, 'postern relay logs']})
    },
  })
  return {pid, logFile, status}
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
