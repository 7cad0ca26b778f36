import {chownSync, lstatSync, mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {Exit, PosternError} from '../mail/error.ts'
import {type Account, becomeAccount} from './account.ts'
import {relaySnapshot} from './relay-snapshot.ts'
import type {AppWorld} from './world.ts'

/** What the relay makes in its data directory. */
const OWN = ['', 'queue', 'run', 'log']

/**
 * From root to the account that relay.yaml names, for good. The data directory must be that account's own, and it must be
 * able to read the configuration: a reload will. Throws `data-dir-owner` and `config-denied` (77).
 */
export async function settleAs(world: AppWorld, account: Account): Promise<void> {
  ownDataDir(world, account)
  becomeAccount(account)
  await relaySnapshot(world).catch((cause: PosternError) => {
    const {user} = account
    throw new PosternError('config-denied', `${user} cannot take over the configuration: ${cause.message}`, {
      exit: Exit.permission,
      hints: [`let it read: chown -R ${user} ${world.configDir}`, ...(cause.hints ?? [])],
      cause,
    })
  })
}

/** Made where it is missing; one that somebody else owns is for the administrator to hand over. */
export function ownDataDir({dataDir}: Pick<AppWorld, 'dataDir'>, {user, uid, gid}: Account): void {
  for (const name of OWN) {
    const dir = join(dataDir, name)
    const found = lstatSync(dir, {throwIfNoEntry: false})
    if (found === undefined && name === '') {
      mkdirSync(dir, {recursive: true, mode: 0o700})
      chownSync(dir, uid, gid)
    } else if (found !== undefined && found.uid !== uid) {
      throw new PosternError('data-dir-owner', `${dir} does not belong to ${user}`, {
        exit: Exit.permission,
        hints: [`stop the relay and hand it over: chown -R ${uid}:${gid} ${dataDir}`],
      })
    }
  }
}
