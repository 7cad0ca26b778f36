import type {X509Certificate} from 'node:crypto'
import type {ChainExplanation, MissingIssuer, TrustAnchors} from './certificate.ts'
import {type BuiltChain, buildChain, type ChainRole, roleIn} from './chain.ts'
import {bodyOf, dayOf, fingerprint, validityOf} from './describe.ts'
import {missingIssuers} from './missing.ts'
import {constraintViolations} from './name-constraints.ts'
import {opensslError} from './openssl-error.ts'
import {isAuthority, isUnderstood, isWeak} from './verify.ts'
import {wireRemarks} from './wire-order.ts'

/**
 * Why OpenSSL trusts a chain or does not, as one sentence that an administrator can act on. `presented` is in the order
 * of the wire, leaf first. The verdict is OpenSSL's: where this reading cannot account for it, the sentence says so.
 */
export function explainChain(
  presented: X509Certificate[],
  anchors: TrustAnchors,
  verification: {trusted: boolean; error: string | null},
  now: number = Date.now(),
): ChainExplanation {
  const chain = buildChain(presented, anchors, now)
  if (!chain) return {summary: 'the peer presented no certificate', missing: [], anchor: null}
  if (verification.trusted) return explainTrusted(presented, chain)
  const missing = missingIssuers(chain, anchors)
  const reasons = [...problems(chain, verification.error, now), ...endProblem(chain, missing[0])]
  const summary = reasons.length > 0 ? reasons.join('; ') : unaccounted(chain, verification.error)
  return {summary: [summary, ...wireRemarks(presented, chain)].join('; '), missing, anchor: anchorOf(chain)}
}

/** An expired chain, too, ends at its anchor: nobody has to import anything. */
function anchorOf(chain: BuiltChain): string | null {
  return chain.end.kind === 'anchor' ? subject(chain.path.at(-1)!) : null
}

function explainTrusted(presented: X509Certificate[], chain: BuiltChain): ChainExplanation {
  if (chain.end.kind !== 'anchor') {
    return {summary: 'OpenSSL trusts this chain, by a path that this reading did not find', missing: [], anchor: null}
  }
  const anchor = subject(chain.path.at(-1)!)
  const summary = [`the chain ends at the trust anchor ${anchor}`, ...wireRemarks(presented, chain)].join('; ')
  return {summary, missing: [], anchor}
}

/** What is wrong with the certificates that are there. */
function problems(chain: BuiltChain, error: string | null, now: number): string[] {
  return chain.path.flatMap((certificate, depth) => {
    const role = roleIn(chain, depth)
    const found = [
      dateProblem(certificate, role, now),
      depth > 0 ? authorityProblem(certificate) : null,
      error === 'INVALID_PURPOSE' ? purposeProblem(certificate, role) : null,
      error === 'PATH_LENGTH_EXCEEDED' ? pathLengthProblem(certificate, depth) : null,
      error === 'UNSPECIFIED' ? obscureProblem(certificate, role, chain.path[0]!) : null,
    ]
    return found.filter((problem) => problem !== null)
  })
}

function dateProblem(certificate: X509Certificate, role: ChainRole, now: number): string | null {
  const {from, to} = validityOf(certificate)
  if (now < from.getTime()) {
    return `the ${role} ${subject(certificate)} is not valid before ${dayOf(from)}: check the clocks`
  }
  if (now <= to.getTime()) return null
  const remedy =
    role === 'trust anchor' || role === 'root' ? "import its CA's current certificate" : 'the peer must renew it'
  return `the ${role} ${subject(certificate)} expired on ${dayOf(to)}: ${remedy}`
}

function authorityProblem(certificate: X509Certificate): string | null {
  const {keyUsage} = bodyOf(certificate)
  if (isAuthority(certificate) && (keyUsage === null || keyUsage & 0x04)) return null
  return `${subject(certificate)} issued a certificate but is not a CA: the peer needs a certificate from a real CA`
}

function purposeProblem(certificate: X509Certificate, role: ChainRole): string | null {
  const {purposes} = bodyOf(certificate)
  const restricted = purposes !== null && !purposes.includes('1.3.6.1.5.5.7.3.1')
  return restricted ? `the ${role} ${subject(certificate)} is not made for TLS servers (extendedKeyUsage)` : null
}

function pathLengthProblem(certificate: X509Certificate, depth: number): string | null {
  const {pathLength} = bodyOf(certificate)
  if (pathLength === null || depth - 1 <= pathLength) return null
  return `${subject(certificate)} allows ${pathLength} intermediates below itself, and there are ${depth - 1}`
}

function obscureProblem(certificate: X509Certificate, role: ChainRole, leaf: X509Certificate): string | null {
  if (isWeak(certificate, role === 'trust anchor' || role === 'root')) {
    return `the ${role} ${subject(certificate)} has a key or signature weaker than 112 bits: its CA must reissue it`
  }
  const {nameConstraints, critical} = bodyOf(certificate)
  const forbidden = constraintViolations(nameConstraints, bodyOf(leaf))
  if (forbidden.length > 0) return `the ${role} ${subject(certificate)} may not issue for ${forbidden.join(', ')}`
  const strange = critical.filter((oid) => !KNOWN_TO_OPENSSL.includes(oid))
  if (strange.length > 0) {
    return `the ${role} ${subject(certificate)} has a critical extension that OpenSSL does not know (${strange.join(', ')})`
  }
  return isUnderstood(certificate)
    ? null
    : `the ${role} ${subject(certificate)} carries constraints that may not be met`
}

/** Critical or not, it takes them into account (X509_supported_extension). */
const KNOWN_TO_OPENSSL = [
  ...['2.5.29.14', '2.5.29.15', '2.5.29.17', '2.5.29.19', '2.5.29.30', '2.5.29.31', '2.5.29.32', '2.5.29.33'],
  ...['2.5.29.35', '2.5.29.36', '2.5.29.37', '2.5.29.54', '1.3.6.1.5.5.7.1.7', '1.3.6.1.5.5.7.1.8'],
  ...['1.3.6.1.5.5.7.1.14', '2.16.840.1.113730.1.1'],
]

/** Why the chain does not arrive at an anchor. */
function endProblem({path, end}: BuiltChain, missing: MissingIssuer | undefined): string[] {
  const last = path.at(-1)!
  switch (end.kind) {
    case 'anchor':
      return []
    case 'untrusted-root':
      return [path.length === 1 ? selfSignedLeaf(last) : untrustedRoot(last)]
    case 'other-key':
      return [otherKey(last, end.impostor, end.isAnchor)]
    case 'bad-signature':
      return [badSignature(last, end.issuer)]
    case 'missing':
      return missing ? [missingSentence(missing, last, path.length)] : []
  }
}

function selfSignedLeaf(leaf: X509Certificate): string {
  return `${subject(leaf)} is self-signed, no CA vouches for it: the peer needs a certificate from a CA`
}

function untrustedRoot(root: X509Certificate): string {
  return (
    `the chain is whole but its root ${subject(root)} is not among the trust anchors: ` +
    `import it once its owner confirms SHA-256 ${fingerprint(root)}`
  )
}

function otherKey(child: X509Certificate, impostor: X509Certificate, isAnchor: boolean): string {
  const where = isAnchor ? 'the trust anchor' : 'the certificate sent along'
  const remedy = isAnchor
    ? 'either that CA has a new key and its new certificate must be imported, or somebody else uses its name'
    : 'the peer must send the certificate that fits'
  return (
    `${subject(child)} names ${subject(impostor)} as its issuer, but ${where} of that name has another key ` +
    `and did not sign it: ${remedy}`
  )
}

function badSignature(child: X509Certificate, issuer: X509Certificate): string {
  return (
    `the signature of ${subject(child)} does not fit the key of ${subject(issuer)}, which it names as its issuer: ` +
    'it was altered after it had been signed, or was never signed with that key'
  )
}

function missingSentence({issuer, keyId, fault}: MissingIssuer, child: X509Certificate, length: number): string {
  const what = `${issuer}${keyId ? ` (key id ${keyId})` : ''}`
  const from = `the issuer of ${length === 1 ? 'the leaf' : subject(child)}`
  if (fault === 'peer') return `the peer does not send its intermediate ${what}, ${from}: it must add it to its chain`
  if (fault === 'local') return `the trust anchors lack ${what}, ${from}: import that root`
  return `${what}, ${from}, is neither sent nor trusted: if it is a root, import it; if not, the peer must send it`
}

function unaccounted(chain: BuiltChain, error: string | null): string {
  const says = error === null ? 'OpenSSL does not trust this chain' : `${opensslError(error)} (${error})`
  return (
    `${says}, although by names and signatures it leads to the trust anchor ${subject(chain.path.at(-1)!)}; ` +
    'this reading cannot tell why, and OpenSSL has the last word'
  )
}

function subject(certificate: X509Certificate): string {
  return bodyOf(certificate).subjectText
}
