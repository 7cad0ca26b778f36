import {isIP, isIPv6} from 'node:net'
import type {DnsAnswer, MxRecord} from '../dns/resolver.ts'
import {mailDomainText} from '../mail/address.ts'
import {Domain, printable} from '../mail/domain.ts'
import type {Random} from '../mail/world.ts'
import type {HostEvidence, RouteEvidence} from '../policy/evidence.ts'
import {isDeadline, OVERALL} from './deadline.ts'
import type {PathRequest, PathWorld} from './path.ts'

/** Hosts of a domain and addresses of a host that are looked at; a domain with more gets no more of our time. */
export const MOST_HOSTS = 20
export const MOST_ADDRESSES = 16

type Request = Pick<PathRequest, 'domain' | 'route' | 'fixed' | 'signal'>
type Finder = Pick<PathWorld, 'resolver'> & Random

/** Which hosts take mail for the domain (RFC 5321 §5.1), in the order in which they are to be tried. */
export async function locate(world: Finder, request: Request): Promise<RouteEvidence> {
  const {domain, route, fixed} = request
  if (fixed) return stands('static', [host(fixed.host, null, [fixed.address])])
  if (route) return locateStatic(world, route.host, request)
  if (!(domain instanceof Domain)) {
    return stands('literal', [host(mailDomainText(domain), null, [domain.literal])])
  }
  return locateByMx(world, domain, request)
}

async function locateStatic(world: Finder, name: string, request: Request): Promise<RouteEvidence> {
  const address = name.replace(/^\[(?:IPv6:)?(.*)\]$/i, '$1')
  if (isIP(address)) return stands('static', [host(bracketed(address), null, [address])])
  const found = await hostAddresses(world, name, null, request)
  const {failure} = found.host
  return {...stands('static', [found.host]), status: found.status, failure: failure && ofTheHop(failure)}
}

/** That the next hop does not exist says nothing of the recipient's domain, whose name would be blamed. */
function ofTheHop(failure: NonNullable<HostEvidence['failure']>): NonNullable<HostEvidence['failure']> {
  return failure.kind === 'nxdomain' ? {...failure, kind: 'no-address'} : failure
}

async function locateByMx(world: Finder, domain: Domain, request: Request): Promise<RouteEvidence> {
  const answer = await asked(() => world.resolver.mx(domain.ascii, request.signal))
  if (!('records' in answer)) return nowhere('mx', answer)
  if (answer.existence === 'nxdomain') {
    return fails('mx', answer.status, 'nxdomain', `${domain.ascii} does not exist`)
  }
  // RFC 5321 §5.1: where the name is a CNAME, the name it leads to is treated as the domain.
  if (answer.existence === 'nodata') {
    const implicit = await locateImplicit(world, answer.canonicalName, answer.status, request)
    return {...implicit, ...aliasOf(domain.ascii, answer.canonicalName)}
  }
  const named = answer.records.filter(({exchange}) => exchange !== '')
  const alias = aliasOf(domain.ascii, answer.canonicalName)
  // RFC 7505 §3: a null MX beside others is a mistake and means nothing.
  if (named.length === 0) {
    return {...fails('mx', answer.status, 'null-mx', 'the domain publishes a null MX (RFC 7505)'), nullMx: true}
  }
  const ordered = inOrder(named, world)
  const hosts = ordered.slice(0, MOST_HOSTS).map(({exchange, preference}) => {
    return hostAddresses(world, exchange, preference, request)
  })
  const found = await Promise.all(hosts)
  return {
    ...stands(
      'mx',
      found.map(({host}) => host),
    ),
    status: answer.status,
    ...alias,
    ...(named.length < answer.records.length && {strayNullMx: true}),
    ...(ordered.length > MOST_HOSTS && {hostsLeftOut: ordered.length - MOST_HOSTS}),
  }
}

/** The canonical name, where it is another one. */
function aliasOf(name: string, canonicalName: string): {canonicalName?: string} {
  return canonicalName === name ? {} : {canonicalName: printable(canonicalName)}
}

/** RFC 5321 §5.1: without MX the domain itself is the host, with preference 0. */
async function locateImplicit(
  world: Finder,
  name: string,
  status: RouteEvidence['status'],
  request: Request,
): Promise<RouteEvidence> {
  const found = await hostAddresses(world, name, 0, request)
  const both = status === 'secure' && found.status === 'secure' ? 'secure' : 'insecure'
  return {
    ...stands('implicit', [found.host]),
    status: found.host.failure ? found.status : both,
    failure: found.host.failure,
  }
}

/** Lowest preference first, equal ones in random order, each name once. */
function inOrder(records: readonly MxRecord[], world: Random): MxRecord[] {
  const lots = records.map((record) => ({record, lot: world.random()}))
  lots.sort((a, b) => a.record.preference - b.record.preference || a.lot - b.lot)
  const names = new Set<string>()
  const once = lots.filter(({record: {exchange}}) => !names.has(exchange) && names.add(exchange))
  return once.map(({record}) => record)
}

async function hostAddresses(
  world: Finder,
  name: string,
  preference: number | null,
  {signal}: Request,
): Promise<{host: HostEvidence; status: RouteEvidence['status']}> {
  const domain = Domain.tryParse(name)
  if (!domain) {
    const reason = `"${printable(name)}" is not a host name`
    return {host: {...host(printable(name), preference, []), failure: {kind: 'no-address', reason}}, status: 'unknown'}
  }
  const answer = await asked(() => world.resolver.addresses(domain.ascii, signal))
  const all = 'records' in answer ? answer.records : []
  const addresses = all.slice(0, MOST_ADDRESSES)
  return {
    host: {
      ...host(domain.ascii, preference, addresses),
      ...('records' in answer && aliasOf(domain.ascii, answer.canonicalName)),
      ...(answer.status === 'secure' && {signed: true}),
      ...(all.length > MOST_ADDRESSES && {addressesLeftOut: all.length - MOST_ADDRESSES}),
      failure: hostFailure(domain.ascii, answer),
    },
    status: answer.status === 'failed' ? 'unknown' : answer.status,
  }
}

function hostFailure(name: string, answer: DnsAnswer<string>): HostEvidence['failure'] {
  if (!('records' in answer)) return doubt(answer)
  if (answer.existence === 'nxdomain') return {kind: 'nxdomain', reason: `${name} does not exist`}
  return answer.records.length > 0 ? null : {kind: 'no-address', reason: `${name} has no address`}
}

type Doubt = Extract<DnsAnswer<never>, {reason: string}>

function doubt(answer: Doubt): {kind: 'dns-failed' | 'dns-bogus'; reason: string} {
  return {kind: answer.status === 'bogus' ? 'dns-bogus' : 'dns-failed', reason: answer.reason}
}

/** An answer, also where the deadline came first. */
async function asked<T>(question: () => Promise<DnsAnswer<T>>): Promise<DnsAnswer<T>> {
  try {
    return await question()
  } catch (error) {
    if (isDeadline(error)) return {status: 'failed', reason: OVERALL}
    throw error
  }
}

function host(name: string, preference: number | null, addresses: string[]): HostEvidence {
  return {name, preference, addresses, failure: null}
}

function bracketed(address: string): string {
  return isIPv6(address) ? `[IPv6:${address}]` : `[${address}]`
}

function stands(source: RouteEvidence['source'], hosts: HostEvidence[]): RouteEvidence {
  return {source, status: 'unknown', nullMx: false, hosts, failure: null}
}

function fails(
  source: RouteEvidence['source'],
  status: RouteEvidence['status'],
  kind: NonNullable<RouteEvidence['failure']>['kind'],
  reason: string,
): RouteEvidence {
  return {...stands(source, []), status, failure: {kind, reason}}
}

function nowhere(source: RouteEvidence['source'], answer: Doubt): RouteEvidence {
  const {kind, reason} = doubt(answer)
  return fails(source, answer.status === 'bogus' ? 'bogus' : 'unknown', kind, reason)
}
