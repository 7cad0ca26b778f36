import type {Socket} from 'node:net'

/**
 * What the outside is made of. Rooms take the parts they need as an argument, so that each can be tested in a made-up
 * world; the real one is `src/app/world.ts`.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface Random {
  /** Uniform in [0, 1), as Math.random. */
  random(): number
}

export interface Dialer {
  /** Starts a TCP connection; the caller waits for `connect` or `error`. `address` is always an IP, never a name. */
  dial(address: string, port: number): Socket
}
