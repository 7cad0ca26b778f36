import ipaddr from 'ipaddr.js'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'

/** A network: `address` is IPv4 wherever the text was an IPv4-mapped IPv6 network. */
export interface Network {
  address: ipaddr.IPv4 | ipaddr.IPv6
  prefix: number
}

/** Reads `192.0.2.0/24`, `2001:db8::/32` or a single address. Throws `network-invalid` (exit 64). */
export function parseNetwork(text: string): Network {
  const [address, prefix, ...rest] = text.split('/')
  const ip = parseIp(address ?? '')
  const whole = ip?.kind() === 'ipv4' ? 32 : 128
  const bits = prefix === undefined ? whole : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
  if (ip === null || rest.length > 0 || bits < 0 || bits > whole) return invalid(text)
  return unmapped(ip, bits)
}

/** True when the address lies in the network. An IPv4-mapped IPv6 address counts as the IPv4 address that it is. */
export function networkContains(network: Network, address: string): boolean {
  const ip = parseIp(address)
  if (ip === null) return false
  const plain = unmapped(ip, ip.kind() === 'ipv4' ? 32 : 128).address
  return contains(network, plain)
}

/** True when every address of `inner` lies in `outer`. */
export function networkCovers(outer: Network, inner: Network): boolean {
  return outer.prefix <= inner.prefix && contains(outer, inner.address)
}

function contains(network: Network, address: Network['address']): boolean {
  if (network.address instanceof ipaddr.IPv4) {
    return address instanceof ipaddr.IPv4 && address.match(network.address, network.prefix)
  }
  return address instanceof ipaddr.IPv6 && address.match(network.address, network.prefix)
}

// ipaddr.js on its own also reads `0x7f.1` and octal; only the common notation may pass. A zone (`%eth0`) names a link of
// this machine and is no part of the address (RFC 4007 §11).
function parseIp(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  const bare = text.replace(/%.*$/, '')
  return ipaddr.IPv6.isValid(bare) ? ipaddr.IPv6.parse(bare) : null
}

function unmapped(ip: ipaddr.IPv4 | ipaddr.IPv6, prefix: number): Network {
  if (ip instanceof ipaddr.IPv6 && ip.isIPv4MappedAddress() && prefix >= 96) {
    return {address: ip.toIPv4Address(), prefix: prefix - 96}
  }
  return {address: ip, prefix}
}

function invalid(text: string): never {
  throw new PosternError('network-invalid', `"${printable(text)}" is neither a network nor an address`, {
    exit: Exit.usage,
    hints: ['a network looks like 192.0.2.0/24 or 2001:db8::/32'],
  })
}
