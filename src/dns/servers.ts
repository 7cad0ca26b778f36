import {getServers} from 'node:dns'
import {isIP, isIPv6} from 'node:net'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'

/** A DNS server to ask. */
export interface DnsServer {
  address: string
  port: number
}

/** `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`. Throws `dns-server-invalid` (exit 64). */
export function parseServer(text: string): DnsServer {
  const found = isIPv6(text) ? [text, text, undefined] : /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text)
  const address = found?.[1] ?? found?.[2] ?? ''
  const port = Number((found?.length === 4 ? found[3] : undefined) ?? 53)
  if (isIP(address) && port > 0 && port < 65_536) return {address, port}
  throw new PosternError('dns-server-invalid', `"${printable(text)}" is not the address of a DNS server`, {
    exit: Exit.usage,
    hints: ['write an IP address, with a port where it is not 53: 127.0.0.1:5353'],
  })
}

/** The servers given, or the system's where none are. */
export function dnsServers(given: readonly string[]): DnsServer[] {
  return (given.length > 0 ? given : getServers()).map(parseServer)
}
