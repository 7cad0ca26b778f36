import {beforeAll, describe, expect, test} from 'vitest'
import {trustAnchors} from '../../src/pki/anchors.ts'
import {chainDefects} from '../../src/pki/defects.ts'
import {type IssuedCertificate, type IssueOptions, issueCertificate} from '../../src/pki/issue.ts'
import {authorities, expired, future, issuerOf, MX, parse, pemOf} from '../support/authorities.ts'
import {der} from '../support/der.ts'

type Pki = Awaited<ReturnType<typeof authorities>>

let example: Pki
let other: Pki
let leaf: IssuedCertificate

beforeAll(async () => {
  example = await authorities('Example')
  other = await authorities('Other')
  leaf = await example.leaf()
})

function defects(presented: IssuedCertificate[], trusted: IssuedCertificate[]) {
  const anchors = trustAnchors({imported: trusted.map((one) => pemOf(one)), system: false})
  return chainDefects(parse(...presented), anchors, Date.now())
}

async function between(options: Partial<IssueOptions>) {
  const authority = await issueCertificate({subject: 'Between', ca: true, issuer: issuerOf(example.root), ...options})
  const end = await issueCertificate({subject: MX, dnsNames: [MX], issuer: issuerOf(authority)})
  return [end, authority]
}

const kinds = (found: ReturnType<typeof defects>) => found.map(({kind, depth}) => [kind, depth])

test('a chain in order has none', () => {
  expect(defects([leaf, example.intermediate], [example.root])).toEqual([])
})

test('nothing presented has none', () => {
  expect(defects([], [example.root])).toEqual([])
})

describe('the way it was sent', () => {
  test('wrong order, strangers and the root are three things', () => {
    const found = defects([leaf, example.root, example.intermediate, other.root], [example.root])
    expect(kinds(found)).toEqual([
      ['wrong-order', null],
      ['unrelated-certificate', null],
      ['root-sent', null],
    ])
    expect(found[1]?.detail).toBe('CN=Other Root,O=Other')
  })

  test('what is sent twice does not belong to the chain', () => {
    expect(kinds(defects([leaf, example.intermediate, example.intermediate], [example.root]))).toEqual([
      ['unrelated-certificate', null],
    ])
  })
})

describe('the end of it', () => {
  test('an intermediate that was forgotten is not a root that lacks', () => {
    expect(kinds(defects([leaf], [example.root]))).toEqual([['missing-intermediate', 0]])
    expect(kinds(defects([leaf, example.intermediate], [other.root]))).toEqual([['unknown-root', 1]])
    expect(kinds(defects([leaf, example.intermediate, example.root], [other.root]))).toEqual([['unknown-root', 2]])
    expect(kinds(defects([leaf], [other.root]))).toEqual([['missing-issuer', 0]])
  })

  test('a leaf that signed itself lacks nobody', async () => {
    const alone = await issueCertificate({subject: MX, dnsNames: [MX]})
    expect(kinds(defects([alone], [example.root]))).toEqual([['self-signed-leaf', 0]])
  })

  test('the right name with another key is neither', async () => {
    const impostor = await authorities('Example')
    expect(kinds(defects([await impostor.leaf(), impostor.intermediate], [example.root]))).toContainEqual([
      'same-name-other-key',
      1,
    ])
  })
})

describe('each certificate of it', () => {
  test.each([
    ['expired', expired],
    ['not-yet-valid', future],
  ] as const)('%s is told with its depth', async (kind, dates) => {
    expect(kinds(defects([await example.leaf(dates), example.intermediate], [example.root]))).toEqual([[kind, 0]])
    expect(kinds(defects(await between(dates), [example.root]))).toEqual([[kind, 1]])
    const old = await authorities('Old', dates)
    expect(kinds(defects([await old.leaf(), old.intermediate], [old.root]))).toEqual([
      [kind, 1],
      [kind, 2],
    ])
  })

  test('weak keys and weak signatures', async () => {
    const [end, small] = await between({key: 'rsa-1024'})
    expect(defects([end!, small!], [example.root])).toMatchObject([
      {kind: 'key-weak', depth: 1, role: 'intermediate', detail: 'RSA of 1024 bits'},
    ])
    const signed = await example.leaf({hash: 'SHA-1'})
    expect(defects([signed, example.intermediate], [example.root])).toMatchObject([{kind: 'signature-weak', depth: 0}])
  })

  test('a root is not judged by its own signature', async () => {
    const old = await authorities('Old', {hash: 'SHA-1'})
    const found = defects([await old.leaf({hash: 'SHA-256'}), old.intermediate], [old.root])
    expect(kinds(found)).toEqual([['signature-weak', 1]])
  })

  test('an issuer that is no CA', async () => {
    expect(kinds(defects(await between({ca: false}), [example.root]))).toContainEqual(['not-a-ca', 1])
  })

  test('more intermediates than allowed', async () => {
    const upper = await issueCertificate({subject: 'Upper', ca: true, issuer: issuerOf(example.root), pathLength: 0})
    const lower = await issueCertificate({subject: 'Lower', ca: true, issuer: issuerOf(upper)})
    const end = await issueCertificate({subject: MX, dnsNames: [MX], issuer: issuerOf(lower)})
    expect(defects([end, lower, upper], [example.root])).toMatchObject([
      {kind: 'path-length', depth: 2, detail: 'allows 0, has 1'},
    ])
  })

  test.each([
    ['permitted', 'other.example', [MX]],
    ['permitted', 'xample.mil', [MX]],
    ['permitted', 'example.mil', []],
    ['permitted', '.example.mil', []],
    ['excluded', 'example.mil', [MX]],
    ['excluded', 'other.example', []],
  ] as const)('a CA with %s names below %s', async (part, name, forbidden) => {
    const limits = [{oid: '2.5.29.30', critical: true, value: nameConstraints(part, name)}]
    const found = defects(await between({extensions: limits}), [example.root])
    expect(found.map(({kind, detail}) => [kind, detail])).toEqual(forbidden.map((one) => ['name-constraints', one]))
  })

  test('a leaf that is not made for servers', async () => {
    const found = defects([await example.leaf({purposes: ['1.3.6.1.5.5.7.3.4']}), example.intermediate], [example.root])
    expect(found).toMatchObject([{kind: 'extended-key-usage', depth: 0, detail: 'emailProtection'}])
  })
})

// RFC 5280 §4.2.1.10: permittedSubtrees [0] or excludedSubtrees [1] of one dNSName [2].
function nameConstraints(part: 'permitted' | 'excluded', name: string): Buffer {
  return der(0x30, der(part === 'permitted' ? 0xa0 : 0xa1, der(0x30, der(0x82, Buffer.from(name, 'latin1')))))
}
