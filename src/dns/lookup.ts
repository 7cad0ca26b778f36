import {printable} from '../mail/domain.ts'
import {type AskOptions, ask} from './ask.ts'
import {canonical, type DnsRecord, RCODE, type RecordType, type Response, TYPE} from './packet.ts'
import type {DnsAnswer} from './resolver.ts'

/** CNAMEs that are followed before it is called a loop. */
const LONGEST_CHAIN = 8
/** Seconds. RFC 2308 §5: a negative answer without SOA is not kept. */
const NO_TTL = 0

/**
 * The records of one type at a name, CNAMEs followed. Only records that belong to the name asked, or to where its
 * CNAMEs lead, are taken from an answer; whatever else a server slips in is left out.
 */
export async function lookup(name: string, type: RecordType, options: AskOptions): Promise<DnsAnswer<DnsRecord>> {
  let owner = canonical(name)
  let ttl = Number.POSITIVE_INFINITY
  let secure = options.trusted
  for (let links = 0; ; ) {
    const asked = await ask({name: owner, type}, options)
    if (asked.status !== 'answered') return asked
    const {response} = asked
    secure &&= response.authenticated
    const chain = followChain(owner, response.answers)
    links += chain.ttls.length
    if (chain.loop || links > LONGEST_CHAIN) return {status: 'failed', reason: `CNAME loop at ${printable(name)}`}
    ttl = Math.min(ttl, ...chain.ttls)
    const ended = endOf(response, chain.owner, type)
    const moved = chain.owner !== owner
    owner = chain.owner
    // RFC 1034 §3.6.2: a server that has no data of the target leaves asking for it to us.
    if (ended === null && moved) continue
    const {existence, records, own} = ended ?? negative(response)
    return {
      status: secure ? 'secure' : 'insecure',
      existence,
      records,
      canonicalName: owner,
      ttl: Math.min(ttl, own),
    }
  }
}

interface Chain {
  owner: string
  ttls: number[]
  loop: boolean
}

/** Where the CNAMEs of one answer lead. */
function followChain(from: string, answers: readonly DnsRecord[]): Chain {
  const seen = new Set([from])
  const ttls: number[] = []
  let owner = from
  for (;;) {
    const link = answers.find((record) => record.type === TYPE.CNAME && record.name === owner)
    if (!link) return {owner, ttls, loop: false}
    owner = canonical(link.domain ?? '')
    ttls.push(link.ttl)
    if (seen.has(owner)) return {owner, ttls, loop: true}
    seen.add(owner)
  }
}

interface End {
  existence: 'records' | 'nodata' | 'nxdomain'
  records: DnsRecord[]
  own: number
}

/** What the answer says of the last name of the chain; null when it says nothing either way. */
function endOf(response: Response, owner: string, type: RecordType): End | null {
  const records = response.answers.filter((record) => record.type === TYPE[type] && record.name === owner)
  if (records.length > 0) return {existence: 'records', records, own: Math.min(...records.map(({ttl}) => ttl))}
  const denied = response.rcode === RCODE.nxdomain || response.authorities.some(({type}) => type === TYPE.SOA)
  return denied ? negative(response) : null
}

/** RFC 2308 §3, §5: kept for the smaller of the SOA's minimum and its own TTL. */
function negative({rcode, authorities}: Response): End {
  const soa = authorities.find(({type}) => type === TYPE.SOA)
  const own = soa ? Math.min(soa.ttl, soa.minimum ?? 0) : NO_TTL
  return {existence: rcode === RCODE.nxdomain ? 'nxdomain' : 'nodata', records: [], own}
}
