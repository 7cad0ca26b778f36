import type {Socket} from 'node:net'
import {type Limit, within} from '../mail/limit.ts'
import type {Dialer} from '../mail/world.ts'

/** A connected socket; the caller destroys it, and `closed` is called then. Throws what the system says: ECONNREFUSED, EHOSTUNREACH, a time-out. */
export async function dial(
  world: Dialer,
  address: string,
  port: number,
  limit: Limit,
  closed?: () => void,
): Promise<Socket> {
  const socket = started(world, address, port, limit, closed)
  // Errors after the connection stands reach the session; without a listener they would end the process.
  socket.on('error', () => {})
  try {
    await within(limit, () => connected(socket))
    socket.setNoDelay(true)
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function started(world: Dialer, address: string, port: number, limit: Limit, closed?: () => void): Socket {
  try {
    limit.signal?.throwIfAborted()
    const socket = world.dial(address, port)
    if (closed) socket.once('close', closed)
    return socket
  } catch (error) {
    closed?.()
    throw error
  }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed before it stood')))
  })
}
