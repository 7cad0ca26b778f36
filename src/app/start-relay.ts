import {Exit, PosternError} from '../mail/error.ts'
import {openQueue} from '../queue/open.ts'
import {relayAnswers, serveControl} from '../relay/control.ts'
import type {RelayLog} from '../relay/log.ts'
import {Relay, type RelayStatus} from '../relay/relay.ts'
import {relayControl} from './relay-control.ts'
import {controlSocket, queueDir} from './relay-files.ts'
import {RelayReloader, type ReloadFailure} from './relay-reloader.ts'
import {relaySnapshot} from './relay-snapshot.ts'
import type {AppWorld} from './world.ts'

export interface RunningRelay {
  status(): RelayStatus
  /** Reads the configuration anew; throws what is wrong with it, and the old one stays in force. */
  reload(): Promise<{revision: string; changed: boolean}>
  /** Why it does not run by the configuration as it is now; null: it does. */
  reloadFailure(): ReloadFailure | null
  stop(reason: string): Promise<void>
  /** Resolves when it has stopped, whoever asked for it. */
  ended: Promise<void>
}

/**
 * Starts a relay on the world's two directories, with its control socket, and follows changes of the configuration.
 * Throws `relay-running` or `queue-in-use` (75) where one runs already, and what configuration and listeners throw.
 */
export async function startRelay(
  world: AppWorld,
  options: {log: RelayLog; logFile: string | null},
): Promise<RunningRelay> {
  const socket = controlSocket(world)
  if (await relayAnswers(socket)) throw alreadyRunning()
  const snapshot = await relaySnapshot(world)
  const relay = await Relay.start({
    snapshot,
    openQueue: () => openQueue({dir: queueDir(world), clock: world}),
    log: options.log,
    world,
  })
  const reloader = new RelayReloader(world, relay, relay.log)
  const {promise: ended, resolve: end} = Promise.withResolvers<void>()
  let stopping: Promise<void> | null = null
  const stop = (reason: string) => {
    reloader.close()
    stopping ??= relay.stop(reason)
    return stopping
  }
  const running = {
    status: () => relay.status(),
    reload: () => reloader.reload(),
    reloadFailure: () => reloader.failure,
    stop,
    ended,
  }
  const control = await serveControl(socket, relayControl(relay, running, options.logFile)).catch(async (error) => {
    await stop('the control socket cannot be had')
    throw error
  })
  void relay.ended.then(async () => {
    await control.close()
    end()
  })
  reloader.watch()
  return running
}

function alreadyRunning(): PosternError {
  return new PosternError('relay-running', 'a relay runs on this data directory already', {
    exit: Exit.tryAgain,
    hints: ['look at it: postern relay status', 'stop it: postern relay stop', 'or choose another --data-dir'],
  })
}
