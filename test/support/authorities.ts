import {X509Certificate} from 'node:crypto'
import {type IssuedCertificate, type IssueOptions, issueCertificate} from '../../src/pki/issue.ts'

const DAY = 86_400_000
export const MX = 'mx1.example.mil'

/** A root, an intermediate below it and a way to issue leaves. */
export async function authorities(organization = 'Example', change: Partial<IssueOptions> = {}) {
  const root = await issueCertificate({subject: `${organization} Root`, organization, ca: true, ...change})
  const intermediate = await issueCertificate({
    ...{subject: `${organization} Intermediate`, organization, ca: true, issuer: issuerOf(root)},
    ...change,
  })
  const leaf = (options: Partial<IssueOptions> = {}) =>
    issueCertificate({subject: MX, dnsNames: [MX], issuer: issuerOf(intermediate), ...options})
  return {root, intermediate, leaf}
}

export function issuerOf({certificatePem, keyPem}: IssuedCertificate) {
  return {certificatePem, keyPem}
}

export function pemOf(...issued: IssuedCertificate[]): string {
  return issued.map(({certificatePem}) => certificatePem).join('')
}

export function parse(...issued: IssuedCertificate[]): X509Certificate[] {
  return issued.map(({certificatePem}) => new X509Certificate(certificatePem))
}

export const expired = {notBefore: new Date(Date.now() - 20 * DAY), notAfter: new Date(Date.now() - 10 * DAY)}
export const future = {notBefore: new Date(Date.now() + 10 * DAY), notAfter: new Date(Date.now() + 20 * DAY)}
