import type {PosternError} from '../mail/error.ts'
import type {QueueCounts, Suspension} from '../queue/store.ts'
import {askRelay} from '../relay/control.ts'
import type {Relay, RelayStatus} from '../relay/relay.ts'
import {controlSocket} from './relay-files.ts'
import type {ReloadFailure} from './relay-reloader.ts'
import type {AppWorld} from './world.ts'

export interface RelayReport extends RelayStatus {
  pid: number
  /** null: it logs to the terminal or the journal it was started from. */
  logFile: string | null
  /** null while it is being opened anew. */
  queue: (QueueCounts & {suspended: Suspension[]}) | null
  /** null: it runs by the configuration as it is. */
  reloadFailure: ReloadFailure | null
}

/** It is at hand: a relay that has not given it by then hangs. Milliseconds. */
const PATIENCE_MS = 10_000

/** How the relay on this data directory is; null: none runs. Waits no longer than `patience` milliseconds. */
export async function relayReport(world: AppWorld, patience = PATIENCE_MS): Promise<RelayReport | null> {
  try {
    return await askRelay<RelayReport>(controlSocket(world), {do: 'status'}, Math.min(patience, PATIENCE_MS))
  } catch (error) {
    if ((error as PosternError).code === 'relay-not-running') return null
    throw error
  }
}

/** The same, told by the process that runs it. */
export async function ownReport(
  relay: Relay,
  {logFile, reloadFailure}: Pick<RelayReport, 'logFile' | 'reloadFailure'>,
): Promise<RelayReport> {
  const queue = relay.queue && {...(await relay.queue.counts()), suspended: await relay.queue.suspensions()}
  return {pid: process.pid, logFile, ...relay.status(), queue, reloadFailure}
}
