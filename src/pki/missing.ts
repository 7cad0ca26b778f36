import type {X509Certificate} from 'node:crypto'
import {anchorIndex, nameKey, systemIndex} from './anchors.ts'
import type {MissingIssuer, TrustAnchors} from './certificate.ts'
import type {BuiltChain} from './chain.ts'
import {bodyOf, isSelfSigned} from './describe.ts'

/**
 * The issuer that the chain lacks, and whose fault that is. A peer must send its intermediates and need not send the
 * root (RFC 8446 §4.4.2), so the question is which of the two is missing. Where nothing decides it, `unknown` is said.
 */
export function missingIssuers(chain: BuiltChain, anchors: TrustAnchors): MissingIssuer[] {
  const last = chain.path.at(-1)!
  if (chain.end.kind === 'anchor' || chain.end.kind === 'bad-signature') return []
  if (chain.end.kind === 'untrusted-root') return chain.path.length === 1 ? [] : [unknownRoot(last)]
  const {issuerText, authorityKeyId, aia} = bodyOf(last)
  return [{issuer: issuerText, keyId: authorityKeyId, aia, fault: faultOf(chain, last, anchors)}]
}

// The peer sent the root, although it need not; what lacks it is the trust store.
function unknownRoot(root: X509Certificate): MissingIssuer {
  const {subjectText, keyId, aia} = bodyOf(root)
  return {issuer: subjectText, keyId, aia, fault: 'local'}
}

function faultOf(chain: BuiltChain, last: X509Certificate, anchors: TrustAnchors): MissingIssuer['fault'] {
  const {issuerText} = bodyOf(last)
  if (chain.end.kind === 'other-key') return chain.end.isAnchor ? 'unknown' : 'peer'
  if (anchorIndex(anchors).has(last)) return 'local'
  if (skipsToAnchor(chain, anchors)) return 'peer'
  if (isKnownRoot(last)) return 'local'
  const isFamily = anchorIndex(anchors).all.some((anchor) => sharesOrganization(bodyOf(anchor).subjectText, issuerText))
  if (chain.path.length > 1) return isFamily && !/\broot\b/i.test(issuerText) ? 'unknown' : 'local'
  return isFamily || isPublicLeaf(last) ? 'peer' : 'unknown'
}

/** The peer sent a root that is trusted, but not what leads to it. */
function skipsToAnchor({extras}: BuiltChain, anchors: TrustAnchors): boolean {
  return extras.some((extra) => anchorIndex(anchors).has(extra) && isSelfSigned(extra))
}

/** The system's store knows the issuer; this trust store does not. */
function isKnownRoot(child: X509Certificate): boolean {
  const {issuerText, authorityKeyId} = bodyOf(child)
  return systemIndex()
    .bySubject(issuerText)
    .some((root) => authorityKeyId === null || bodyOf(root).keyId === authorityKeyId)
}

// Baseline Requirements §6.1.7: a root does not issue leaves, so a leaf of a public CA has an intermediate above it.
function isPublicLeaf(leaf: X509Certificate): boolean {
  return bodyOf(leaf).policies.some((policy) => policy.startsWith('2.23.140.1.'))
}

/** Everything after the common name is equal, and there is something: two authorities of one house. */
function sharesOrganization(one: string, other: string): boolean {
  const [a, b] = [one, other].map((name) => nameKey(name).replace(/^cn=(\\.|[^,\\])*,?/, ''))
  return a !== '' && a === b
}
