import {isIP} from 'node:net'
import {Flags} from '@oclif/core'
import type {ProbeOptions} from '../app/probe-domain.ts'
import {parseServer} from '../dns/servers.ts'
import {parseMailDomain} from '../mail/address.ts'
import {Domain, printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {LEVELS} from '../policy/profile.ts'
import {PROBE_FORMATS} from './probe-renderings.ts'

const env = (name: string) => `POSTERN_PROBE_${name}`

export const probeFlags = {
  file: Flags.string({
    char: 'f',
    description: 'read targets from this file, one a line, # begins a comment; - is stdin',
    helpValue: 'FILE|-',
  }),
  profile: Flags.string({
    description: 'judge by this profile instead of the policy',
    helpValue: 'NAME',
    exclusive: ['level'],
    env: env('PROFILE'),
  }),
  level: Flags.string({description: 'judge by this level instead of the policy', options: LEVELS, env: env('LEVEL')}),
  rules: Flags.string({
    description: 'judge by the rules of this file instead of policy.yaml: what would they say?',
    helpValue: 'FILE',
    exclusive: ['profile', 'level'],
    env: env('RULES'),
  }),
  ca: Flags.string({
    description: 'trust the certificates of this file (or of this imported CA) and no others; repeatable',
    helpValue: 'FILE',
    multiple: true,
    multipleNonGreedy: true,
  }),
  mx: Flags.string({description: 'dial this host instead of the MX hosts', helpValue: 'HOST[:PORT]'}),
  connect: Flags.string({
    description: 'no DNS: look at this address alone, under the name that --name gives',
    helpValue: 'IP:PORT',
    dependsOn: ['name'],
    exclusive: ['mx', 'resolver', 'port', 'file'],
  }),
  name: Flags.string({description: 'host name for --connect', helpValue: 'HOST', dependsOn: ['connect']}),
  port: Flags.integer({
    description: 'dial this port: 25, 465 (implicit TLS), 587 …; repeatable, mail is judged by the first',
    helpValue: 'N',
    min: 1,
    max: 65_535,
    multiple: true,
    multipleNonGreedy: true,
  }),
  smtps: Flags.boolean({description: 'TLS from the first octet (implicit TLS, port 465)'}),
  resolver: Flags.string({
    description: 'ask this DNS server; repeatable',
    helpValue: 'IP[:PORT]',
    multiple: true,
    multipleNonGreedy: true,
  }),
  timeout: Flags.integer({
    description: 'seconds for everything about one target; waiting for its turn at an address does not count',
    helpValue: 'S',
    default: 60,
    min: 1,
    max: 3600,
    env: env('TIMEOUT'),
  }),
  concurrency: Flags.integer({
    description: 'targets that are looked at side by side',
    helpValue: 'N',
    default: 4,
    min: 1,
    max: 64,
    env: env('CONCURRENCY'),
  }),
  'expiry-days': Flags.integer({
    description: 'warn of certificates, anywhere in the chain, that end within so many days',
    helpValue: 'N',
    default: 21,
    min: 0,
    max: 3650,
    env: env('EXPIRY_DAYS'),
  }),
  baseline: Flags.string({
    description: 'compare with what this file remembers, and save what it does not: a change for the worse ends with 1',
    helpValue: 'FILE',
    env: env('BASELINE'),
  }),
  accept: Flags.boolean({
    description: 'take what is found now for the baseline, be it worse or not',
    dependsOn: ['baseline'],
  }),
  'per-address': Flags.integer({
    description: 'connections to one address at once',
    helpValue: 'N',
    default: 1,
    min: 1,
    max: 20,
    env: env('PER_ADDRESS'),
  }),
  pause: Flags.integer({
    description: 'milliseconds between two connections to one address',
    helpValue: 'MS',
    default: 250,
    min: 0,
    max: 60_000,
    env: env('PAUSE'),
  }),
  full: Flags.boolean({
    description: 'find out every version, cipher and group, with up to twenty connections to each address',
    env: env('FULL'),
  }),
  'fetch-missing': Flags.boolean({
    description: 'fetch issuers that lack over HTTP, from where the certificates say that they are; the verdict stays',
    env: env('FETCH_MISSING'),
  }),
  any: Flags.boolean({description: 'one address that passes is enough'}),
  format: Flags.string({
    description:
      'how the answer is written: table and html for people, json and jsonl for scripts, csv for spreadsheets, junit and sarif for CI, prometheus for the textfile collector of node-exporter',
    options: PROBE_FORMATS,
    default: 'table',
    env: env('FORMAT'),
  }),
  output: Flags.string({description: 'write the answer to this file, all of it or nothing', helpValue: 'FILE'}),
}

interface Flagged {
  profile?: string | undefined
  level?: string | undefined
  rules?: string | undefined
  ca?: string[] | undefined
  mx?: string | undefined
  connect?: string | undefined
  name?: string | undefined
  port?: number[] | undefined
  smtps: boolean
  resolver?: string[] | undefined
  timeout: number
  any: boolean
  'expiry-days': number
  'per-address': number
  pause: number
  full?: boolean | undefined
  'fetch-missing'?: boolean | undefined
}

/** The flags as the use-case wants them. Throws usage errors (64) for what is no host, address or name. */
export function probeOptions(flags: Flagged): ProbeOptions {
  for (const server of flags.resolver ?? []) parseServer(server)
  return {
    profile: flags.profile ?? flags.level,
    rules: flags.rules,
    ca: flags.ca,
    route: flags.mx === undefined ? undefined : mailHost(flags.mx),
    fixed:
      flags.connect === undefined ? undefined : {...socketAddress(flags.connect), host: hostName(flags.name ?? '')},
    ports: flags.port && [...new Set(flags.port)],
    implicitTls: flags.smtps,
    resolver: flags.resolver,
    timeout: flags.timeout * 1000,
    any: flags.any,
    expiryDays: flags['expiry-days'],
    perAddress: flags['per-address'],
    pause: flags.pause,
    full: flags.full,
    fetchMissing: flags['fetch-missing'],
  }
}

/** `HOST`, `HOST:PORT`, `[IPv6]:PORT`. */
function mailHost(text: string): {host: string; port?: number} {
  const found = hostAndPort(text)
  if (found && (isIP(found.host) || Domain.tryParse(found.host))) {
    return {host: found.host, ...(found.port !== null && {port: found.port})}
  }
  throw usage('mx-invalid', `--mx "${printable(text)}" is no mail host`, [
    'write it as mx1.example.mil, mx1.example.mil:2525 or [2001:db8::1]:25',
  ])
}

function socketAddress(text: string): {address: string; port: number} {
  const found = hostAndPort(text)
  if (found && isIP(found.host) && found.port !== null) return {address: found.host, port: found.port}
  throw usage('connect-invalid', `--connect "${printable(text)}" is no IP address with a port`, [
    'write it as 127.0.0.2:2525 or [::1]:2525',
  ])
}

function hostName(text: string): string {
  const domain = parseMailDomain(text)
  if (domain instanceof Domain) return domain.ascii
  throw usage('name-invalid', `--name "${printable(text)}" is no host name`, ['write it as mx1.example.mil'])
}

function hostAndPort(text: string): {host: string; port: number | null} | null {
  const bare = isIP(text) ? text : null
  const found = bare ? null : /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text)
  const host = bare ?? found?.[1] ?? found?.[2]
  if (host === undefined || host === '') return null
  const port = found?.[3] === undefined ? null : Number(found[3])
  return port === null || (port >= 1 && port <= 65_535) ? {host, port} : null
}

function usage(code: string, message: string, hints: string[]): PosternError {
  return new PosternError(code, message, {exit: Exit.usage, hints})
}
