import type {X509Certificate} from 'node:crypto'
import {anchorIndex} from './anchors.ts'
import type {TrustAnchors, Verification} from './certificate.ts'
import {type BuiltChain, buildChain} from './chain.ts'
import {bodyOf, publicKeyOf, validityOf} from './describe.ts'

/** Which side of TLS the leaf stands for. */
export type Purpose = 'server' | 'client'

/**
 * Our reading of what OpenSSL would say of this chain under other anchors, for a rehearsal. It follows OpenSSL's order of
 * checks, of which the last failure is the one reported. It does not evaluate name constraints or unknown critical
 * extensions: a chain that has them is `UNSPECIFIED`, not trusted. `now` in milliseconds.
 */
export function verifyUnder(
  presented: X509Certificate[],
  anchors: TrustAnchors,
  now: number,
  purpose: Purpose = 'server',
): Verification {
  const chain = buildChain(presented, anchors, now)
  const error = chain ? lastError(chain, anchors, now, purpose) : 'UNABLE_TO_GET_ISSUER_CERT'
  return {trusted: error === null, error, by: 'explanation'}
}

function lastError(chain: BuiltChain, anchors: TrustAnchors, now: number, purpose: Purpose): string | null {
  const errors = [
    endError(chain, anchors),
    ...chain.path.map((certificate, depth) => extensionError(chain.path, certificate, depth, purpose)),
    ...chain.path.map((certificate, depth) => strengthError(certificate, isTop(chain, depth))),
    // From the top down: the leaf has the last word.
    ...chain.path.map((certificate) => dateError(certificate, now)).reverse(),
    chain.path.some((certificate) => !isUnderstood(certificate)) ? 'UNSPECIFIED' : null,
  ]
  return errors.findLast((error) => error !== null) ?? null
}

function isTop(chain: BuiltChain, depth: number): boolean {
  return depth === chain.path.length - 1 && (chain.end.kind === 'anchor' || chain.end.kind === 'untrusted-root')
}

function endError({path, end}: BuiltChain, anchors: TrustAnchors): string | null {
  if (end.kind === 'anchor') return null
  if (end.kind === 'untrusted-root') {
    return path.length === 1 ? 'DEPTH_ZERO_SELF_SIGNED_CERT' : 'SELF_SIGNED_CERT_IN_CHAIN'
  }
  if (end.kind === 'bad-signature') return 'CERT_SIGNATURE_FAILURE'
  if (end.kind === 'other-key' && !hasKeyIdentifier(path.at(-1)!)) return 'CERT_SIGNATURE_FAILURE'
  if (path.length === 1) return 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
  return anchorIndex(anchors).has(path.at(-1)!) ? 'UNABLE_TO_GET_ISSUER_CERT' : 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'
}

// Without one, OpenSSL takes any certificate of the right name for the issuer, and finds the signature wrong later.
function hasKeyIdentifier(certificate: X509Certificate): boolean {
  return bodyOf(certificate).authorityKeyId !== null
}

const PURPOSE_OIDS = {server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2'}
const ANY_PURPOSE = '2.5.29.37.0'
const KEY_CERT_SIGN = 0x04

// RFC 5280 §4.2.1.3, §4.2.1.9, §4.2.1.12.
function extensionError(path: X509Certificate[], certificate: X509Certificate, depth: number, purpose: Purpose) {
  const {purposes, pathLength, keyUsage} = bodyOf(certificate)
  if (purposes && !purposes.includes(PURPOSE_OIDS[purpose]) && !purposes.includes(ANY_PURPOSE)) return 'INVALID_PURPOSE'
  if (depth === 0) return null
  if (keyUsage !== null && !(keyUsage & KEY_CERT_SIGN)) return 'UNSPECIFIED'
  if (!isAuthority(certificate)) return 'INVALID_CA'
  const below = path.slice(1, depth).filter((between) => bodyOf(between).subjectText !== bodyOf(between).issuerText)
  return pathLength !== null && below.length > pathLength ? 'PATH_LENGTH_EXCEEDED' : null
}

/** A CA by basicConstraints, or a self-issued version 1 certificate, which has no extensions to say so. */
export function isAuthority(certificate: X509Certificate): boolean {
  const {version, subjectText, issuerText} = bodyOf(certificate)
  return certificate.ca || (version === 1 && subjectText === issuerText)
}

/** Whether key or signature is below what OpenSSL accepts (security level 2: 112 bits). A root's own signature is not looked at. */
export function isWeak(certificate: X509Certificate, isRoot: boolean): boolean {
  const key = publicKeyOf(certificate)
  const bits = key?.asymmetricKeyDetails?.modulusLength
  const hash = /md5|sha-?1(?!\d)/i.test(certificate.signatureAlgorithm ?? '')
  return key === null || (bits !== undefined && bits < 2048) || (hash && !isRoot)
}

function strengthError(certificate: X509Certificate, isRoot: boolean): string | null {
  return isWeak(certificate, isRoot) ? 'UNSPECIFIED' : null
}

function dateError(certificate: X509Certificate, now: number): string | null {
  const {from, to} = validityOf(certificate)
  if (now < from.getTime()) return 'CERT_NOT_YET_VALID'
  return now > to.getTime() ? 'CERT_HAS_EXPIRED' : null
}

const EVALUATED = ['2.5.29.15', '2.5.29.17', '2.5.29.19', '2.5.29.37', '2.5.29.14', '2.5.29.35', '2.5.29.32']

/** Whether this reading takes everything into account that a verifier must (RFC 5280 §4.2). */
export function isUnderstood(certificate: X509Certificate): boolean {
  const {critical, hasNameConstraints} = bodyOf(certificate)
  return !hasNameConstraints && critical.every((oid) => EVALUATED.includes(oid))
}
