import type {X509Certificate} from 'node:crypto'
import {nameKey, systemIndex} from './anchors.ts'
import type {CertificateFacts, MissingIssuer} from './certificate.ts'
import {keyIdentifiersAgree} from './chain.ts'
import {bodyOf, describeCertificate, isSelfSigned, isSignedBy} from './describe.ts'

export {isAuthority} from './verify.ts'

/** A CA certificate as `ca show` tells of it. */
export interface AuthorityFacts extends CertificateFacts {
  role: 'root' | 'intermediate'
}

/** Facts of a CA certificate; self-signed ones are roots. */
export function describeAuthority(certificate: X509Certificate): AuthorityFacts {
  return {...describeCertificate(certificate), role: isSelfSigned(certificate) ? 'root' : 'intermediate'}
}

/** An issuer that a set of authorities lacks. */
export interface MissingAuthority extends Omit<MissingIssuer, 'fault'> {
  /** Subject of the certificate in the set that it issued. */
  issued: string
  /** Where it is at hand all the same: another imported CA by name, the system's store, or nowhere (null). */
  heldBy: {ca: string} | 'system' | null
}

/**
 * What is missing for every certificate of the set to lead to a root of the set. Trust ends at a root (OpenSSL takes an
 * intermediate for no anchor), so a set that lacks one verifies nothing by itself.
 */
export function missingAuthorities(
  set: readonly X509Certificate[],
  others: ReadonlyMap<string, readonly X509Certificate[]> = new Map(),
): MissingAuthority[] {
  const orphans = set.filter((child) => !isSelfSigned(child) && !set.some((issuer) => isIssuer(issuer, child)))
  const missing = orphans.map((child) => {
    const {issuerText, subjectText, authorityKeyId, aia} = bodyOf(child)
    return {issuer: issuerText, keyId: authorityKeyId, aia, issued: subjectText, heldBy: holder(child, others)}
  })
  // Several intermediates of one issuer lack one certificate.
  return [...new Map(missing.map((one) => [`${nameKey(one.issuer)} ${one.keyId}`, one])).values()]
}

function holder(
  child: X509Certificate,
  others: ReadonlyMap<string, readonly X509Certificate[]>,
): MissingAuthority['heldBy'] {
  for (const [ca, certificates] of others) {
    if (certificates.some((certificate) => isIssuer(certificate, child))) return {ca}
  }
  const known = systemIndex().bySubject(bodyOf(child).issuerText)
  return known.some((certificate) => isIssuer(certificate, child)) ? 'system' : null
}

function isIssuer(issuer: X509Certificate, child: X509Certificate): boolean {
  return (
    nameKey(bodyOf(issuer).subjectText) === nameKey(bodyOf(child).issuerText) &&
    keyIdentifiersAgree(child, issuer) &&
    isSignedBy(child, issuer)
  )
}
