/** A record as dns2's server takes it for an answer. */
export type ZoneRecord = {name: string; type: number; class: number; ttl: number} & Record<string, unknown>

/** What the lab's DNS does wrong at a name. */
export type DnsFault =
  /** SERVFAIL. */
  | 'servfail'
  /** SERVFAIL because DNSSEC says that it is forged (RFC 8914 §4.7), except to who does not want it checked (CD). */
  | 'bogus'
  /** The answer was validated (AD). */
  | 'signed'
  /** No answer. */
  | 'silent'
  /** Over UDP an empty, truncated answer; the whole one over TCP. */
  | 'truncated'
  /** Truncated over UDP, and silent over TCP. */
  | 'truncated-for-good'
  /** Answers, but to a question that nobody asked. */
  | 'other-question'
  /** Answers under an id that is not that of the query. */
  | 'other-id'

export type ZoneEntry =
  | {name: string; type: 'MX'; preference: number; exchange: string}
  /** null: the address of the host that the lab has under this name, hijacked or not. */
  | {name: string; type: 'A'; address: string | null}
  | {name: string; type: 'AAAA'; address: string}
  | {name: string; type: 'CNAME'; target: string}
  /** `hit`: for questions of these types alone. */
  | {name: string; type: 'FAULT'; fault: DnsFault; hit?: 'MX' | 'A'}
  /** Records that come along with every answer for the name, and do not belong there. */
  | {name: string; type: 'EXTRA'; extra: ZoneEntry}

/** RFC 1035 §3.2.2. */
const TYPE = {A: 1, CNAME: 5, SOA: 6, MX: 15, AAAA: 28} as const
const IN = 1
/** RFC 1035 §3.2.1: nobody may keep an answer of this age, so that a hijack is seen at the next question. */
const TTL = 0

/** What the lab's zones say of a question. */
export interface ZoneAnswer {
  /** False: neither the name nor one below it is there. */
  exists: boolean
  records: ZoneRecord[]
  fault: DnsFault | null
}

/** The zones of the lab. `addressOf` is asked at every question, because a host can be taken over while it runs. */
export class Zone {
  readonly #entries = new Map<string, ZoneEntry[]>()
  readonly #addressOf: (host: string) => string | null

  constructor(addressOf: (host: string) => string | null) {
    this.#addressOf = addressOf
  }

  add(entry: ZoneEntry): void {
    const name = entry.name.toLowerCase()
    this.#entries.set(name, [...(this.#entries.get(name) ?? []), entry])
  }

  answer(question: string, type: number): ZoneAnswer {
    const name = question.toLowerCase()
    const here = this.#entries.get(name) ?? []
    const fault = here.find((entry) => entry.type === 'FAULT' && (!entry.hit || TYPE[entry.hit] === type))
    const own = here.flatMap((entry) => this.#record(entry, type))
    const extra = here.flatMap((entry) => (entry.type === 'EXTRA' ? this.#anyRecord(entry.extra) : []))
    // RFC 8020: a name above one that exists does exist.
    const exists = here.length > 0 || [...this.#entries.keys()].some((other) => other.endsWith(`.${name}`))
    return {exists, records: [...own, ...extra], fault: fault?.type === 'FAULT' ? fault.fault : null}
  }

  /** For answers without records: how long "no" may be remembered (RFC 2308 §5). */
  soa(): ZoneRecord {
    const times = {serial: 1, refresh: 60, retry: 60, expiration: 60, minimum: TTL}
    return {name: 'lab', type: TYPE.SOA, class: IN, ttl: TTL, primary: 'ns.lab', admin: 'lab', ...times}
  }

  #record(entry: ZoneEntry, type: number): ZoneRecord[] {
    const records = this.#anyRecord(entry)
    return records.filter((record) => record.type === type || record.type === TYPE.CNAME)
  }

  #anyRecord(entry: ZoneEntry): ZoneRecord[] {
    const base = {name: entry.name.toLowerCase(), class: IN, ttl: TTL}
    switch (entry.type) {
      case 'MX':
        return [{...base, type: TYPE.MX, priority: entry.preference, exchange: entry.exchange}]
      case 'CNAME':
        return [{...base, type: TYPE.CNAME, domain: entry.target}]
      case 'A':
      case 'AAAA': {
        const address = entry.address ?? this.#addressOf(base.name)
        if (address === null) return []
        return [{...base, type: address.includes(':') ? TYPE.AAAA : TYPE.A, address}]
      }
      default:
        return []
    }
  }
}
