import type {PosternError} from '../mail/error.ts'
import {askRelay} from '../relay/control.ts'
import {updateSetting} from '../state/edit.ts'
import {loadConfiguration} from '../state/load.ts'
import {controlSocket} from './relay-files.ts'
import {relayIdentity} from './relay-identity.ts'
import type {AppWorld} from './world.ts'

/**
 * Switches the relay's TLS on or off in relay.yaml, and at once in the relay that runs. `revision` is what it runs by
 * then; null: none runs. Switching on without an identity throws and changes nothing.
 */
export async function switchRelayTls(world: AppWorld, enabled: boolean): Promise<{revision: string | null}> {
  const {settings} = await loadConfiguration(world.configDir)
  if (enabled) await relayIdentity(world.configDir, settings.tls.identity)
  await updateSetting(world.configDir, ['tls', 'enabled'], enabled)
  try {
    return await reloadRelay(world)
  } catch (error) {
    if ((error as PosternError).code === 'relay-not-running') return {revision: null}
    throw error
  }
}

/** Has the running relay read its configuration. Throws what is wrong with it (78); the relay keeps the old one then. */
export function reloadRelay(world: AppWorld): Promise<{revision: string; changed: boolean}> {
  return askRelay(controlSocket(world), {do: 'reload'})
}
