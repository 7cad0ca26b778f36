import {Exit, PosternError} from '../mail/error.ts'
import {openQueue} from '../queue/open.ts'
import {relayAnswers, serveControl} from '../relay/control.ts'
import type {RelayEvent, RelayLog} from '../relay/log.ts'
import {Relay, type RelayStatus} from '../relay/relay.ts'
import {accountFor, isRoot} from './account.ts'
import {settleAs} from './relay-account.ts'
import {relayControl} from './relay-control.ts'
import {controlSocket, queueDir} from './relay-files.ts'
import {RelayReloader, type ReloadFailure} from './relay-reloader.ts'
import {relaySnapshot} from './relay-snapshot.ts'
import {ownReport, type RelayReport} from './relay-status.ts'
import type {AppWorld} from './world.ts'

export interface RunningRelay {
  status(): RelayStatus
  /** Reads the configuration anew; throws what is wrong with it, and the old one stays in force. */
  reload(): Promise<{revision: string; changed: boolean}>
  /** Why it does not run by the configuration as it is now; null: it does. */
  reloadFailure(): ReloadFailure | null
  stop(reason: string): Promise<void>
  /** While it stops: what is under way is cut off, and waits in the queue. */
  hurry(): void
  /** Resolves when it has stopped, whoever asked for it. */
  ended: Promise<void>
}

export interface StartOptions {
  log: RelayLog
  logFile: string | null
  /** Descriptors of sockets that listen already: they were passed on. */
  inherited?: readonly number[]
}

/**
 * Starts a relay on the world's two directories, with its control socket, and follows changes of the configuration.
 * Started by root it binds its ports and becomes the account that relay.yaml names, before it opens anything else.
 * Throws `relay-running` or `queue-in-use` (75) where one runs already, and what configuration, listeners and
 * `settleAs` throw.
 */
export async function startRelay(world: AppWorld, options: StartOptions): Promise<RunningRelay> {
  if (await relayAnswers(controlSocket(world))) throw alreadyRunning()
  const snapshot = await relaySnapshot(world)
  const account = accountFor(snapshot.account)
  let failure = (): ReloadFailure | null => null
  const relay = await Relay.start({
    snapshot,
    inherited: options.inherited ?? [],
    bound: async () => {
      if (account) await settleAs(world, account)
    },
    openQueue: (limits) => openQueue({dir: queueDir(world), clock: world, minFree: () => limits().freeSpace}),
    log: options.log,
    metrics: async (relay) => metricsOf(await ownReport(relay, {logFile: options.logFile, reloadFailure: failure()})),
    world,
  })
  if (isRoot()) relay.log.event(AS_ROOT)
  const reloader = new RelayReloader(world, relay, relay.log)
  failure = () => reloader.failure
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
    hurry: () => relay.hurry(),
    ended,
  }
  const handler = relayControl(relay, running, options.logFile)
  const control = await serveControl(controlSocket(world), handler).catch(async (error) => {
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

const AS_ROOT: RelayEvent = {
  event: 'notice',
  reason: 'the relay runs as root, and needs it for nothing but its ports',
  hints: ['name an account in relay.yaml: user: postern', 'or let systemd start it: postern relay unit'],
}

async function metricsOf(report: RelayReport): Promise<string> {
  const {relayMetrics} = await import('../report/relay-metrics.ts')
  return relayMetrics(report)
}

function alreadyRunning(): PosternError {
  return new PosternError('relay-running', 'a relay runs on this data directory already', {
    exit: Exit.tryAgain,
    hints: ['look at it: postern relay status', 'stop it: postern relay stop', 'or choose another --data-dir'],
  })
}
