import {BlockList, connect, isIPv6, Socket} from 'node:net'
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

/** The world of a rehearsal: nobody is dialled outside of loopback, whatever address a partner of the lab has. */
export function labWorld(dirs: {configDir: string; dataDir: string}): AppWorld {
  const world = realWorld(dirs)
  return {
    ...world,
    dial: (address, port) => (isLoopback(address) ? world.dial(address, port) : unreachable(address, port)),
  }
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8)
LOOPBACK.addAddress('::1', 'ipv6')
LOOPBACK.addSubnet('::ffff:127.0.0.0', 104, 'ipv6')

function isLoopback(address: string): boolean {
  return LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** A socket that fails as one does where no way leads. */
function unreachable(address: string, port: number): Socket {
  const error = new Error(`connect EHOSTUNREACH ${address}:${port}: nobody leaves the lab`)
  return new Socket().destroy(Object.assign(error, {code: 'EHOSTUNREACH'}))
}
