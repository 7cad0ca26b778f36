import {connect} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Clock, Dialer, Random} from '../mail/world.ts'

/** The real world of a command: clock, sockets and the two directories. Use-cases take it as their first argument. */
export interface AppWorld extends Clock, Dialer, Random {
  configDir: string
  dataDir: string
}

/** Both directories are absolute paths. Nothing is opened or created here. */
export function realWorld(dirs: {configDir: string; dataDir: string}): AppWorld {
  return {
    ...dirs,
    now: () => Date.now(),
    sleep: (ms, signal) => sleep(ms, undefined, {signal}),
    random: () => Math.random(),
    // The address is always numeric here: names were resolved by our own resolver, with its own deadline.
    dial: (address, port) => connect({host: address, port, autoSelectFamily: false}),
  }
}
