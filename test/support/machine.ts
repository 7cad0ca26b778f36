import {spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {type AddressInfo, createServer} from 'node:net'

/** A port that was free a moment ago, for programs that cannot be given 0. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  const holder = createServer().listen(0, address)
  await once(holder, 'listening')
  const {port} = holder.address() as AddressInfo
  await new Promise((resolve) => holder.close(resolve))
  return port
}

/** Whether strace is installed, and may trace here; says what is skipped where it is not. */
export function canTrace(what: string): boolean {
  const can = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0
  if (!can) console.log(`skipped: ${what}, for which strace must be installed and may trace`)
  return can
}
