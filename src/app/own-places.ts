import {networkInterfaces} from 'node:os'
import type {PathWorld} from '../path/path.ts'
import type {RelaySettings} from '../state/configuration.ts'

/** Whether an MX host is the relay of this configuration: it has its name, or an address and port where it listens. */
export function isSelf({hostname, listeners}: Pick<RelaySettings, 'hostname' | 'listeners'>): PathWorld['isSelf'] {
  return ({name, addresses, port}) => {
    if (name.toLowerCase() === hostname.toLowerCase()) return true
    const there = listeners.filter((listener) => listener.port === port).map(({address}) => address)
    return there.length > 0 && addresses.some((address) => there.some((own) => listensAt(own, address)))
  }
}

function listensAt(own: string, address: string): boolean {
  if (own === address) return true
  if (own !== '::' && own !== '0.0.0.0') return false
  return Object.values(networkInterfaces()).some((all) => all?.some((local) => local.address === address))
}
