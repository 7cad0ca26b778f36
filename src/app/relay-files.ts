import {join} from 'node:path'
import type {AppWorld} from './world.ts'

/** Where the relay of this data directory is spoken to. */
export function controlSocket({dataDir}: Pick<AppWorld, 'dataDir'>): string {
  return join(dataDir, 'run', 'relay.sock')
}

/** Where `openQueue` keeps queue.db and the segments of large bodies. */
export function queueDir({dataDir}: Pick<AppWorld, 'dataDir'>): string {
  return join(dataDir, 'queue')
}

/** Where a detached relay writes its log: JSON lines. */
export function relayLogFile({dataDir}: Pick<AppWorld, 'dataDir'>): string {
  return join(dataDir, 'log', 'relay.log')
}
