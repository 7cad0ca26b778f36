import {X509Certificate} from 'node:crypto'
import {describe, expect, test} from 'vitest'
import {bodyOf} from '../../src/pki/describe.ts'
import {type IssueOptions, issueCertificate} from '../../src/pki/issue.ts'

const issued = async (options: Partial<IssueOptions>) => {
  const {certificatePem} = await issueCertificate({
    subject: 'mx1.example.mil',
    dnsNames: ['mx1.example.mil'],
    ...options,
  })
  return new X509Certificate(certificatePem)
}

describe('a certificate that is issued to be wrong', () => {
  test('has the weak key or the weak signature that was asked for', async () => {
    const {publicKey} = await issued({key: 'rsa-1024'})
    expect(publicKey.asymmetricKeyDetails?.modulusLength).toBe(1024)
    // RFC 5758 §3.2 numbers ecdsa-with-SHA1 1.2.840.10045.4.1.
    expect((await issued({hash: 'SHA-1'})).raw.includes(Buffer.from('06072a8648ce3d0401', 'hex'))).toBe(true)
    expect((await issued({})).raw.includes(Buffer.from('06072a8648ce3d0401', 'hex'))).toBe(false)
  })

  test('has the path length, the purposes and the extension that were asked for', async () => {
    const purposes = ['1.3.6.1.5.5.7.3.2']
    const extensions = [{oid: '1.3.6.1.4.1.32473.1', critical: true, value: Buffer.of(0x05, 0x00)}]
    expect(bodyOf(await issued({ca: true, pathLength: 0})).pathLength).toBe(0)
    expect(bodyOf(await issued({ca: true})).pathLength).toBeNull()
    expect(bodyOf(await issued({purposes})).purposes).toEqual(purposes)
    expect(bodyOf(await issued({extensions})).critical).toContain('1.3.6.1.4.1.32473.1')
  })
})
