import {isIP, isIPv6} from 'node:net'
import {hostname} from 'node:os'
import * as v from 'valibot'
import {MailAddress, mailDomainText, parseMailDomain} from '../mail/address.ts'
import {Domain} from '../mail/domain.ts'
import {networkContains, parseNetwork} from '../policy/cidr.ts'
import type {RelaySettings} from './configuration.ts'
import {isName} from './names.ts'
import {checkedText, listOf, text, whole, word} from './schema.ts'
import {parseDuration, parseRate, parseSize} from './units.ts'
import {YamlFile, type YamlSource} from './yaml-file.ts'

const domain = text('a domain name such as relay.example.org', (name) => Domain.tryParse(name)?.ascii ?? null)
const address = checkedText('an IP address', (ip) => isIP(ip) || null)
const port = whole('a port from 1 to 65535', 1, 65535)
const flag = v.boolean('expected true or false')
const duration = text('a duration such as 90s, 27m, 4h or 5d', parseDuration)
const size = text('a size such as 50MiB', parseSize)
const rate = text('a rate such as 100/1m', parseRate)
const network = checkedText('a network such as 192.0.2.0/24 or 2001:db8::/32', parseNetwork)
const identityName = checkedText('the name of an identity', (name) => isName(name) || null)
const mapping = 'expected a mapping'

const listener = v.strictObject(
  {
    address,
    // 0 lets the system choose, which tests and the lab use.
    port: whole('a port from 0 to 65535', 0, 65535),
    tls: v.optional(word(['starttls', 'implicit', 'off'] as const), 'starttls'),
  },
  'expected a mapping with address and port',
)

const route = v.pipe(
  v.strictObject(
    {
      domain: text('a domain, .domain or "*"', routeDomain),
      host: text('a host name or an IP address', routeHost),
      port: v.optional(port),
      tls: v.optional(word(['starttls', 'implicit'] as const), 'starttls'),
    },
    'expected a mapping with domain and host',
  ),
  v.transform(({tls, ...rest}) => ({...rest, implicitTls: tls === 'implicit'})),
)

const DEFAULT_LISTENERS = [
  {address: '127.0.0.1', port: 2525, tls: 'starttls' as const},
  {address: '127.0.0.1', port: 2465, tls: 'implicit' as const},
]

const account = checkedText('the name of a system account', (name) => /^[a-z_][a-z0-9_.-]{0,31}$/i.test(name) || null)

const metrics = v.strictObject(
  {
    address: v.optional(address, '127.0.0.1'),
    port: whole('a port from 0 to 65535', 0, 65535),
    exposed: v.optional(flag, false),
  },
  'expected a mapping with port',
)

/** `relay.yaml`; everything in it is optional. */
export const RELAY_SCHEMA = v.strictObject(
  {
    hostname: v.optional(domain, ownName),
    listeners: v.optional(v.array(listener, 'expected a list of listeners'), DEFAULT_LISTENERS),
    tls: section({
      enabled: v.optional(flag, true),
      identity: v.optional(identityName, 'default'),
      identities: v.optional(listOf(identityName), []),
      clientIdentity: v.optional(identityName),
    }),
    clients: v.optional(listOf(network), ['127.0.0.0/8', '::1/128']),
    domains: v.optional(listOf(domain), []),
    postmaster: v.optional(text('an address such as postmaster@example.org', MailAddress.tryParse)),
    routes: v.optional(v.array(route, 'expected a list of routes'), []),
    dns: section({
      servers: v.optional(listOf(checkedText('IP, IP:PORT or [IPv6]:PORT', serverAddress)), []),
      trusted: v.optional(flag, false),
    }),
    ports: section({smtp: v.optional(port, 25), smtps: v.optional(port, 465), https: v.optional(port, 443)}),
    queue: section({
      retry: v.optional(duration, '27m'),
      retryMax: v.optional(duration, '4h'),
      warnAfter: v.optional(duration, '4h'),
      lifetime: v.optional(duration, '5d'),
      dsnLifetime: v.optional(duration, '5d'),
    }),
    metrics: v.optional(metrics),
    user: v.optional(account),
    group: v.optional(account),
    log: section({
      size: v.optional(size, '16MiB'),
      keep: v.optional(whole('1 to 100 files', 1, 100), 5),
    }),
    limits: section({
      messageSize: v.optional(size, '50MiB'),
      freeSpace: v.optional(size, '100MiB'),
      recipients: v.optional(whole('100 to 100000 recipients (RFC 5321 §4.5.3.1.8)', 100, 100_000), 1000),
      hops: v.optional(whole('10 to 1000 hops', 10, 1000), 50),
      errorsPerSession: v.optional(whole('1 to 10000 errors', 1, 10_000), 20),
      connections: v.optional(whole('1 to 100000 connections', 1, 100_000), 1000),
      memory: v.optional(size, '64MiB'),
      greetingDelay: v.optional(text('a duration from 1s to 1m', greetingDelay)),
      connectionsPerClient: v.optional(whole('1 to 100000 connections', 1, 100_000), 50),
      connectionRatePerClient: v.optional(rate),
      messagesPerClient: v.optional(rate),
      recipientsPerClient: v.optional(rate),
      exemptClients: v.optional(flag, false),
      connectionsPerDestination: v.optional(whole('1 to 10000 connections', 1, 10_000), 20),
      connectionsPerAddress: v.optional(whole('1 to 10000 connections', 1, 10_000), 20),
    }),
  },
  mapping,
)

/** relay.yaml with defaults filled in; an empty file is all defaults. Throws with file and line. */
export function readSettings(source: YamlSource): {settings: RelaySettings; file: YamlFile} {
  const file = new YamlFile(source)
  const settings: RelaySettings = file.read(RELAY_SCHEMA, file.value ?? {})
  const {retry, retryMax} = settings.queue
  if (retry > retryMax) {
    throw file.complain(['queue', 'retry'], 'expected at most queue.retryMax', 'raise retryMax, or lower retry')
  }
  const {metrics} = settings
  if (metrics && !metrics.exposed && !isLoopback(metrics.address)) {
    const hint = 'who may read it is for your firewall to say then: add exposed: true'
    throw file.complain(['metrics', 'address'], 'expected a loopback address without exposed: true', hint)
  }
  if (settings.group && !settings.user) {
    throw file.complain(['group'], 'expected user beside group', 'name the account to become: user: postern')
  }
  return {settings, file}
}

function isLoopback(address: string): boolean {
  return networkContains(parseNetwork('127.0.0.0/8'), address) || networkContains(parseNetwork('::1/128'), address)
}

function section<E extends v.ObjectEntries>(entries: E) {
  return v.optional(v.strictObject(entries, mapping), {} as never)
}

/** The machine's name where it is a full one; a relay that faces the world is given its own with `hostname:`. */
function ownName(): string {
  const own = Domain.tryParse(hostname())?.ascii
  return own?.includes('.') ? own : 'localhost.localdomain'
}

/** A client waits five minutes for its greeting (RFC 5321 §4.5.3.2.1), a person who looks on does not. */
function greetingDelay(delay: string): number | null {
  const ms = parseDuration(delay)
  return ms !== null && ms <= 60_000 ? ms : null
}

function routeDomain(name: string): string | null {
  if (name === '*') return name
  const dot = name.startsWith('.') ? '.' : ''
  const ascii = Domain.tryParse(name.slice(dot.length))?.ascii
  return ascii === undefined ? null : dot + ascii
}

function routeHost(host: string): string | null {
  if (isIP(host)) return host
  const named = parseMailDomain(host)
  return named && ('literal' in named ? named.literal : mailDomainText(named))
}

/** `IP`, `IP:PORT`, `[IPv6]:PORT`; null when it is none. */
function serverAddress(server: string): {address: string; port: number} | null {
  if (isIP(server)) return {address: server, port: 53}
  const [, v6, v4, digits] = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(server) ?? []
  const ip = v6 ?? v4
  const number = Number(digits ?? 53)
  if (ip === undefined || number < 1 || number > 65535) return null
  return (v6 === undefined ? isIP(ip) === 4 : isIPv6(ip)) ? {address: ip, port: number} : null
}
