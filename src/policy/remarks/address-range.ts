import ipaddr from 'ipaddr.js'

/** Ranges that lead nowhere on the Internet (RFC 6890), as people call them; 6to4 and the like are left to routing. */
const NAMES: Record<string, string> = {
  private: 'private (RFC 1918)',
  uniqueLocal: 'private (RFC 4193)',
  linkLocal: 'link-local',
  carrierGradeNat: 'of a provider’s network (RFC 6598)',
  unspecified: 'unspecified',
  multicast: 'multicast',
  broadcast: 'broadcast',
  reserved: 'reserved',
}

export type AddressRange = {kind: 'public'} | {kind: 'loopback'} | {kind: 'unroutable'; name: string}

/** What kind of address it is; an IPv4 address inside an IPv6 one counts as itself. */
export function addressRange(address: string): AddressRange {
  const range = ipaddr.isValid(address) ? ipaddr.process(address).range() : 'unicast'
  if (range === 'loopback') return {kind: 'loopback'}
  const name = NAMES[range]
  return name === undefined ? {kind: 'public'} : {kind: 'unroutable', name}
}
