import {askRelay} from '../relay/control.ts'
import {controlSocket} from './relay-files.ts'
import type {AppWorld} from './world.ts'

const GONE_MS = 5_000

/** Stops the running relay: deliveries end or go back into the queue. Resolves when its process is gone. */
export async function stopRelay(world: AppWorld): Promise<{pid: number}> {
  const socket = controlSocket(world)
  const {pid} = await askRelay<{pid: number}>(socket, {do: 'stop'})
  const deadline = performance.now() + GONE_MS
  while (isAlive(pid) && performance.now() < deadline) await world.sleep(20)
  return {pid}
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
