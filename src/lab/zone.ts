/** A record as dns2's server takes it for an answer. */
export type ZoneRecord = {name: string; type: number; class: number; ttl: number} & Record<string, unknown>

/** RFC 1035 §3.2.2. */
const TYPE = {A: 1, SOA: 6, MX: 15, AAAA: 28} as const
const IN = 1
/** RFC 1035 §3.2.1: nobody may keep an answer of this age, so that a hijack is seen at the next question. */
const TTL = 0

/** What the lab's zones say of a question; names not in them do not exist. */
export interface ZoneAnswer {
  exists: boolean
  records: ZoneRecord[]
}

/** The zones of the lab. `addressOf` is asked at every question, because a host can be taken over while it runs. */
export class Zone {
  readonly #mx = new Map<string, string>()
  readonly #hosts = new Set<string>()
  readonly #addressOf: (host: string) => string | null

  constructor(addressOf: (host: string) => string | null) {
    this.#addressOf = addressOf
  }

  add(domain: string, mx: string): void {
    this.#mx.set(domain, mx)
    this.#hosts.add(mx)
  }

  answer(question: string, type: number): ZoneAnswer {
    const name = question.toLowerCase()
    const base = {name, class: IN, ttl: TTL}
    const exchange = this.#mx.get(name)
    const exists = exchange !== undefined || this.#hosts.has(name)
    if (type === TYPE.MX && exchange !== undefined) {
      return {exists, records: [{...base, type, priority: 10, exchange}]}
    }
    const address = this.#hosts.has(name) ? this.#addressOf(name) : null
    const wanted = address?.includes(':') ? TYPE.AAAA : TYPE.A
    return {exists, records: address !== null && type === wanted ? [{...base, type, address}] : []}
  }

  /** For answers without records: how long "no" may be remembered (RFC 2308 §5). */
  soa(): ZoneRecord {
    const times = {serial: 1, refresh: 60, retry: 60, expiration: 60, minimum: TTL}
    return {name: 'lab', type: TYPE.SOA, class: IN, ttl: TTL, primary: 'ns.lab', admin: 'lab', ...times}
  }
}
