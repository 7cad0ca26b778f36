import type {Clock} from '../mail/world.ts'
import {AnswerCache} from './cache.ts'
import {lookup} from './lookup.ts'
import {canonical, type DnsRecord, type RecordType} from './packet.ts'
import type {DnsAnswer, Resolver} from './resolver.ts'
import {dnsServers} from './servers.ts'
import {decodeTlsa} from './tlsa.ts'

export interface ResolverOptions {
  /** `ip` or `ip:port`, IPv6 with a port in brackets. Empty: the system's. */
  servers: readonly string[]
  /** The way to these servers is safe and they validate: their AD bit counts (RFC 4035 §4.9.3). */
  trusted: boolean
  /** Milliseconds for each try; default 3000. Two rounds over at most three servers. */
  timeout?: number
  clock: Pick<Clock, 'now'>
}

/** A resolver over recursive servers, with a cache of its own. Throws `dns-server-invalid` for a bad server. */
export function createResolver(options: ResolverOptions): Resolver {
  const servers = dnsServers(options.servers)
  const {trusted, timeout = 3_000} = options
  const cache = new AnswerCache<DnsAnswer<DnsRecord>>(options.clock)

  async function records(name: string, type: RecordType, signal?: AbortSignal): Promise<DnsAnswer<DnsRecord>> {
    signal?.throwIfAborted()
    if (!isQueryable(name)) return nobody(name)
    const key = `${type} ${canonical(name)}`
    const kept = cache.get(key)
    if (kept) return 'ttl' in kept.value ? {...kept.value, ttl: kept.ttl} : kept.value
    const answer = await lookup(name, type, {servers, timeout, trusted, signal})
    if ('ttl' in answer) cache.set(key, answer, answer.ttl)
    return answer
  }

  return {
    forget: () => cache.clear(),
    mx: async (name, signal) => pick(await records(name, 'MX', signal), toMx),
    txt: async (name, signal) => pick(await records(name, 'TXT', signal), toText),
    tlsa: async (name, signal) => pick(await records(name, 'TLSA', signal), decodeTlsa),
    addresses: async (name, signal) => {
      // RFC 6761 §6.3: localhost is ours to answer.
      if (/(^|\.)localhost\.?$/i.test(name)) return localhost(name)
      const both = await Promise.all([records(name, 'A', signal), records(name, 'AAAA', signal)])
      return join(...(both.map((answer) => pick(answer, toAddress)) as [DnsAnswer<string>, DnsAnswer<string>]))
    },
  }
}

/** Replaces the records of an answer. */
function pick<T>(answer: DnsAnswer<DnsRecord>, take: (record: DnsRecord) => T[]): DnsAnswer<T> {
  return 'records' in answer ? {...answer, records: answer.records.flatMap(take)} : answer
}

const toMx = ({priority, exchange}: DnsRecord) => [{preference: priority ?? 0, exchange: canonical(exchange ?? '')}]
const toText = ({data}: DnsRecord) => (Array.isArray(data) ? [data.join('')] : [])
const toAddress = ({address}: DnsRecord) => (address === undefined ? [] : [address])

/** A and AAAA as one answer: addresses if there are any, else the less certain of the two. */
function join(v4: DnsAnswer<string>, v6: DnsAnswer<string>): DnsAnswer<string> {
  const answers = [v4, v6].filter((answer) => 'records' in answer)
  const found = answers.filter(({existence}) => existence === 'records')
  const doubt = [v4, v6].find(({status}) => status === 'bogus') ?? [v4, v6].find(({status}) => status === 'failed')
  if (found.length === 0 && doubt) return doubt
  const used = found.length > 0 ? found : answers
  const nxdomain = used.every(({existence}) => existence === 'nxdomain')
  return {
    status: used.every(({status}) => status === 'secure') ? 'secure' : 'insecure',
    existence: found.length > 0 ? 'records' : nxdomain ? 'nxdomain' : 'nodata',
    records: [...new Set(used.flatMap(({records}) => records))],
    canonicalName: used[0]!.canonicalName,
    ttl: Math.min(...used.map(({ttl}) => ttl)),
  }
}

function localhost(name: string): DnsAnswer<string> {
  const records = ['127.0.0.1', '::1']
  return {status: 'insecure', existence: 'records', records, canonicalName: canonical(name), ttl: 0}
}

/** Whether a name fits into a question (RFC 1035 §2.3.4) and is nothing but visible ASCII. */
function isQueryable(name: string): boolean {
  const labels = canonical(name).split('.')
  return name.length <= 253 && labels.every((label) => /^[\x21-\x7e]{1,63}$/.test(label))
}

/** A name that cannot be asked for cannot exist. */
function nobody(name: string): DnsAnswer<never> {
  return {status: 'insecure', existence: 'nxdomain', records: [], canonicalName: canonical(name), ttl: 0}
}
