import {createHash} from 'node:crypto'
import {statSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {AppWorld} from './world.ts'

/** sun_path holds 108 octets on Linux and 104 elsewhere, the final NUL included (unix(7)). */
const LONGEST_SOCKET_PATH = 103

/**
 * Where the relay of this data directory is spoken to. A path that is too long for a socket gets a short stand-in, in a
 * directory of the user's own that is named after it.
 */
export function controlSocket({dataDir}: Pick<AppWorld, 'dataDir'>): string {
  const path = join(dataDir, 'run', 'relay.sock')
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return path
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16)
  const runtime = process.env.XDG_RUNTIME_DIR ?? tmpdir()
  return join(runtime, `postern-${ownerOf(dataDir)}-${name}`, 'relay.sock')
}

/** Who runs its relay: root, who may speak with it too, has to look in the same place. */
function ownerOf(dataDir: string): number {
  const own = process.getuid?.() ?? 0
  return own === 0 ? (statSync(dataDir, {throwIfNoEntry: false})?.uid ?? own) : own
}

export function queueDir({dataDir}: Pick<AppWorld, 'dataDir'>): string {
  return join(dataDir, 'queue')
}

/** Where a detached relay writes its log: JSON lines. */
export function relayLogFile({dataDir}: Pick<AppWorld, 'dataDir'>): string {
  return join(dataDir, 'log', 'relay.log')
}
