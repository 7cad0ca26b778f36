import {X509Certificate} from 'node:crypto'
import {rootCertificates} from 'node:tls'
import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {trustAnchors} from '../../src/pki/anchors.ts'
import {describeCertificate} from '../../src/pki/describe.ts'
import {explainChain} from '../../src/pki/explain.ts'
import {matchesIdentifier} from '../../src/pki/identifiers.ts'
import {issueCertificate} from '../../src/pki/issue.ts'
import {verifyUnder} from '../../src/pki/verify.ts'
import {authorities, issuerOf} from '../support/authorities.ts'

const facts = (pem: string) => describeCertificate(Buffer.from(pem))

describe('the facts of a certificate', () => {
  test('come out of every damaged certificate that OpenSSL still takes', async () => {
    const {leaf, root} = await authorities()
    const der = new X509Certificate((await leaf({aia: ['http://ca.example']})).certificatePem).raw
    const anchors = trustAnchors({imported: [root.certificatePem], system: false})
    const place = fc.tuple(fc.nat(der.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(place, {minLength: 1, maxLength: 3}), (changes) => {
        const damaged = Buffer.from(der)
        for (const [at, octet] of changes) damaged[at] = octet
        const certificate = accepted(damaged)
        if (!certificate) return
        expect(describeCertificate(certificate).sha256).toHaveLength(64)
        expect(verifyUnder([certificate], anchors, Date.now()).trusted).toBe(false)
        expect(explainChain([certificate], anchors, {trusted: false, error: 'CERT_REJECTED'}).summary).not.toBe('')
      }),
      {numRuns: 2000},
    )
  })

  test('name subject, issuer, names, key, key identifiers and where the issuer is published', async () => {
    const {intermediate, leaf} = await authorities()
    const options = {organization: 'Mail', ipAddresses: ['192.0.2.1', '2001:db8::1'], aia: ['http://ca.example/i.der']}
    const issued = await leaf({...options, key: 'rsa-2048', notBefore: new Date('2026-01-02T03:04:05Z')})
    expect(facts(issued.certificatePem)).toMatchObject({
      subject: 'CN=mx1.example.mil,O=Mail',
      issuer: 'CN=Example Intermediate,O=Example',
      notBefore: '2026-01-02T03:04:05.000Z',
      notAfter: '2027-01-02T03:04:05.000Z',
      dnsNames: ['mx1.example.mil'],
      ipAddresses: ['192.0.2.1', '2001:db8::1'],
      key: 'rsa-2048',
      isCa: false,
      selfSigned: false,
      authorityKeyId: facts(intermediate.certificatePem).keyId,
      aia: ['http://ca.example/i.der'],
    })
    expect(facts(intermediate.certificatePem)).toMatchObject({isCa: true, selfSigned: false, key: 'ec-256'})
  })

  test('agree with what OpenSSL reads in every root that Node brings along', () => {
    for (const pem of rootCertificates) {
      const [certificate, described] = [new X509Certificate(pem), facts(pem)]
      expect(described.sha256).toBe(certificate.fingerprint256.replaceAll(':', '').toLowerCase())
      expect(described.selfSigned).toBe(true)
      const commonName = /^CN=(.*)$/m.exec(certificate.subject)?.[1]
      if (commonName && /^[\w .-]+$/.test(commonName)) expect(described.subject).toContain(`CN=${commonName}`)
    }
  })

  test('show a NUL in a name instead of ending there, and the name then matches nothing', async () => {
    const issued = await issueCertificate({subject: 'mx1.example.mil\0.evil', dnsNames: ['mx1.example.mil\0.evil']})
    const {subject, dnsNames} = facts(issued.certificatePem)
    expect(subject).toBe('CN=mx1.example.mil\\00.evil')
    expect(dnsNames).toEqual(['mx1.example.mil\\x00.evil'])
    expect(dnsNames.some((name) => matchesIdentifier(name, 'mx1.example.mil'))).toBe(false)
  })

  test('escape what would be read as another attribute, or move the cursor, or turn the text round', async () => {
    const issued = await issueCertificate({subject: 'a,O=Bank+x"\x1b[2J\u202e', organization: ' #lead '})
    expect(facts(issued.certificatePem).subject).toBe('CN=a\\,O=Bank\\+x\\"\\1b[2J\\e2\\80\\ae,O=\\ #lead\\ ')
  })

  test('tell a certificate that only claims to be self-signed from one that is', async () => {
    const [own, other] = [await issueCertificate({subject: 'same'}), await issueCertificate({subject: 'same'})]
    const claimed = await issueCertificate({subject: 'same', issuer: issuerOf(other)})
    expect(facts(own.certificatePem).selfSigned).toBe(true)
    expect(facts(claimed.certificatePem).selfSigned).toBe(false)
  })
})

function accepted(der: Buffer): X509Certificate | null {
  try {
    return new X509Certificate(der)
  } catch {
    return null
  }
}
