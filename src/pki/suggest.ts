import type {X509Certificate} from 'node:crypto'
import {anchorIndex, nameKey, systemIndex, trustAnchors} from './anchors.ts'
import type {MissingIssuer, TrustAnchors} from './certificate.ts'
import {buildChain, keyIdentifiersAgree} from './chain.ts'
import {bodyOf, fingerprint, isSelfSigned, isSignedBy} from './describe.ts'
import {missingIssuers} from './missing.ts'
import {verifyUnder} from './verify.ts'

/** Where a certificate that lacks is at hand. */
export type Source = 'presented' | 'system' | {ca: string} | {url: string}

/** Certificates that might help, by where they are from. */
export interface Supply {
  source: Exclude<Source, 'presented' | 'system'>
  certificates: readonly X509Certificate[]
}

export interface Needed {
  certificate: X509Certificate
  source: Source
  /** Whose fault it is that it lacks. */
  fault: MissingIssuer['fault']
}

/** The smallest set of certificates with which a chain would pass, as far as they can be had. */
export interface ChainNeeds {
  needed: Needed[]
  /** By our reading, with all of `needed` among the anchors. null: `unknown` has to be had first. */
  passes: boolean | null
  /** The one that nobody has. */
  unknown: MissingIssuer | null
  /** Where it does not pass whatever is imported: Node's name of the reason. */
  error: string | null
}

/** A chain with more steps than this is none. */
const MOST = 8

/**
 * Follows a chain from issuer to issuer, adds what lacks one by one, and stops at the first anchor: fewer do not
 * suffice, since each is the only link between two others. It decides nothing; OpenSSL does once they are imported.
 */
export function chainNeeds(
  presented: X509Certificate[],
  anchors: TrustAnchors,
  supplies: readonly Supply[],
  now: number,
): ChainNeeds {
  const needed: Needed[] = []
  while (needed.length < MOST) {
    const trusted = withMore(anchors, needed)
    const {trusted: passes, error} = verifyUnder(presented, trusted, now)
    const chain = buildChain(presented, trusted, now)
    if (passes || !chain) return {needed, passes, unknown: null, error}
    const [missing] = missingIssuers(chain, trusted)
    if (!missing) return {needed, passes: false, unknown: null, error}
    const last = chain.path.at(-1)!
    const found = isSelfSigned(last)
      ? {certificate: last, source: sourceOfRoot(last, supplies)}
      : findIssuer(last, presented, supplies)
    if (!found || anchorIndex(trusted).has(found.certificate)) return {needed, passes: null, unknown: missing, error}
    needed.push({...found, fault: missing.fault})
  }
  return {needed, passes: false, unknown: null, error: 'CERT_CHAIN_TOO_LONG'}
}

function withMore(anchors: TrustAnchors, needed: readonly Needed[]): TrustAnchors {
  if (needed.length === 0) return anchors
  const more = needed.map(({certificate}) => certificate.toString())
  return trustAnchors({imported: [...anchors.certificates, ...more], system: false, issuers: anchors.issuers})
}

/** Better to take a root from where somebody put it than from the peer that wants to be trusted. */
function sourceOfRoot(root: X509Certificate, supplies: readonly Supply[]): Source {
  const print = fingerprint(root)
  const supply = supplies.find(({certificates}) => certificates.some((one) => fingerprint(one) === print))
  if (supply && 'ca' in supply.source) return supply.source
  const known = systemIndex().bySubject(bodyOf(root).subjectText)
  if (known.some((one) => fingerprint(one) === print)) return 'system'
  return supply?.source ?? 'presented'
}

function findIssuer(child: X509Certificate, presented: X509Certificate[], supplies: readonly Supply[]) {
  const all: {source: Source; certificates: readonly X509Certificate[]}[] = [
    ...supplies.filter(({source}) => 'ca' in source),
    {source: 'system', certificates: systemIndex().bySubject(bodyOf(child).issuerText)},
    {source: 'presented', certificates: presented},
    ...supplies.filter(({source}) => 'url' in source),
  ]
  for (const {source, certificates} of all) {
    const certificate = certificates.find((issuer) => isIssuer(issuer, child))
    if (certificate) return {certificate, source}
  }
  return null
}

function isIssuer(issuer: X509Certificate, child: X509Certificate): boolean {
  const isNamed = nameKey(bodyOf(issuer).subjectText) === nameKey(bodyOf(child).issuerText)
  return isNamed && keyIdentifiersAgree(child, issuer) && isSignedBy(child, issuer)
}
