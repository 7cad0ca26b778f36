import {expect} from 'vitest'

/** Sockets of any kind that this process holds. */
export function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => /TCPSocket|TCPWRAP|UDPWRAP|TLSWRAP|UDP$/i.test(kind)).length
}

/** Waits until no more sockets are held than `before`; closing takes turns of the event loop. */
export async function expectNoLeak(before: number): Promise<void> {
  await expect.poll(openSockets, {timeout: 20_000}).toBeLessThanOrEqual(before)
}
