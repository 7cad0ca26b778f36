import {createHash, X509Certificate} from 'node:crypto'
import {getCACertificates} from 'node:tls'
import type {TrustAnchors} from './certificate.ts'
import {bodyOf, fingerprint} from './describe.ts'

export interface AnchorOptions {
  /** PEM texts, each with one certificate or several. */
  imported: string[]
  /** Trust the operating system's store as well. */
  system: boolean
  /** See TrustAnchors. */
  issuers?: string[] | null
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g
const MOST_SETS = 64

interface Anchor {
  pem: string
  sha256: string
}

let systemStore: Anchor[] | undefined
const sets = new Map<string, TrustAnchors>()

/** The anchors of one profile. Equal options give the very same object, so that what is made of it can be kept. */
export function trustAnchors(options: AnchorOptions): TrustAnchors {
  const imported = options.imported.flatMap((text) => text.match(PEM) ?? []).map(toAnchor)
  const unique = new Map([...imported, ...(options.system ? systemAnchors() : [])].map((a) => [a.sha256, a.pem]))
  const issuers = options.issuers ?? null
  const id = digest([...unique.keys()].sort().join('\n'))
  const key = `${id} ${issuers?.join(' ') ?? 'any'}`
  const set = sets.get(key) ?? {id, certificates: [...unique.values()], issuers}
  sets.delete(key)
  sets.set(key, set)
  if (sets.size > MOST_SETS) sets.delete(sets.keys().next().value!)
  return set
}

/** The operating system's store, or Node's bundled list where that is empty. Read once. */
function systemAnchors(): Anchor[] {
  systemStore ??= readSystemStore()
  return systemStore
}

function readSystemStore(): Anchor[] {
  const system = getCACertificates('system')
  const anchors = (system.length > 0 ? system : getCACertificates('bundled')).map(toAnchor)
  return [...new Map(anchors.map((anchor) => [anchor.sha256, anchor])).values()]
}

function toAnchor(pem: string): Anchor {
  const body = pem.replace(/-----[^-]*-----/g, '')
  return {pem: pem.trim(), sha256: digest(Buffer.from(body, 'base64'))}
}

function digest(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}

/** Anchors as parsed certificates, found by subject or by fingerprint. */
export interface AnchorIndex {
  bySubject(subject: string): X509Certificate[]
  has(certificate: X509Certificate): boolean
  all: readonly X509Certificate[]
}

const indexes = new WeakMap<TrustAnchors, AnchorIndex>()

/** Parsed once for each set. What OpenSSL cannot read is left out: it can anchor nothing. */
export function anchorIndex(anchors: TrustAnchors): AnchorIndex {
  const index = indexes.get(anchors) ?? makeIndex(anchors.certificates.flatMap(parse))
  indexes.set(anchors, index)
  return index
}

function makeIndex(all: X509Certificate[]): AnchorIndex {
  const bySubject = Map.groupBy(all, (certificate) => nameKey(bodyOf(certificate).subjectText))
  const fingerprints = new Set(all.map(fingerprint))
  return {
    all,
    bySubject: (subject) => bySubject.get(nameKey(subject)) ?? [],
    has: (certificate) => fingerprints.has(fingerprint(certificate)),
  }
}

/** RFC 5280 §7.1: names are compared without regard to case and runs of white space. */
export function nameKey(name: string): string {
  return name.toLowerCase().replace(/\s+/g, ' ')
}

function parse(pem: string): X509Certificate[] {
  try {
    return [new X509Certificate(pem)]
  } catch {
    return []
  }
}

let ofSystem: AnchorIndex | undefined

/** The system's store, parsed once. */
export function systemIndex(): AnchorIndex {
  ofSystem ??= makeIndex(systemAnchors().flatMap(({pem}) => parse(pem)))
  return ofSystem
}
