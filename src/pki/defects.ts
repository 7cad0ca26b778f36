import type {X509Certificate} from 'node:crypto'
import type {TrustAnchors} from './certificate.ts'
import {type BuiltChain, buildChain, type ChainRole, roleIn} from './chain.ts'
import {bodyOf, dayOf, isSelfSigned, publicKeyOf, validityOf} from './describe.ts'
import {missingIssuers} from './missing.ts'
import {constraintViolations} from './name-constraints.ts'
import {isAuthority} from './verify.ts'
import {wireOrder} from './wire-order.ts'

export type DefectKind =
  | 'wrong-order'
  | 'unrelated-certificate'
  | 'root-sent'
  | 'key-weak'
  | 'signature-weak'
  | 'expired'
  | 'not-yet-valid'
  | 'not-a-ca'
  | 'path-length'
  | 'name-constraints'
  | 'extended-key-usage'
  | 'self-signed-leaf'
  | 'same-name-other-key'
  | 'bad-signature'
  | 'unknown-root'
  | 'missing-intermediate'
  | 'missing-issuer'

/** One thing that is wrong with a chain, or odd about the way it was sent. */
export interface ChainDefect {
  kind: DefectKind
  /** Place in the chain as we read it, the leaf at 0; null: it is about the whole. */
  depth: number | null
  role: ChainRole
  /** Subject of the certificate that it is about. */
  subject: string
  /** What there is to say more: a date, a key, a name; '' where there is nothing. */
  detail: string
}

/**
 * Everything that an administrator would want to know of a chain, also where OpenSSL trusts it. It decides nothing:
 * whether the chain is trusted is the handshake's answer. `presented` in the order of the wire; `now` in milliseconds.
 */
export function chainDefects(presented: X509Certificate[], anchors: TrustAnchors, now: number): ChainDefect[] {
  const chain = buildChain(presented, anchors, now)
  if (!chain) return []
  return [...endDefects(chain, anchors), ...certificateDefects(chain, now), ...wireDefects(presented, chain)]
}

function certificateDefects(chain: BuiltChain, now: number): ChainDefect[] {
  return chain.path.flatMap((certificate, depth) => {
    const found: [DefectKind, string | null][] = [
      ['expired', expiredOn(certificate, now)],
      ['not-yet-valid', validFrom(certificate, now)],
      ['key-weak', weakKey(certificate)],
      // A root is trusted for itself, not for its signature.
      ['signature-weak', isSelfSigned(certificate) && depth > 0 ? null : weakSignature(certificate)],
      ['not-a-ca', depth > 0 && !mayIssue(certificate) ? '' : null],
      ['path-length', depth > 0 ? overlong(chain.path, depth) : null],
      ['name-constraints', depth > 0 ? violated(chain.path, depth) : null],
      ['extended-key-usage', otherPurpose(certificate)],
    ]
    const here = {depth, role: roleIn(chain, depth), subject: bodyOf(certificate).subjectText}
    return found.flatMap(([kind, detail]) => (detail === null ? [] : [{kind, ...here, detail}]))
  })
}

function expiredOn(certificate: X509Certificate, now: number): string | null {
  const {to} = validityOf(certificate)
  return now > to.getTime() ? dayOf(to) : null
}

function validFrom(certificate: X509Certificate, now: number): string | null {
  const {from} = validityOf(certificate)
  return now < from.getTime() ? dayOf(from) : null
}

/** RFC 9325 §4.5: RSA of 2048 bits, curves of 224; what is issued today has 256. */
function weakKey(certificate: X509Certificate): string | null {
  const {asymmetricKeyType: kind, asymmetricKeyDetails: details} = publicKeyOf(certificate) ?? {}
  if (kind === 'ec') {
    const bits = curveBits(details?.namedCurve ?? '')
    return bits !== null && bits < 256 ? `EC of ${bits} bits (${details?.namedCurve})` : null
  }
  const modulus = details?.modulusLength
  return modulus !== undefined && modulus < 2048 ? `${kind?.toUpperCase().slice(0, 3)} of ${modulus} bits` : null
}

/** `secp224r1`, `prime192v1`: the size stands in the name. */
function curveBits(curve: string): number | null {
  const digits = /\d{3}/.exec(curve)?.[0]
  return digits === undefined ? null : Number(digits)
}

/** RFC 6151 and RFC 6194: signatures can be forged where MD5, or SHA-1, made the hash. */
function weakSignature(certificate: X509Certificate): string | null {
  const algorithm = certificate.signatureAlgorithm ?? ''
  return /md[245]|sha-?1(?!\d)/i.test(algorithm) ? algorithm : null
}

function mayIssue(certificate: X509Certificate): boolean {
  const {keyUsage} = bodyOf(certificate)
  return isAuthority(certificate) && (keyUsage === null || (keyUsage & KEY_CERT_SIGN) !== 0)
}

const KEY_CERT_SIGN = 0x04

// RFC 5280 §4.2.1.9: self-issued intermediates do not count.
function overlong(path: X509Certificate[], depth: number): string | null {
  const {pathLength} = bodyOf(path[depth]!)
  const below = path.slice(1, depth).filter((between) => bodyOf(between).subjectText !== bodyOf(between).issuerText)
  return pathLength !== null && below.length > pathLength ? `allows ${pathLength}, has ${below.length}` : null
}

function violated(path: X509Certificate[], depth: number): string | null {
  const names = constraintViolations(bodyOf(path[depth]!).nameConstraints, bodyOf(path[0]!))
  return names.length > 0 ? names.join(', ') : null
}

const FOR_SERVERS = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0']

function otherPurpose(certificate: X509Certificate): string | null {
  const {purposes} = bodyOf(certificate)
  if (purposes === null || purposes.some((oid) => FOR_SERVERS.includes(oid))) return null
  return purposes.map((oid) => PURPOSES[oid] ?? oid).join(', ')
}

const PURPOSES: Record<string, string> = {
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
}

/** Where the chain ends, if not at an anchor. A lacking root and a forgotten intermediate are two different things. */
function endDefects(chain: BuiltChain, anchors: TrustAnchors): ChainDefect[] {
  const {path, end} = chain
  const depth = path.length - 1
  const last = path[depth]!
  const here = {depth, role: roleIn(chain, depth), subject: bodyOf(last).subjectText, detail: ''}
  if (end.kind === 'anchor') return []
  if (end.kind === 'other-key' || end.kind === 'bad-signature') {
    const kind = end.kind === 'other-key' ? 'same-name-other-key' : end.kind
    return [{kind, ...here, detail: bodyOf(last).issuerText}]
  }
  if (end.kind === 'untrusted-root') {
    return [depth === 0 ? {kind: 'self-signed-leaf', ...here} : {kind: 'unknown-root', ...here, detail: here.subject}]
  }
  const [missing] = missingIssuers(chain, anchors)
  if (!missing) return []
  const kinds = {peer: 'missing-intermediate', local: 'unknown-root', unknown: 'missing-issuer'} as const
  return [{kind: kinds[missing.fault], ...here, detail: missing.issuer}]
}

function wireDefects(presented: X509Certificate[], chain: BuiltChain): ChainDefect[] {
  const {inOrder, extras, root} = wireOrder(presented, chain)
  const leaf = bodyOf(presented[0]!).subjectText
  const whole = {depth: null, role: 'leaf' as const, subject: leaf, detail: ''}
  const extra = extras.map((certificate) => bodyOf(certificate).subjectText)
  return [
    ...(inOrder ? [] : [{kind: 'wrong-order' as const, ...whole}]),
    ...(extra.length > 0 ? [{kind: 'unrelated-certificate' as const, ...whole, detail: extra.join(', ')}] : []),
    ...(root ? [{kind: 'root-sent' as const, ...whole, detail: bodyOf(root).subjectText}] : []),
  ]
}
