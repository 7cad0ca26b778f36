import {isIP} from 'node:net'
import {Domain, printable} from '../../mail/domain.ts'
import type {Finding, HostEvidence, PathEvidence, RouteEvidence} from '../evidence.ts'
import {finding} from '../findings.ts'
import {addressRange} from './address-range.ts'

/** What is known of the route beyond the evidence of the engine. */
export interface RouteFacts {
  /** By host that does not exist: the name highest up that does not exist either, where no zone lies between. */
  unregistered: ReadonlyMap<string, string>
  /** Mail goes over ports of a rehearsal, as in the lab, where loopback is the place to be. */
  rehearsal: boolean
}

/** What there is to say of the way to the hosts. Nothing here changes what becomes of mail. */
export function routeRemarks({domain, route}: PathEvidence, facts: RouteFacts): Finding[] {
  return [
    ...nameRemarks(domain),
    ...(route.canonicalName === undefined ? [] : [aliasDomain(domain, route.canonicalName)]),
    ...(route.source === 'implicit' ? [implicitMx(domain)] : []),
    ...(route.strayNullMx ? [strayNullMx(domain)] : []),
    ...(route.hostsLeftOut ? [leftOut(`${route.hostsLeftOut} more MX hosts of ${domain}`)] : []),
    ...route.hosts.flatMap((host) => hostRemarks(host, domain, facts, route.source)),
  ]
}

function hostRemarks(
  host: HostEvidence,
  domain: string,
  facts: RouteFacts,
  source: RouteEvidence['source'],
): Finding[] {
  const byMx = source === 'mx'
  // What somebody wrote down by hand is meant so; what a partner publishes has to be reachable.
  const published = byMx || source === 'implicit'
  const {name, canonicalName, addressesLeftOut} = host
  return [
    ...(host.passedOver === 'ourselves' ? [ourselves(name, domain)] : []),
    ...(byMx ? [...nameless(host, domain, facts), ...(name === domain ? [] : nameRemarks(name))] : []),
    ...(byMx && canonicalName !== undefined ? [aliasHost(name, canonicalName)] : []),
    ...(addressesLeftOut ? [leftOut(`${addressesLeftOut} more addresses of ${name}`)] : []),
    ...(published ? host.addresses.flatMap((address) => addressRemarks(name, address, facts)) : []),
  ]
}

/** Why a host that MX names has no address. */
function nameless({name, failure}: HostEvidence, domain: string, {unregistered}: RouteFacts): Finding[] {
  if (isIP(name)) {
    const hint = `the partner has to give the host a name: an A record for mail.${domain}, and that name in the MX record`
    return [
      finding('mx-is-address', `the MX record of ${domain} holds the address ${name} in the place of a name`, hint),
    ]
  }
  if (failure?.kind === 'no-address') return [withoutAddress(name, domain)]
  if (failure?.kind !== 'nxdomain') return []
  const nobodys = unregistered.get(name)
  const hint = `the partner has to remove the MX record, or bring ${name} back`
  if (nobodys === undefined) {
    return [finding('mx-host-not-found', `the MX record of ${domain} names ${name}, which does not exist`, hint)]
  }
  const message = `the MX record of ${domain} names ${name}, and ${nobodys} belongs to nobody`
  return [finding('mx-domain-unregistered', message, `${hint}, before somebody else registers ${nobodys}`)]
}

function withoutAddress(name: string, domain: string): Finding {
  if (Domain.tryParse(name)) {
    const hint = 'the partner has to publish an A or AAAA record for it, or remove the MX record'
    return finding('mx-host-without-address', `the MX host ${name} of ${domain} has no address`, hint)
  }
  const message = `the MX record of ${domain} names "${printable(name)}", which is no host name`
  return finding('mx-name-invalid', message, 'the partner has to correct the MX record')
}

function addressRemarks(name: string, address: string, {rehearsal}: RouteFacts): Finding[] {
  const range = addressRange(address)
  const hint = "the partner has to publish a public address; inside a network of one's own this can be meant so"
  if (range.kind === 'loopback' && !rehearsal) {
    return [finding('loopback-address', `${name} has the loopback address ${address}`, hint)]
  }
  if (range.kind !== 'unroutable') return []
  return [finding('private-address', `${name} has the address ${address}, which is ${range.name}`, hint)]
}

/** Both forms of a name that has two. */
function nameRemarks(name: string): Finding[] {
  const unicode = Domain.tryParse(name)?.unicode ?? name
  if (unicode === name) return []
  const message = `${unicode} is ${name} on the wire, in DNS and in certificates`
  return [finding('name-internationalized', message, 'compare the A-label when certificates are checked by eye')]
}

function aliasDomain(domain: string, canonicalName: string): Finding {
  const message = `${domain} is an alias (CNAME) of ${canonicalName}, whose mail hosts are used`
  return finding(
    'domain-is-alias',
    message,
    'nothing has to be done; a certificate rule for the domain names the alias',
  )
}

function implicitMx(domain: string): Finding {
  const message = `${domain} has no MX record, so that the domain itself is the mail host`
  return finding('implicit-mx', message, 'the partner should publish an MX record, or a null MX where it takes no mail')
}

function strayNullMx(domain: string): Finding {
  const message = `${domain} publishes a null MX and other MX records; the null MX is not counted`
  return finding('null-mx-with-others', message, 'the partner has to remove one or the other')
}

function aliasHost(name: string, canonicalName: string): Finding {
  const message = `the MX host ${name} is an alias (CNAME) of ${canonicalName}`
  return finding(
    'mx-is-alias',
    message,
    `the partner has to name ${canonicalName} in the MX record, or give ${name} an address`,
  )
}

function ourselves(name: string, domain: string): Finding {
  const message = `the mail host ${name} of ${domain} is the relay of this configuration, which passes over itself`
  return finding('mail-loop', message, `add a route for ${domain} in relay.yaml where the relay is to carry its mail`)
}

function leftOut(what: string): Finding {
  return finding('hosts-left-out', `${what} were not looked at`, 'a mailer does not try that many either')
}
