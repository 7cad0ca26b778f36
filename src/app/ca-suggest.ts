import {X509Certificate} from 'node:crypto'
import {endpoint, mailDomainText} from '../mail/address.ts'
import {Exit, type ExitCode} from '../mail/error.ts'
import {describeCertificate, fingerprint, isSelfSigned} from '../pki/describe.ts'
import type {Needed, Source, Supply} from '../pki/suggest.ts'
import type {AddressResult, ProbeResult} from '../report/probe-schema.ts'
import type {Configuration} from '../state/configuration.ts'
import {loadConfiguration} from '../state/load.ts'
import {writeOutputFile} from '../state/output-file.ts'
import {lookForIssuers} from './chain-needs.ts'
import {lookAt, openProber, type ProbeOptions, type ProbeTarget} from './probe-domain.ts'
import {ProbeTaps} from './probe-taps.ts'
import type {AppWorld} from './world.ts'

/** A certificate that lacks, once for all the hosts that need it. */
export interface SuggestedCertificate {
  subject: string
  issuer: string
  role: 'root' | 'intermediate' | 'unknown'
  /** Whose fault it is: the peer does not send it, our store lacks it, or it cannot be told. */
  fault: 'peer' | 'local' | 'unknown'
  /** Where it is at hand; null: nowhere. */
  source: Source | null
  /** null: nobody has it here. */
  sha256: string | null
  keyId: string | null
  notAfter: string | null
  /** Where the certificate that it issued says that it is. */
  aia: string[]
  /** `mx1.example.mil (192.0.2.1)` of those that need it. */
  hosts: string[]
}

export interface SuggestedChain {
  host: string
  address: string
  port: number
  /** OpenSSL's word as things are. */
  trusted: boolean
  summary: string
  /** By our reading, with everything that is suggested imported; null: what nobody has here decides it. */
  wouldPass: boolean | null
  /** Why no certificate helps; null: it passes, or may. */
  error: string | null
}

export interface CaSuggestion {
  target: string
  chains: SuggestedChain[]
  certificates: SuggestedCertificate[]
  /** What was fetched from where, and why not. */
  fetched: {url: string; error: string | null}[]
  /** What to type, one word an entry. */
  commands: string[][]
  /** Where the certificates that are at hand were written; null: they were not. */
  output: string | null
  exit: ExitCode
}

export interface SuggestOptions extends ProbeOptions {
  /** Fetch what lacks over HTTP from where the certificates say that it is. */
  fetchMissing: boolean
  /** Write what is at hand here, PEM. */
  output?: string | undefined
}

/**
 * The smallest set of certificates with which the chains of a domain would pass under the profile in force. Nothing is
 * imported: whoever trusts a root says so. Throws what the configuration throws.
 */
export async function suggestCas(
  world: AppWorld,
  target: ProbeTarget,
  {fetchMissing, output, ...options}: SuggestOptions,
): Promise<CaSuggestion> {
  const prober = await openProber(world, options)
  const supplies = suppliesOf(await loadConfiguration(world.configDir))
  const taps = new ProbeTaps()
  const result = await lookAt(prober, target, undefined, undefined, taps)
  const book = new Book()
  for (const [host, address] of lookedAt(result)) {
    const presented = taps.facts({host, address: address.address, port: address.port})?.certificates ?? []
    const {anchors} = prober.profileFor(target.domain, address.address)
    const asked = {presented, anchors, supplies, peer: address.address, fetch: fetchMissing}
    const found = address.chain?.trusted
      ? null
      : await lookForIssuers(prober.path, asked, AbortSignal.timeout(FETCHING))
    book.add(host, address, found)
  }
  const written = output !== undefined && book.pem !== '' ? output : null
  if (written !== null) await writeOutputFile(written, book.pem)
  return {
    target: mailDomainText(target.domain),
    ...{chains: book.chains, certificates: book.certificates, fetched: book.fetched, output: written},
    commands: commandsFor(target.text, book, {written, fetchMissing, profile: result.profile}),
    exit: exitOf(book.chains, result),
  }
}

/** Milliseconds for all that is fetched for one host. */
const FETCHING = 15_000

function lookedAt({hosts}: ProbeResult): [string, AddressResult][] {
  return hosts.flatMap(({name, addresses}) => {
    return addresses.filter(({chain}) => chain !== null).map((address): [string, AddressResult] => [name, address])
  })
}

function suppliesOf({cas}: Configuration): Supply[] {
  return [...cas].map(([ca, {certificates}]) => {
    return {source: {ca}, certificates: certificates.map(({pem}) => new X509Certificate(pem))}
  })
}

type Found = Awaited<ReturnType<typeof lookForIssuers>>

/** What all the hosts of a domain lack, each certificate once. */
class Book {
  readonly chains: SuggestedChain[] = []
  readonly fetched: CaSuggestion['fetched'] = []
  readonly #certificates = new Map<string, SuggestedCertificate>()
  readonly #pems = new Map<string, string>()

  get certificates(): SuggestedCertificate[] {
    return [...this.#certificates.values()]
  }

  /** Of those that have to be imported. */
  get pem(): string {
    return [...this.#pems.values()].join('')
  }

  add(host: string, address: AddressResult, found: Found | null): void {
    const {trusted = false, summary = ''} = address.chain ?? {}
    const needs = found?.needs ?? null
    const wouldPass = trusted || (needs?.passes ?? null)
    const error = wouldPass === false ? (needs?.error ?? null) : null
    this.chains.push({host, address: address.address, port: address.port, trusted, summary, wouldPass, error})
    // Where nothing helps, nothing is to be imported.
    if (needs === null || needs.passes === false) return
    for (const one of needs.needed) this.#need(host, address, one)
    if (needs.unknown) this.#lack(host, address, needs.unknown)
    this.fetched.push(...(found?.fetched ?? []).map(({url, error}) => ({url, error})))
  }

  #need(host: string, address: AddressResult, {certificate, source, fault}: Needed): void {
    const {subject, issuer, sha256, keyId, notAfter, aia} = describeCertificate(certificate)
    const role = isSelfSigned(certificate) ? 'root' : 'intermediate'
    this.#note(fingerprint(certificate), host, address, {
      ...{subject, issuer, role, fault, source, sha256, keyId, notAfter, aia},
      hosts: [],
    })
    if (source === 'presented' || (typeof source === 'object' && 'url' in source)) {
      this.#pems.set(sha256, certificate.toString())
    }
  }

  #lack(host: string, address: AddressResult, missing: NonNullable<Found['needs']['unknown']>): void {
    const {issuer: subject, keyId, aia, fault} = missing
    const roles = {peer: 'intermediate', local: 'root', unknown: 'unknown'} as const
    this.#note(`${subject} ${keyId}`, host, address, {
      ...{subject, issuer: '', role: roles[fault], fault, source: null, sha256: null, keyId, notAfter: null, aia},
      hosts: [],
    })
  }

  #note(key: string, host: string, {address}: AddressResult, certificate: SuggestedCertificate): void {
    const noted = this.#certificates.get(key) ?? certificate
    noted.hosts.push(host.includes(address) ? host : `${host} (${address})`)
    this.#certificates.set(key, noted)
  }
}

interface Circumstances {
  /** The file that the certificates are in now. */
  written: string | null
  fetchMissing: boolean
  profile: ProbeResult['profile']
}

/** In the order in which they are typed. */
function commandsFor(target: string, {certificates, pem}: Book, now: Circumstances): string[][] {
  if (certificates.length === 0) return []
  const file = now.written ?? `${target.replace(/[^a-z0-9.-]/gi, '')}.pem`
  const elsewhere = certificates.some(({source, aia}) => source === null && aia.length > 0)
  const fetch = elsewhere && !now.fetchMissing ? ['--fetch-missing'] : []
  const writes = now.written === null || fetch.length > 0 ? [['ca', 'suggest', target, ...fetch, '--output', file]] : []
  const imports = pem !== '' || fetch.length > 0 ? [...writes, ['ca', 'import', file]] : []
  const all = [...imports, ...profileCommands(certificates, now.profile)]
  return all.length > 0 ? [...all, ['probe', target, ...(isBuiltin(now.profile) ? ['--level', 'secure'] : [])]] : []
}

/** What is imported, or the system's, and not trusted all the same, is not what the profile names. */
function profileCommands(certificates: SuggestedCertificate[], profile: ProbeResult['profile']): string[][] {
  if (isBuiltin(profile)) return []
  const sources = certificates.map(({source}) => source)
  const cas = sources.flatMap((source) =>
    source !== null && typeof source === 'object' && 'ca' in source ? [source.ca] : [],
  )
  return [
    ...[...new Set(cas)].map((ca) => ['profile', 'set', profile.name, '--ca', ca]),
    ...(sources.includes('system') ? [['profile', 'set', profile.name, '--trust', 'both']] : []),
  ]
}

/** The four levels are profiles of their own, which trust all that is imported and the system's store. */
function isBuiltin({name, level}: ProbeResult['profile']): boolean {
  return name === level
}

/** 0: every chain passes as it is. 1: something lacks. 75, 68 …: no chain was seen, for the reason of the probe. */
function exitOf(chains: SuggestedChain[], {exit}: ProbeResult): ExitCode {
  if (chains.length === 0) return exit === Exit.ok ? Exit.no : exit
  return chains.every(({trusted}) => trusted) ? Exit.ok : Exit.no
}

/** `mx1.example.mil, 192.0.2.1:25`. */
export function chainName({host, address, port}: SuggestedChain): string {
  return `${host}, ${endpoint({address, port})}`
}
