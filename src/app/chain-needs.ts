import {X509Certificate} from 'node:crypto'
import type {PathWorld} from '../path/path.ts'
import type {TrustAnchors} from '../pki/certificate.ts'
import {bodyOf, fingerprint} from '../pki/describe.ts'
import {type ChainNeeds, chainNeeds, type Supply} from '../pki/suggest.ts'
import type {PathEvidence} from '../policy/evidence.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import type {ChainResult} from '../report/probe-schema.ts'
import {type Fetched, fetchIssuer} from './fetch-issuer.ts'
import type {Deadline} from './probe-deadline.ts'
import type {ProbeTaps} from './probe-taps.ts'

export interface NeedsOptions {
  presented: readonly Buffer[]
  anchors: TrustAnchors
  /** Certificates that were imported, by the name of their CA. */
  supplies: readonly Supply[]
  /** Address of the peer. */
  peer: string
  /** Fetch what lacks from where the certificates say that it is. */
  fetch: boolean
}

/** A chain of more steps than this is none. */
const MOST_FETCHED = 4

/** What a chain lacks, and with `fetch` what came of fetching it. */
export async function lookForIssuers(
  world: PathWorld,
  {presented, anchors, supplies, peer, fetch}: NeedsOptions,
  signal: AbortSignal,
): Promise<{needs: ChainNeeds; fetched: Fetched[]}> {
  const certificates = presented.map((der) => new X509Certificate(der))
  const fetched: Fetched[] = []
  const asked = new Set<string>()
  for (;;) {
    const own = fetched.map(({url, certificates}): Supply => ({source: {url}, certificates}))
    const needs = chainNeeds(certificates, anchors, [...supplies, ...own], world.now())
    const url = needs.unknown?.aia.find((one) => !asked.has(one))
    if (!fetch || url === undefined || fetched.length >= MOST_FETCHED) return {needs, fetched}
    asked.add(url)
    fetched.push(await fetchIssuer(world, url, peer, signal))
  }
}

export type FetchedIssuers = NonNullable<ChainResult['issuers']>

/** By `address port`, for chains that are not trusted. What is fetched changes no verdict. */
export async function fetchAll(
  world: PathWorld,
  {attempts}: PathEvidence,
  profileFor: (address: string) => EffectiveProfile,
  taps: ProbeTaps,
  {signal}: Deadline,
): Promise<Map<string, FetchedIssuers>> {
  const found = new Map<string, FetchedIssuers>()
  for (const attempt of attempts) {
    const {handshake, address: peer, port} = attempt
    const {anchors} = profileFor(peer)
    if (handshake?.status !== 'completed' || handshake.verification[anchors.id]?.trusted || signal.aborted) continue
    const presented = taps.facts(attempt)?.certificates ?? []
    const asked = {presented, anchors, supplies: [], peer, fetch: true}
    const looked = await lookForIssuers(world, asked, signal).catch((error) => {
      // Out of time: what was fetched for others stands.
      if (signal.aborted) return null
      throw error
    })
    if (looked) found.set(`${peer} ${port}`, {fetched: looked.fetched.map(told), wouldPass: looked.needs.passes})
  }
  return found
}

function told({url, certificates: [first], error}: Fetched): FetchedIssuers['fetched'][number] {
  return {url, subject: first ? bodyOf(first).subjectText : null, sha256: first ? fingerprint(first) : null, error}
}
