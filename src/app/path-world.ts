import {createResolver} from '../dns/client.ts'
import type {PathTimeouts, PathWorld} from '../path/path.ts'
import type {RelaySettings} from '../state/configuration.ts'
import {isSelf} from './own-places.ts'
import type {AppWorld} from './world.ts'

/** What RFC 5321 §4.5.3.2 asks a mailer to wait, except where a connection or a handshake that slow is none. */
const TIMEOUTS: PathTimeouts = {
  connect: 30_000,
  greeting: 300_000,
  command: 300_000,
  handshake: 60_000,
  dataBlock: 180_000,
  dataEnd: 600_000,
}

/** The engine's world: this machine's sockets and clock, and the DNS servers and ports that the configuration names. */
export function pathWorld(
  world: AppWorld,
  settings: RelaySettings,
  options: {
    clientIdentity: PathWorld['clientIdentity']
    resolver?: string[]
    timeouts?: Partial<PathTimeouts>
    /** Milliseconds that one DNS server has for one answer. */
    query?: number
  },
): PathWorld {
  // Servers named by hand are nobody's promise that the way to them is safe.
  const {servers, trusted} = options.resolver ? {servers: options.resolver, trusted: false} : settings.dns
  return {
    now: world.now,
    sleep: world.sleep,
    random: world.random,
    dial: world.dial,
    resolver: createResolver({servers, trusted, clock: world, ...(options.query && {timeout: options.query})}),
    helloName: settings.hostname,
    isSelf: isSelf(settings),
    clientIdentity: options.clientIdentity,
    ports: {smtp: settings.ports.smtp, smtps: settings.ports.smtps},
    timeouts: {...TIMEOUTS, ...options.timeouts},
  }
}
