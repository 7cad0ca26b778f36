import {X509Certificate} from 'node:crypto'
import {beforeAll, describe, expect, test} from 'vitest'
import {trustAnchors} from '../../src/pki/anchors.ts'
import {explainChain} from '../../src/pki/explain.ts'
import {type IssuedCertificate, issueCertificate} from '../../src/pki/issue.ts'
import {opensslError} from '../../src/pki/openssl-error.ts'
import {verifyUnder} from '../../src/pki/verify.ts'
import {authorities, expired, future, issuerOf, MX, parse, pemOf} from '../support/authorities.ts'
import {handshake} from '../support/handshake.ts'

type Pki = Awaited<ReturnType<typeof authorities>>

let example: Pki
let other: Pki
let leaf: IssuedCertificate

beforeAll(async () => {
  example = await authorities('Example')
  other = await authorities('Other')
  leaf = await example.leaf()
})

/** The handshake of a server that shows these, leaf first, and our two readings of it. */
async function look(presented: IssuedCertificate[], trusted: IssuedCertificate[]) {
  const verdict = await handshake(
    {chain: pemOf(...presented), key: presented[0]!.keyPem},
    trusted.map((t) => pemOf(t)),
  )
  const anchors = trustAnchors({imported: trusted.map((t) => pemOf(t)), system: false})
  const chain = parse(...presented)
  const {authorized, error} = verdict
  const explanation = explainChain(chain, anchors, {trusted: authorized, error})
  return {verdict, explanation, reading: verifyUnder(chain, anchors, Date.now())}
}

function agrees({verdict, reading}: Awaited<ReturnType<typeof look>>): void {
  expect(reading).toEqual({trusted: verdict.authorized, error: verdict.error, by: 'explanation'})
}

describe('a chain that is trusted', () => {
  test('is said to end at its anchor', async () => {
    const seen = await look([leaf, example.intermediate], [example.root])
    agrees(seen)
    expect(seen.explanation).toEqual({
      summary: 'the chain ends at the trust anchor CN=Example Root,O=Example',
      missing: [],
      anchor: 'CN=Example Root,O=Example',
    })
  })

  test('is remarked upon when it is out of order, has strangers in it, or brings its root', async () => {
    const seen = await look([leaf, example.root, example.intermediate, other.root], [example.root])
    agrees(seen)
    expect(seen.explanation.summary).toMatch(/wrong order.*1 more that do not belong.*the root too/)
  })

  test('may be completed by an intermediate that was imported', async () => {
    agrees(await look([leaf], [example.root, example.intermediate]))
  })
})

describe('a chain that is not trusted', () => {
  test('because the peer forgot its intermediate is its fault, and says which one', async () => {
    const seen = await look([leaf], [example.root])
    agrees(seen)
    expect(seen.verdict.error).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    expect(seen.explanation.missing).toMatchObject([{issuer: 'CN=Example Intermediate,O=Example', fault: 'peer'}])
    expect(seen.explanation.missing[0]?.keyId).toMatch(/^[0-9a-f]{40}$/)
    expect(seen.explanation.summary).toMatch(
      /^the peer does not send its intermediate CN=Example Intermediate,O=Example/,
    )
  })

  test('because the peer sent the root and not what leads to it is its fault, whatever the names', async () => {
    const root = await issueCertificate({subject: 'one', ca: true})
    const between = await issueCertificate({subject: 'two', ca: true, issuer: issuerOf(root)})
    const end = await issueCertificate({subject: MX, dnsNames: [MX], issuer: issuerOf(between)})
    const seen = await look([end, root], [root])
    agrees(seen)
    expect(seen.explanation.missing).toMatchObject([{issuer: 'CN=two', fault: 'peer'}])
  })

  test('because our trust store lacks the root is ours', async () => {
    const seen = await look([leaf, example.intermediate], [other.root])
    agrees(seen)
    expect(seen.verdict.error).toBe('UNABLE_TO_GET_ISSUER_CERT_LOCALLY')
    expect(seen.explanation.missing).toMatchObject([{issuer: 'CN=Example Root,O=Example', fault: 'local'}])
    expect(seen.explanation.summary).toMatch(/^the trust anchors lack CN=Example Root/)
  })

  test('because only the intermediate was imported is ours', async () => {
    const seen = await look([leaf], [example.intermediate])
    agrees(seen)
    expect(seen.explanation.missing).toMatchObject([{issuer: 'CN=Example Root,O=Example', fault: 'local'}])
  })

  test('and brings its own root is whole but unknown here', async () => {
    const seen = await look([leaf, example.intermediate, example.root], [other.root])
    agrees(seen)
    expect(seen.verdict.error).toBe('SELF_SIGNED_CERT_IN_CHAIN')
    expect(seen.explanation.missing).toMatchObject([{issuer: 'CN=Example Root,O=Example', fault: 'local'}])
    expect(seen.explanation.summary).toContain('is not among the trust anchors')
  })

  test('and could lack a root as well as an intermediate is said to be undecided', async () => {
    const seen = await look([leaf], [other.root])
    agrees(seen)
    expect(seen.explanation.missing).toMatchObject([{fault: 'unknown'}])
    expect(seen.explanation.summary).toContain('if it is a root, import it; if not, the peer must send it')
  })

  test('because a leaf signed itself lacks nobody', async () => {
    const seen = await look([await issueCertificate({subject: MX, dnsNames: [MX]})], [example.root])
    agrees(seen)
    expect(seen.explanation).toMatchObject({missing: [], anchor: null})
    expect(seen.explanation.summary).toContain('self-signed')
  })

  test('because somebody else uses the name of our CA is not taken for a missing certificate', async () => {
    const impostor = await authorities('Example')
    const seen = await look([await impostor.leaf(), impostor.intermediate], [example.root])
    agrees(seen)
    expect(seen.explanation.summary).toMatch(/has another key and did not sign it/)
    expect(seen.explanation.summary).toContain('somebody else uses its name')
  })

  test('because a certificate was altered after it had been signed says that, and blames no other key', async () => {
    const der = Buffer.from(parse(leaf)[0]!.raw)
    der[der.length - 1]! ^= 1
    const forged = {...leaf, certificatePem: new X509Certificate(der).toString()}
    const seen = await look([forged, example.intermediate], [example.root])
    agrees(seen)
    expect(seen.explanation).toMatchObject({missing: [], anchor: null})
    expect(seen.explanation.summary).toMatch(/^the signature of CN=mx1\.example\.mil.* does not fit the key of CN=/)
    expect(seen.explanation.summary).not.toMatch(/another key|do not belong/)
  })

  test('because of a critical extension that nobody knows names it', async () => {
    const extensions = [{oid: '1.3.6.1.4.1.32473.1', critical: true, value: Buffer.of(5, 0)}]
    const seen = await look([await example.leaf({extensions}), example.intermediate], [example.root])
    agrees(seen)
    expect(seen.explanation.summary).toContain('critical extension that OpenSSL does not know (1.3.6.1.4.1.32473.1)')
  })

  test.each([
    ['leaf', 'expired', expired],
    ['leaf', 'valid', future],
    ['intermediate', 'expired', expired],
    ['trust anchor', 'expired', expired],
  ] as const)('because the %s is not valid today names it', async (role, word, dates) => {
    const root = role === 'trust anchor' ? (await authorities('Old', dates)).root : example.root
    const issuer = issuerOf(root)
    const between = await issueCertificate({
      ...{subject: 'Between', ca: true, issuer},
      ...(role === 'intermediate' ? dates : {}),
    })
    const options = {subject: MX, dnsNames: [MX], issuer: issuerOf(between)}
    const end = await issueCertificate(role === 'leaf' ? {...options, ...dates} : options)
    const seen = await look([end, between], [root])
    agrees(seen)
    expect(seen.explanation.summary).toMatch(new RegExp(`the ${role} CN=.*${word}`))
  })

  test('because its issuer is a leaf says so', async () => {
    const end = await issueCertificate({subject: MX, dnsNames: [MX], issuer: issuerOf(leaf)})
    const seen = await look([end, leaf, example.intermediate], [example.root])
    agrees(seen)
    expect(seen.explanation.summary).toContain('CN=mx1.example.mil issued a certificate but is not a CA')
  })

  test('and out of date at that tells both', async () => {
    const seen = await look([await example.leaf(expired)], [example.root])
    agrees(seen)
    expect(seen.explanation.summary).toMatch(/expired on .*; the peer does not send its intermediate/)
  })

  test('for a reason that this reading does not know is left to OpenSSL', () => {
    const anchors = trustAnchors({imported: [pemOf(example.root)], system: false})
    const verdict = {trusted: false, error: 'CERT_REVOKED'}
    const {summary, anchor} = explainChain(parse(leaf, example.intermediate), anchors, verdict)
    expect(summary).toMatch(/^a certificate is revoked \(CERT_REVOKED\), although .*OpenSSL has the last word$/)
    expect(anchor).toBe('CN=Example Root,O=Example')
  })

  test('because nothing was presented is no riddle', () => {
    const anchors = trustAnchors({imported: [], system: false})
    expect(explainChain([], anchors, {trusted: false, error: null}).summary).toBe('the peer presented no certificate')
    expect(verifyUnder([], anchors, Date.now()).trusted).toBe(false)
  })
})

describe('a reading under other anchors', () => {
  test('minds which side of TLS a certificate is for, and the time it is asked about', () => {
    const anchors = trustAnchors({imported: [pemOf(example.root)], system: false})
    const chain = parse(leaf, example.intermediate)
    expect(verifyUnder(chain, anchors, Date.now(), 'client').trusted).toBe(true)
    expect(verifyUnder(chain, anchors, Date.now() + 800 * 86_400_000).error).toBe('CERT_HAS_EXPIRED')
  })

  test('ends for certificates that sign each other in circles', async () => {
    const a = await issueCertificate({subject: 'A', ca: true})
    const b = await issueCertificate({subject: 'B', ca: true})
    const ab = await issueCertificate({subject: 'A', ca: true, keyPem: a.keyPem, issuer: issuerOf(b)})
    const ba = await issueCertificate({subject: 'B', ca: true, keyPem: b.keyPem, issuer: issuerOf(a)})
    const end = await issueCertificate({subject: MX, dnsNames: [MX], issuer: issuerOf(ab)})
    agrees(await look([end, ab, ba], [example.root]))
  })
})

describe('trust anchors', () => {
  test('are the same object for equal options, whatever the order of the files', () => {
    const one = trustAnchors({imported: [pemOf(example.root), pemOf(other.root)], system: false})
    const two = trustAnchors({imported: [pemOf(other.root, example.root)], system: false})
    expect(two).toBe(one)
    expect(trustAnchors({imported: [pemOf(example.root)], system: false}).id).not.toBe(one.id)
  })

  test("add the system's store, or Node's list where there is none", () => {
    const {certificates} = trustAnchors({imported: [pemOf(example.root)], system: true})
    expect(certificates.length).toBeGreaterThan(50)
    expect(new Set(certificates).size).toBe(certificates.length)
  })
})

test('an error of OpenSSL has a plain sentence, an unknown one its own name', () => {
  expect(opensslError('CERT_HAS_EXPIRED')).toBe('a certificate has expired')
  expect(opensslError('NEW_ONE')).toBe('OpenSSL says NEW_ONE')
})
