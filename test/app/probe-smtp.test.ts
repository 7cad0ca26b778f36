import {beforeAll, describe, expect, test} from 'vitest'
import {issueCertificate} from '../../src/pki/issue.ts'
import {type TestPki, testPki} from '../support/engine.ts'
import type {PeerScript, Talk} from '../support/peer.ts'
import {codesOf, findingOf, probeBench} from '../support/probe.ts'

const ZONE = 'example.mil 60 MX 10 mx1.example.mil\nmx1.example.mil 60 A 127.0.0.2'

let pki: TestPki
let tls: {cert: string; key: string}

beforeAll(async () => {
  pki = await testPki()
  tls = await pki.host()
})

async function look(script: PeerScript, options: {level?: string; timeout?: number; smtps?: boolean} = {}) {
  await using bench = await probeBench(ZONE, [script])
  const result = await bench.probe('example.mil', {
    profile: options.level ?? 'preferred',
    pause: 0,
    timeout: options.timeout ?? 20_000,
    implicitTls: options.smtps ?? false,
    ...(options.smtps && {ports: [bench.port]}),
  })
  return {result, address: result.hosts[0]!.addresses[0]!, connections: bench.peers[0]!.connections}
}

/** Sends the octets of a reply in segments of seven. */
const inSevens =
  (text: string) =>
  ({send}: Talk) => {
    for (const [i, part] of (text.match(/[\s\S]{1,7}/g) ?? []).entries()) setTimeout(() => send(part), i)
  }

describe('why there is no STARTTLS', () => {
  test.each([
    ['XXXXXXXA', '250-peer\r\n250-PIPELINING\r\n250 XXXXXXXA'],
    ['XXXA', '250-peer\r\n250-XXXA\r\n250 SIZE 1000'],
    ['********', '250-peer\r\n250-********\r\n250 8BITMIME'],
  ])('%s is the work of a firewall on the way', async (_filler, ehlo) => {
    const {result, address} = await look({replies: {EHLO: ehlo}}, {level: 'encrypt'})
    expect(findingOf(result, 'starttls-stripped')?.message).toMatch(/a firewall on the way/)
    expect(address.failure).toMatchObject({stage: 'ehlo', code: 'starttls-not-supported'})
    expect(result).toMatchObject({verdict: 'fail', exit: 1})
  })

  test('so is a banner of asterisks', async () => {
    const greeting = '220 ****************************2******0*****'
    expect(codesOf((await look({greeting})).result)).toContain('starttls-stripped')
  })

  test('an offer that is hidden is found out, and not used', async () => {
    const hidden: PeerScript = {tls, replies: {EHLO: '250-peer\r\n250 SIZE 1000'}}
    const {result, address} = await look(hidden, {level: 'encrypt'})
    expect(findingOf(result, 'starttls-hidden')?.message).toContain('220 2.0.0 go ahead')
    expect(address).toMatchObject({tls: null, outcome: {preferred: 'clear', encrypt: 'refused'}})
  })

  test('a host without TLS is asked once more, and left with QUIT', async () => {
    const {result, connections} = await look({})
    expect(connections).toHaveLength(1)
    expect(connections[0]!.lines).toEqual(['EHLO relay.example.org', 'STARTTLS', 'QUIT'])
    expect(codesOf(result)).toEqual(['starttls-not-supported'])
  })

  test.each([
    ['454 4.7.0 TLS not available due to temporary reason', true],
    ['554 5.7.3 no', false],
  ])('STARTTLS answered "%s" is quoted', async (reply, temporary) => {
    const {result, address} = await look({extensions: ['STARTTLS'], replies: {STARTTLS: reply}}, {level: 'encrypt'})
    expect(address.failure).toEqual({
      stage: 'starttls',
      reply,
      alert: null,
      code: 'starttls-refused',
      fix: expect.stringMatching(/./),
      reproduce: `openssl s_client -starttls smtp -connect 127.0.0.2:${address.port} -servername mx1.example.mil -showcerts`,
    })
    expect(codesOf(result).includes('starttls-temporarily-refused')).toBe(temporary)
  })
})

describe('what cannot be looked at now', () => {
  test.each([
    ['421 4.3.2 too busy', 'greeting-deferred'],
    ['450 4.7.1 greylisted', 'greeting-deferred'],
    ['554 5.7.1 go away', 'greeting-refused'],
  ])('a greeting "%s" ends with 75, quoted', async (greeting, code) => {
    const {result, address, connections} = await look({greeting}, {level: 'secure'})
    expect(result).toMatchObject({verdict: 'undetermined', exit: 75})
    expect(address.failure).toMatchObject({stage: 'greeting', reply: greeting, code})
    expect(connections).toHaveLength(1)
  })

  test('silence after the connection', async () => {
    const {result, connections} = await look({greeting: null}, {timeout: 1_500})
    expect(codesOf(result)).toContain('no-greeting')
    expect(result.exit).toBe(75)
    // One look, and one to see whether TLS is spoken there.
    expect(connections).toHaveLength(2)
  })

  test('silence after the banner', async () => {
    const {result, address} = await look({replies: {EHLO: null}}, {timeout: 800})
    expect(address.failure).toMatchObject({stage: 'ehlo', code: 'ehlo-silence'})
    expect(result.exit).toBe(75)
  })

  test('silence after the 220 of STARTTLS', async () => {
    const {address} = await look({extensions: ['STARTTLS'], replies: {STARTTLS: '220 go'}}, {timeout: 800})
    expect(address.failure).toMatchObject({stage: 'handshake', code: 'handshake-silence'})
  })
})

describe('a port that speaks the other way', () => {
  test('TLS from the first octet where STARTTLS is expected', async () => {
    const {result, address} = await look({tls, implicit: true}, {timeout: 3_000})
    expect(findingOf(result, 'tls-on-plain-port')?.hint).toContain('--smtps')
    expect(address.failure).toMatchObject({stage: 'greeting', code: 'tls-on-plain-port'})
  })

  test('SMTP in clear text where TLS is expected', async () => {
    const {result} = await look({greeting: '220 mx1.example.mil ESMTP'}, {smtps: true, level: 'encrypt'})
    expect(findingOf(result, 'plain-smtp-on-tls-port')?.message).toContain('"220 mx1.example.mil ESMTP"')
    expect(result.exit).toBe(1)
  })

  test('SMTP in answer to the ClientHello', async () => {
    const late: PeerScript['replies'] = {
      STARTTLS: ({send, stream}) => {
        send('220 go\r\n')
        stream.removeAllListeners('data').once('data', () => send('500 5.5.1 command not recognised\r\n'))
      },
    }
    const {result} = await look({extensions: ['STARTTLS'], replies: late}, {level: 'encrypt'})
    expect(findingOf(result, 'smtp-in-place-of-tls')?.message).toContain('"500 5.5.1 command not recognised"')
  })
})

describe('manners that are only remarked on', () => {
  test.each<[string, PeerScript, string[]]>([
    ['a banner of several lines', {greeting: '220-welcome\r\n220-to\r\n220 peer ESMTP'}, ['banner-multiline']],
    ['a banner in segments of seven octets', {greeting: inSevens('220 mx1.example.mil ESMTP ready\r\n')}, []],
    ['a banner without ESMTP', {greeting: '220 peer ready'}, ['banner-without-esmtp']],
    ['LF alone', {greeting: ({send}) => send('220 peer ESMTP\n')}, ['bare-line-feed']],
    [
      'a long answer to EHLO',
      {extensions: Array.from({length: 120}, (_, i) => `X-EXTENSION-${i} ${'y'.repeat(20)}`)},
      ['ehlo-giant'],
    ],
    [
      'keywords in lower case, with trailing blanks, in segments of seven octets',
      {replies: {EHLO: inSevens('250-peer\r\n250-size 1000  \r\n250 StartTls   \r\n')}},
      [],
    ],
  ])('%s', async (_what, script, codes) => {
    const {result, address} = await look({tls, ...script})
    expect(address.outcome).toMatchObject({preferred: 'tls'})
    expect(codesOf(result).filter((code) => !/^(certificate|chain)-/.test(code))).toEqual(codes)
  })

  test('HELO, where EHLO is unknown', async () => {
    const {result} = await look({replies: {EHLO: '502 5.5.1 unknown'}})
    expect(codesOf(result)).toEqual(['starttls-not-supported', 'ehlo-refused'])
  })

  test('a greeting that takes its time', async () => {
    const greeting: PeerScript['greeting'] = ({send}) => setTimeout(() => send('220 peer ESMTP\r\n'), 5_200)
    const {result, address} = await look({tls, greeting})
    expect(codesOf(result)).toContain('slow-greeting')
    expect(address.outcome.preferred).toBe('tls')
  }, 20_000)

  test('the time of each stage and of a round trip is told', async () => {
    const {address} = await look({tls})
    expect(Object.keys(address.timings)).toEqual([
      ...['connect', 'greeting', 'ehlo', 'starttls', 'handshake', 'ehloAfterTls'],
    ])
    expect(address.rtt).toBe(address.timings.connect)
  })
})

test('one banner for hosts that it does not name hints at a proxy', async () => {
  const zone = `${ZONE}\nexample.mil 60 MX 20 mx.other.example\nmx.other.example 60 A 127.0.0.3`
  const proxy: PeerScript = {greeting: '220 gateway.local ESMTP'}
  await using bench = await probeBench(zone, [proxy, {...proxy, address: '127.0.0.3'}])
  const finding = findingOf(await bench.probe('example.mil'), 'same-banner-everywhere')
  expect(finding?.message).toContain('"220 gateway.local ESMTP"')
})

describe('a certificate that ends soon', () => {
  test('is named wherever it stands in the chain', async () => {
    const days = (n: number) => new Date(Date.now() + n * 86_400_000)
    const root = await issueCertificate({subject: 'R', ca: true})
    const middle = await issueCertificate({subject: 'Middle', ca: true, issuer: root, notAfter: days(10)})
    const leaf = await issueCertificate({
      subject: 'L',
      dnsNames: ['mx1.example.mil'],
      issuer: middle,
      notAfter: days(9),
    })
    await using bench = await probeBench(ZONE, [
      {tls: {key: leaf.keyPem, cert: leaf.certificatePem + middle.certificatePem}},
    ])
    const soon = async (expiryDays: number) => {
      const {hosts} = await bench.probe('example.mil', {profile: 'encrypt', expiryDays, pause: 0})
      const all = hosts[0]!.addresses[0]!.findings.filter(({code}) => code === 'certificate-expires-soon')
      return all.map(({message}) => message.replace(/, on .*/, ''))
    }
    expect(await soon(21)).toEqual([
      'the certificate of mx1.example.mil (127.0.0.2) expires in 8 days',
      'CN=Middle, in the chain of mx1.example.mil (127.0.0.2) expires in 9 days',
    ])
    expect(await soon(9)).toHaveLength(1)
    expect(await soon(0)).toEqual([])
  })
})
