import type {HelloAnswer} from './answer.ts'
import type {Capabilities} from './capabilities.ts'
import {GROUPS_12, type HelloOffer, type HelloVersion, VERSIONS} from './client-hello.ts'
import {RANKS, type SuiteRank, suiteName} from './suites.ts'

/** One connection with one ClientHello; null: no more of them. */
export type Ask = (offer: HelloOffer) => Promise<HelloAnswer | null>

export type Hello = Extract<HelloAnswer, {kind: 'hello'}>

/** RFC 8446 §6: the number of `protocol_version`. */
const PROTOCOL_VERSION = 70

/** What all answers of a peer have said together, and the way to ask for more. */
export class Ledger {
  readonly #ask: Ask
  readonly serverName: string | null
  readonly #taken = new Map<HelloVersion, boolean>()
  readonly #ciphers = new Map<HelloVersion, Set<number>>()
  /** Of a version, the ranks of ciphers of which there is none left to find. */
  readonly #settled = new Map<HelloVersion, Set<SuiteRank>>()
  readonly #groups = new Set<string>()
  readonly #found: Pick<Capabilities, 'compression' | 'secureRenegotiation' | 'withoutSni' | 'alpn' | 'scts'> = {
    ...{compression: null, secureRenegotiation: null, withoutSni: null, alpn: null, scts: null},
  }
  groupsComplete = false

  constructor(ask: Ask, serverName: string | null) {
    this.#ask = ask
    this.serverName = serverName
  }

  /** Without ciphers there is nothing to ask. */
  async offer(
    version: HelloVersion,
    ciphers: readonly number[],
    change: Partial<HelloOffer> = {},
  ): Promise<HelloAnswer | null> {
    if (ciphers.length === 0) return {kind: 'closed'}
    return this.#ask({version, ciphers, groups: GROUPS_12, serverName: this.serverName, ...change})
  }

  takes(version: HelloVersion): boolean | undefined {
    return this.#taken.get(version)
  }

  knows(version: HelloVersion): ReadonlySet<number> {
    return this.#ciphers.get(version) ?? new Set()
  }

  /** The answer to the first offer of a version. */
  noteVersion(version: HelloVersion, answer: HelloAnswer): void {
    if (answer.kind === 'silence' || answer.kind === 'not-tls') return
    const chosen = answer.kind === 'hello' ? VERSIONS.find((one) => one === answer.version) : undefined
    this.#taken.set(version, chosen === version)
    // RFC 5246 appendix E.1: a host answers with the newest version of its own that is not newer than what was asked,
    // and with protocol_version where it has none.
    if (version !== 'TLSv1.3') {
      if (answer.kind === 'alert' && answer.number === PROTOCOL_VERSION) this.#takesNone(olderThan(version))
      if (chosen) this.#takesNone(olderThan(version).filter((one) => !olderThan(chosen).includes(one)))
    }
    if (!chosen || answer.kind !== 'hello') return
    this.#taken.set(chosen, true)
    this.note(chosen, answer)
  }

  note(version: HelloVersion, {cipher, group, compression, secureRenegotiation, scts}: Hello): void {
    this.#ciphers.set(version, (this.#ciphers.get(version) ?? new Set()).add(cipher))
    if (group !== null) this.#groups.add(group)
    if (version === 'TLSv1.3') return
    const found = this.#found
    found.compression = found.compression || compression
    found.secureRenegotiation = (found.secureRenegotiation ?? true) && secureRenegotiation === true
    found.scts = found.scts || scts
  }

  tell(found: Partial<Pick<Capabilities, 'withoutSni' | 'alpn'>>): void {
    Object.assign(this.#found, found)
  }

  isSettled(version: HelloVersion, rank: SuiteRank): boolean {
    return this.#settled.get(version)?.has(rank) ?? false
  }

  settle(version: HelloVersion, rank: SuiteRank): void {
    this.#settled.set(version, (this.#settled.get(version) ?? new Set()).add(rank))
  }

  result(): Capabilities {
    const versions = VERSIONS.map((version) => ({version, taken: this.#taken.get(version) ?? null}))
    return {
      versions,
      ciphers: versions
        .filter(({taken}) => taken)
        .map(({version}) => ({
          version,
          names: [...this.knows(version)].map(suiteName),
          unseen: ranksOf(version).filter((rank) => !this.isSettled(version, rank)),
        })),
      groups: {names: [...this.#groups], complete: this.groupsComplete},
      ...this.#found,
    }
  }

  #takesNone(versions: readonly HelloVersion[]): void {
    for (const version of versions) if (!this.#taken.has(version)) this.#taken.set(version, false)
  }
}

/** Every cipher of TLS 1.3 is a good one. */
function ranksOf(version: HelloVersion): readonly SuiteRank[] {
  return version === 'TLSv1.3' ? ['good'] : RANKS
}

function olderThan(version: HelloVersion): readonly HelloVersion[] {
  return VERSIONS.slice(VERSIONS.indexOf(version) + 1)
}
