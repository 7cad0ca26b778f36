import {groupNumber} from '../tap-names.ts'
import type {HelloAnswer} from './answer.ts'
import {GROUPS_12, GROUPS_13, type HelloOffer, type HelloVersion, VERSIONS} from './client-hello.ts'
import {SUITES_12, SUITES_13, suiteName, suiteRank} from './suites.ts'

/**
 * What a peer can do, found out by asking: each ClientHello leaves away what it chose before. A handshake shows only
 * what two sides like best; a client with less to offer gets the rest.
 */
export interface Capabilities {
  /** null: it could not be found out. */
  versions: {version: HelloVersion; taken: boolean | null}[]
  /** `complete`: the peer takes no other one; else there were no more connections to spend. */
  ciphers: {version: HelloVersion; names: string[]; complete: boolean}[]
  /** Of TLS 1.3, and those that older versions showed. */
  groups: {names: string[]; complete: boolean}
  compression: boolean | null
  secureRenegotiation: boolean | null
  /** The leaf that is shown with SNI and without: the same, another one, or none; null: not found out. */
  withoutSni: 'same' | 'other' | 'refused' | null
}

/** One connection with one ClientHello; null: no more of them. */
export type Ask = (offer: HelloOffer) => Promise<HelloAnswer | null>

type Hello = Extract<HelloAnswer, {kind: 'hello'}>

/** Versions first, then what RFC 9325 forbids, then the rest while there are connections left. */
export async function enumerate(ask: Ask, serverName: string | null): Promise<Capabilities> {
  const survey = new Survey(ask, serverName)
  const modern = await survey.versions()
  await survey.sni(modern)
  await survey.ciphers12('TLSv1.2', 'forbidden')
  await survey.everything13()
  for (const rank of ['discouraged', 'good'] as const) await survey.ciphers12('TLSv1.2', rank)
  for (const version of ['TLSv1', 'TLSv1.1', 'SSLv3'] as const) {
    for (const rank of ['forbidden', 'discouraged', 'good'] as const) await survey.ciphers12(version, rank)
  }
  return survey.result()
}

class Survey {
  readonly #ask: Ask
  readonly #serverName: string | null
  readonly #taken = new Map<HelloVersion, boolean>()
  readonly #ciphers = new Map<HelloVersion, Set<number>>()
  /** Ranks of ciphers of a version of which there is none left to find. */
  readonly #settled = new Map<HelloVersion, Set<string>>()
  readonly #groups = new Set<string>()
  #groupsComplete = false
  #compression: boolean | null = null
  #secureRenegotiation: boolean | null = null
  #withoutSni: Capabilities['withoutSni'] = null

  constructor(ask: Ask, serverName: string | null) {
    this.#ask = ask
    this.#serverName = serverName
  }

  /** The answer to TLS 1.2 and before, which shows its leaf. */
  async versions(): Promise<Hello | null> {
    let shown: Hello | null = null
    for (const version of VERSIONS.filter((one) => one !== 'TLSv1.3')) {
      const answer = await this.#offer(version, SUITES_12, {compression: true})
      if (!answer) break
      this.#noteVersion(version, answer)
      if (answer.kind === 'hello') shown ??= answer
    }
    return shown
  }

  async sni(modern: Hello | null): Promise<void> {
    const version = VERSIONS.find((one) => one === modern?.version)
    if (this.#serverName === null || !modern || !version) return
    const answer = await this.#offer(version, SUITES_12, {serverName: null})
    if (answer?.kind === 'alert') this.#withoutSni = 'refused'
    if (answer?.kind !== 'hello' || !answer.leaf || !modern.leaf) return
    // Of two certificates, RSA and EC, the same one is shown for the same cipher.
    if (answer.cipher === modern.cipher) this.#withoutSni = answer.leaf.equals(modern.leaf) ? 'same' : 'other'
  }

  /** By elimination, ciphers of one rank. */
  async ciphers12(version: HelloVersion, rank: 'forbidden' | 'discouraged' | 'good'): Promise<void> {
    const known = this.#ciphers.get(version)
    if (!this.#taken.get(version) || !known) return
    let left = SUITES_12.filter((suite) => suiteRank(suiteName(suite)) === rank && !known.has(suite))
    for (;;) {
      const answer = await this.#offer(version, left)
      if (!answer) return
      if (answer.kind !== 'hello' || answer.version !== version || !left.includes(answer.cipher)) break
      this.#note(version, answer)
      left = left.filter((suite) => suite !== answer.cipher)
    }
    this.#settle(version, rank)
  }

  /** Ciphers and groups of TLS 1.3 at once: each answer names one of both. */
  async everything13(): Promise<void> {
    let ciphers = SUITES_13
    let groups = GROUPS_13
    while (ciphers.length > 0 && groups.length > 0) {
      const answer = await this.#offer13(ciphers, groups)
      if (!answer) return
      if (answer.kind !== 'hello') break
      ciphers = ciphers.filter((suite) => suite !== answer.cipher)
      groups = groups.filter((group) => group !== groupNumber(answer.group ?? ''))
    }
    if (!this.#taken.get('TLSv1.3')) return
    // Which of the two it was that ran out is not said.
    await this.#groups13(groups)
    await this.#ciphers13(ciphers)
  }

  async #groups13(left: readonly number[]): Promise<void> {
    for (let groups = left; groups.length > 0; ) {
      const answer = await this.#offer13(SUITES_13, groups)
      if (!answer) return
      const number = answer.kind === 'hello' ? groupNumber(answer.group ?? '') : null
      if (number === null || !groups.includes(number)) break
      groups = groups.filter((group) => group !== number)
    }
    this.#groupsComplete = true
  }

  async #ciphers13(left: readonly number[]): Promise<void> {
    for (let ciphers = left; ciphers.length > 0; ) {
      const answer = await this.#offer13(ciphers, GROUPS_13)
      if (!answer) return
      if (answer.kind !== 'hello' || !ciphers.includes(answer.cipher)) break
      ciphers = ciphers.filter((suite) => suite !== answer.cipher)
    }
    this.#settle('TLSv1.3', 'all')
  }

  async #offer13(ciphers: readonly number[], groups: readonly number[]): Promise<HelloAnswer | null> {
    const answer = await this.#ask({version: 'TLSv1.3', ciphers, groups, serverName: this.#serverName})
    if (!answer) return null
    if (!this.#taken.has('TLSv1.3')) this.#noteVersion('TLSv1.3', answer)
    else if (answer.kind === 'hello') this.#note('TLSv1.3', answer)
    return answer
  }

  async #offer(version: HelloVersion, ciphers: readonly number[], change: Partial<HelloOffer> = {}) {
    if (ciphers.length === 0) return {kind: 'closed' as const}
    return this.#ask({version, ciphers, groups: GROUPS_12, serverName: this.#serverName, ...change})
  }

  #noteVersion(version: HelloVersion, answer: HelloAnswer): void {
    if (answer.kind === 'silence' || answer.kind === 'not-tls') return
    this.#taken.set(version, answer.kind === 'hello' && answer.version === version)
    if (answer.kind !== 'hello') return
    const chosen = VERSIONS.find((one) => one === answer.version)
    if (!chosen) return
    this.#taken.set(chosen, true)
    this.#note(chosen, answer)
  }

  #note(version: HelloVersion, {cipher, group, compression, secureRenegotiation}: Hello): void {
    this.#ciphers.set(version, (this.#ciphers.get(version) ?? new Set()).add(cipher))
    if (group !== null) this.#groups.add(group)
    if (version === 'TLSv1.3') return
    this.#compression = this.#compression || compression
    this.#secureRenegotiation = (this.#secureRenegotiation ?? true) && secureRenegotiation === true
  }

  #settle(version: HelloVersion, rank: string): void {
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
          names: [...(this.#ciphers.get(version) ?? [])].map(suiteName),
          complete: (this.#settled.get(version)?.size ?? 0) === (version === 'TLSv1.3' ? 1 : 3),
        })),
      groups: {names: [...this.#groups], complete: this.#groupsComplete},
      compression: this.#compression,
      secureRenegotiation: this.#secureRenegotiation,
      withoutSni: this.#withoutSni,
    }
  }
}
