import type {X509Certificate} from 'node:crypto'
import {type AnchorIndex, anchorIndex, nameKey} from './anchors.ts'
import type {TrustAnchors} from './certificate.ts'
import {bodyOf, fingerprint, isSelfSigned, isSignedBy, validityOf} from './describe.ts'

/**
 * Our own reading of a chain: which certificate issued which, as far as names, key identifiers and signatures say. It
 * serves explanation only; whether a chain is trusted is the handshake's answer.
 */
export interface BuiltChain {
  /** Leaf first. */
  path: X509Certificate[]
  end:
    | {kind: 'anchor'}
    /** Self-signed, and not among the anchors. */
    | {kind: 'untrusted-root'}
    /** Nobody supplied the issuer of the last certificate. */
    | {kind: 'missing'}
    /** There is a certificate with the issuer's name, but its key did not make the signature. */
    | {kind: 'other-key'; impostor: X509Certificate; isAnchor: boolean}
    /** The issuer is there, by name and key identifier, and its key did not make the signature. */
    | {kind: 'bad-signature'; issuer: X509Certificate}
  /** Presented certificates that the path does not use. */
  extras: X509Certificate[]
}

export type ChainRole = 'leaf' | 'intermediate' | 'root' | 'trust anchor'

/** What the certificate at this place of the path is, the leaf at 0; a self-signed leaf is a leaf. */
export function roleIn({path, end}: BuiltChain, depth: number): ChainRole {
  const isLast = depth === path.length - 1
  if (isLast && end.kind === 'anchor') return 'trust anchor'
  if (depth === 0) return 'leaf'
  return isLast && end.kind === 'untrusted-root' ? 'root' : 'intermediate'
}

// A peer may send anything; real chains are rarely longer than four.
const MOST_PRESENTED = 20

/** Null when nothing was presented. Issuers are looked for among the anchors first, as OpenSSL does. */
export function buildChain(presented: X509Certificate[], anchors: TrustAnchors, now: number): BuiltChain | null {
  const pool = presented.slice(0, MOST_PRESENTED)
  if (!pool[0]) return null
  const index = anchorIndex(anchors)
  const {path, end} = new Walk(pool, index, now).from([pool[0]])
  const used = new Set(path.map(fingerprint))
  return {path, end, extras: presented.filter((certificate) => !used.has(fingerprint(certificate)))}
}

type Way = Pick<BuiltChain, 'path' | 'end'>

class Walk {
  readonly #pool: X509Certificate[]
  readonly #anchors: AnchorIndex
  readonly #now: number
  // Each certificate is stepped on once, so that certificates that sign each other cost no more than their number.
  readonly #seen = new Set<string>()

  constructor(pool: X509Certificate[], anchors: AnchorIndex, now: number) {
    this.#pool = pool
    this.#anchors = anchors
    this.#now = now
  }

  from(path: X509Certificate[]): Way {
    const last = path.at(-1)!
    this.#seen.add(fingerprint(last))
    if (isSelfSigned(last)) return {path, end: {kind: this.#anchors.has(last) ? 'anchor' : 'untrusted-root'}}
    let best: Way | null = null
    for (const issuer of this.#issuers(last)) {
      if (this.#seen.has(fingerprint(issuer))) continue
      const way = this.from([...path, issuer])
      if (way.end.kind === 'anchor') return way
      if (best === null || way.path.length > best.path.length) best = way
    }
    return best ?? {path, end: this.#deadEnd(last)}
  }

  #issuers(child: X509Certificate): X509Certificate[] {
    const isCurrent = (certificate: X509Certificate) => Number(isValidAt(certificate, this.#now))
    return this.#namesakes(child)
      .filter((candidate) => keyIdentifiersAgree(child, candidate) && isSignedBy(child, candidate))
      .sort((one, other) => isCurrent(other) - isCurrent(one))
  }

  #deadEnd(child: X509Certificate): BuiltChain['end'] {
    const others = this.#namesakes(child).filter((candidate) => !isSignedBy(child, candidate))
    const {authorityKeyId} = bodyOf(child)
    const issuer = others.find((candidate) => authorityKeyId !== null && bodyOf(candidate).keyId === authorityKeyId)
    if (issuer) return {kind: 'bad-signature', issuer}
    const [impostor] = others
    return impostor ? {kind: 'other-key', impostor, isAnchor: this.#anchors.has(impostor)} : {kind: 'missing'}
  }

  /** Certificates whose subject is the child's issuer. */
  #namesakes(child: X509Certificate): X509Certificate[] {
    const {issuerText} = bodyOf(child)
    const isNamed = (certificate: X509Certificate) => nameKey(bodyOf(certificate).subjectText) === nameKey(issuerText)
    return [...this.#anchors.bySubject(issuerText), ...this.#pool.filter(isNamed)]
  }
}

// RFC 5280 §4.2.1.1: the authority key identifier is there to tell several keys of one name apart.
export function keyIdentifiersAgree(child: X509Certificate, issuer: X509Certificate): boolean {
  const [wanted, given] = [bodyOf(child).authorityKeyId, bodyOf(issuer).keyId]
  return wanted === null || given === null || wanted === given
}

function isValidAt(certificate: X509Certificate, now: number): boolean {
  const {from, to} = validityOf(certificate)
  return from.getTime() <= now && now <= to.getTime()
}
