import fc from 'fast-check'
import {beforeAll, describe, expect, test} from 'vitest'
import {ocspResponse as labResponse} from '../../src/lab/ocsp-response.ts'
import {type IssuedCertificate, issueCertificate} from '../../src/pki/issue.ts'
import {readOcsp} from '../../src/pki/ocsp.ts'
import {authorities, issuerOf, parse} from '../support/authorities.ts'
import {ocspResponse} from '../support/ocsp.ts'

let issuer: IssuedCertificate
let leaf: IssuedCertificate
let other: IssuedCertificate

beforeAll(async () => {
  const pki = await authorities('Example')
  issuer = pki.intermediate
  leaf = await pki.leaf()
  other = await pki.leaf()
})

const read = (der: Buffer, now?: number) => {
  const [certificate, by] = parse(leaf, issuer)
  return readOcsp(der, certificate!, by!, now)
}

describe('a response that OpenSSL made', () => {
  test('says good, until when, and is signed by the issuer', () => {
    const answer = read(ocspResponse({leaf, issuer, state: 'good'}))
    expect(answer).toMatchObject({status: 'good', stale: false, signed: true, revokedAt: null})
    expect(Date.parse(answer.nextUpdate!) - Date.parse(answer.thisUpdate!)).toBe(3_600_000)
  })

  test('says revoked, and since when', () => {
    expect(read(ocspResponse({leaf, issuer, state: 'revoked'}))).toMatchObject({
      ...{status: 'revoked', signed: true, stale: false},
      revokedAt: '2026-01-01T00:00:00.000Z',
    })
  })

  test('says that nobody knows it', () => {
    expect(read(ocspResponse({leaf, issuer, state: 'unknown'}))).toMatchObject({status: 'unknown', signed: true})
  })

  test('is stale once its time is over, or before it began; revoked stays revoked', () => {
    const later = Date.now() + 2 * 3_600_000
    const good = ocspResponse({leaf, issuer, state: 'good'})
    expect(read(good, later)).toMatchObject({status: 'good', stale: true})
    expect(read(good, Date.now() - 3_600_000)).toMatchObject({stale: true})
    expect(read(ocspResponse({leaf, issuer, state: 'revoked'}), later)).toMatchObject({stale: false})
  })

  test('carries SCTs or not', () => {
    expect(read(ocspResponse({leaf, issuer, state: 'good'}))).toMatchObject({scts: false})
    const {certificatePem} = leaf
    const made = labResponse({certificatePem, issuer, state: 'good', scts: true})
    expect(read(made)).toMatchObject({status: 'good', signed: true, scts: true})
  })

  test('of another certificate is told as that', () => {
    expect(read(ocspResponse({leaf: other, issuer, state: 'revoked'}))).toMatchObject({status: 'other'})
  })
})

describe('who signed it', () => {
  test('a responder that the issuer made one counts, another one does not', async () => {
    const purposes = ['1.3.6.1.5.5.7.3.9']
    const responder = await issueCertificate({subject: 'Responder', issuer: issuerOf(issuer), purposes})
    const stranger = await issueCertificate({subject: 'Stranger', issuer: issuerOf(issuer)})
    expect(read(ocspResponse({leaf, issuer, state: 'good', signer: responder}))).toMatchObject({signed: true})
    expect(read(ocspResponse({leaf, issuer, state: 'revoked', signer: stranger}))).toMatchObject({signed: false})
  })

  test('an octet that was altered spoils the signature', () => {
    const der = ocspResponse({leaf, issuer, state: 'good'})
    const at = der.indexOf(Buffer.from([0x18, 0x0f])) + 5
    der[at]! ^= 1
    expect(read(der)).toMatchObject({signed: false})
  })

  test('without the issuer nobody can tell', () => {
    const [certificate] = parse(leaf)
    expect(readOcsp(ocspResponse({leaf, issuer, state: 'good'}), certificate!, null)).toMatchObject({signed: false})
  })
})

test('octets that are no response are unreadable, and never an error', () => {
  const whole = ocspResponse({leaf, issuer, state: 'good'})
  expect(read(Buffer.from([0x30, 3, 0x0a, 1, 6]))).toMatchObject({status: 'unreadable'})
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, octet) => {
      const changed = Buffer.from(whole)
      changed[at] = octet
      read(changed)
      read(whole.subarray(0, at))
    }),
    {numRuns: 300},
  )
})
