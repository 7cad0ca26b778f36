import {Domain} from '../mail/domain.ts'
import type {HostEvidence, PathEvidence, RouteEvidence} from '../policy/evidence.ts'
import type {AddressResult, HostResult} from '../report/probe-schema.ts'

/** The hosts of a route with what was seen at each of their addresses. */
export function hostResults(
  {domain, route}: PathEvidence,
  looks: readonly {host: string; result: AddressResult}[],
): HostResult[] {
  return route.hosts.map((host) => ({
    name: host.name,
    unicode: otherForm(host.name),
    learned: learned(host, domain, route),
    preference: host.preference,
    failure: host.failure?.reason ?? null,
    addresses: looks.filter((look) => look.host === host.name).map(({result}) => result),
  }))
}

/** U-labels of a name that has any (RFC 5890 §2.3.2.1); null where both forms are one. */
export function otherForm(name: string): string | null {
  const unicode = Domain.tryParse(name)?.unicode ?? name
  return unicode === name ? null : unicode
}

/** `MX 10 of example.mil, not signed; an alias of mx.example.org; addresses not signed`. */
function learned(host: HostEvidence, domain: string, route: RouteEvidence): string {
  const alias = host.canonicalName === undefined ? '' : `; an alias of ${host.canonicalName}`
  const addresses = host.addresses.length > 0 && route.source !== 'literal' ? `; addresses ${signed(host.signed)}` : ''
  switch (route.source) {
    case 'mx':
      return `MX ${host.preference} of ${route.canonicalName ?? domain}, ${signed(route.status === 'secure')}${alias}${addresses}`
    case 'implicit':
      return `${domain} itself, which has no MX${addresses}`
    case 'static':
      return `set by hand${alias}`
    case 'literal':
      return 'the address literal itself'
  }
}

function signed(yes: boolean | undefined): string {
  return yes ? 'signed' : 'not signed'
}
