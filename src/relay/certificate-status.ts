import {X509Certificate} from 'node:crypto'
import type {RelayIdentity} from './snapshot.ts'

export interface CertificateStatus {
  identity: string
  /** SHA-256 of the leaf. */
  fingerprint: string
  /** ISO 8601. */
  notAfter: string
  /** Negative once it is expired. */
  daysLeft: number
}

const DAY_MS = 86_400_000

/** How long clients can still trust the certificate; `now` in milliseconds. */
export function certificateStatus({name, certificatePem}: RelayIdentity, now: number): CertificateStatus {
  const leaf = new X509Certificate(certificatePem)
  const until = leaf.validToDate.getTime()
  return {
    identity: name,
    fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    notAfter: new Date(until).toISOString(),
    daysLeft: (until - now) / DAY_MS,
  }
}
