import {isIPv6} from 'node:net'

/** An address in plain form: an IPv4-mapped IPv6 address is the IPv4 address that it is. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

/** By what a client is counted: its IPv4 address, or its IPv6 /64, which one subscriber has whole (RFC 6177). */
export function clientKey(address: string): string {
  const plain = plainAddress(address).replace(/%.*$/, '')
  if (!isIPv6(plain)) return plain
  const [head, tail = null] = plain.split('::') as [string, string?]
  const left = head === '' ? [] : head.split(':')
  // A dotted end stands for two groups.
  const right = tail ? tail.replace(/[^:]*\.[^:]*$/, '0:0').split(':') : []
  const zeros = tail === null ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right]
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${network.join(':')}::/64`
}
