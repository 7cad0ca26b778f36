import {hash, type KeyObject, X509Certificate} from 'node:crypto'
import type {CertificateFacts} from './certificate.ts'
import {type CertificateBody, readCertificateBody} from './extensions.ts'

const bodies = new WeakMap<X509Certificate, CertificateBody>()

/** The parsed body of a certificate, read once for each object. */
export function bodyOf(certificate: X509Certificate): CertificateBody {
  const body = bodies.get(certificate) ?? readCertificateBody(certificate.raw)
  bodies.set(certificate, body)
  return body
}

/** Facts of one certificate; a Buffer holds DER or PEM. Throws what OpenSSL throws when it is not a certificate. */
export function describeCertificate(source: X509Certificate | Buffer): CertificateFacts {
  const certificate = source instanceof X509Certificate ? source : new X509Certificate(source)
  const body = bodyOf(certificate)
  return {
    subject: body.subjectText,
    issuer: body.issuerText,
    sha256: fingerprint(certificate),
    serial: certificate.serialNumber.toLowerCase(),
    notBefore: validityOf(certificate).from.toISOString(),
    notAfter: validityOf(certificate).to.toISOString(),
    dnsNames: body.dnsNames,
    ipAddresses: body.ipAddresses,
    key: keyName(certificate),
    ...keyHash(certificate),
    isCa: certificate.ca,
    selfSigned: isSelfSigned(certificate),
    keyId: body.keyId,
    authorityKeyId: body.authorityKeyId,
    aia: body.aia,
  }
}

/** RFC 5280 §4.1.2.7; the certificate's own key identifier could be anything. */
function keyHash(certificate: X509Certificate): {publicKey?: string} {
  try {
    return {publicKey: hash('sha256', certificate.publicKey.export({type: 'spki', format: 'der'}), 'hex')}
  } catch {
    return {}
  }
}

/** When a certificate is valid. A date that cannot be read, and OpenSSL takes such, is one on which it never is. */
export function validityOf({validFrom, validFromDate, validTo, validToDate}: X509Certificate): {from: Date; to: Date} {
  return {
    from: isDate(validFrom, validFromDate) ? validFromDate : new Date('9999-12-31T23:59:59Z'),
    to: isDate(validTo, validToDate) ? validToDate : new Date(0),
  }
}

/** `2026-11-28`, in UTC. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}

// Of what OpenSSL calls a bad time value Node makes any date, another one each time.
function isDate(text: string, date: Date): boolean {
  return !text.startsWith('Bad time value') && !Number.isNaN(date.getTime())
}

/** SHA-256 of the DER, lower-case hex. */
export function fingerprint(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase()
}

/** Subject equals issuer, and its own key made the signature. */
export function isSelfSigned(certificate: X509Certificate): boolean {
  const {subjectText, issuerText} = bodyOf(certificate)
  return subjectText === issuerText && isSignedBy(certificate, certificate)
}

/** Whether the issuer's key made the signature; false too where the key or the algorithm is not understood. */
export function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey)
  } catch {
    return false
  }
}

/** The public key; null where OpenSSL does not know its kind. */
export function publicKeyOf(certificate: X509Certificate): KeyObject | null {
  try {
    return certificate.publicKey
  } catch {
    return null
  }
}

const CURVES: Record<string, string> = {prime256v1: '256', secp384r1: '384', secp521r1: '521'}

/** `rsa-2048`, `ec-256`, `ed25519` … */
function keyName(certificate: X509Certificate): string {
  const key = publicKeyOf(certificate)
  const kind = key?.asymmetricKeyType ?? 'unknown'
  const {modulusLength, namedCurve} = key?.asymmetricKeyDetails ?? {}
  if (kind === 'ec') return `ec-${CURVES[namedCurve ?? ''] ?? namedCurve ?? 'explicit'}`
  return modulusLength === undefined ? kind : `${kind}-${modulusLength}`
}
