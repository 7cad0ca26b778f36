import {afterEach, beforeAll, describe, expect, test} from 'vitest'
import {MailAddress} from '../../src/mail/address.ts'
import {openMailPath} from '../../src/path/open.ts'
import type {MailPath, PathEvent, PathRequest, PathWorld} from '../../src/path/path.ts'
import type {AttemptEvidence} from '../../src/policy/evidence.ts'
import type {EffectiveProfile, Level} from '../../src/policy/profile.ts'
import {engineWorld, profileWith, requestFor, type TestPki, testPki} from '../support/engine.ts'
import {expectNoLeak, openSockets} from '../support/handles.ts'
import {type Answer, type Peer, type PeerScript, peer} from '../support/peer.ts'
import {type ZoneServer, zoneServer} from '../support/zone.ts'

const ZONE = `
  example.mil     60 MX 10 mx1.example.mil
  mx1.example.mil 60 A  127.0.0.1
`

let pki: TestPki
let dns: ZoneServer
let hosts: Peer[] = []
let paths: MailPath[] = []
let events: PathEvent[] = []

beforeAll(async () => {
  pki = await testPki()
})

afterEach(async () => {
  for (const path of paths) if (path.status === 'open') path.session.destroy()
  for (const host of hosts) await host.stop()
  await dns.stop()
  hosts = []
  paths = []
  events = []
})

interface Setting {
  zone?: string
  profile?: Partial<EffectiveProfile>
  request?: Partial<PathRequest>
  world?: Partial<PathWorld>
  roots?: TestPki['root'][]
}

/** Opens the path to example.mil with peers that play these scripts, all on one port. */
async function open(level: Level, scripts: PeerScript[], setting: Setting = {}): Promise<MailPath> {
  dns = await zoneServer(setting.zone ?? ZONE)
  for (const script of scripts) hosts.push(await peer({port: hosts[0]?.port ?? 0, ...script}))
  const profile = profileWith(setting.roots ?? [pki.root], level, setting.profile)
  const world = engineWorld(dns.address, hosts[0]?.port ?? 1, setting.world)
  const path = await openMailPath(world, requestFor('example.mil', profile, setting.request), (event) => {
    events.push(event)
  })
  paths.push(path)
  return path
}

/** How it went at each address, in one word. */
const outcomes = (path: MailPath) => path.verdict.attempts.map(({outcome}) => outcome)
const only = (path: MailPath): AttemptEvidence => path.evidence.attempts[0]!
const codes = (path: MailPath) => path.verdict.attempts.flatMap(({findings}) => findings.map(({code}) => code))

describe('a relay among the mail hosts', () => {
  const zone = `
    example.mil     60 MX 5  mx0.example.mil
    example.mil     60 MX 10 mx1.example.mil
    example.mil     60 MX 10 mx2.example.mil
    example.mil     60 MX 20 mx3.example.mil
    mx0.example.mil 60 A  127.0.0.1
    mx1.example.mil 60 A  127.0.0.2
    mx2.example.mil 60 A  127.0.0.3
    mx3.example.mil 60 A  127.0.0.4
  `
  const ourName = (own: string) => ({isSelf: ({name}: {name: string}) => name === own})
  const busy = {greeting: '421 4.3.2 busy'}

  test('goes on to preferred hosts only: neither to itself nor to any that is no better', async () => {
    const scripts = ['1', '2', '3', '4'].map((n) => ({...busy, address: `127.0.0.${n}`}))
    const path = await open('preferred', scripts, {zone, world: ourName('mx1.example.mil')})
    expect(path.evidence.attempts.map(({host}) => host)).toEqual(['mx0.example.mil'])
    expect(path.verdict).toMatchObject({fate: 'deferred', status: '4.4.2', findings: []})
    const passed = Object.fromEntries(path.evidence.route.hosts.map(({name, passedOver}) => [name, passedOver]))
    expect(passed).toEqual({
      'mx0.example.mil': undefined,
      'mx1.example.mil': 'ourselves',
      'mx2.example.mil': 'behind-ourselves',
      'mx3.example.mil': 'behind-ourselves',
    })
  })

  test('that is the best of them returns the mail, and dials nobody', async () => {
    const path = await open('preferred', [], {zone, world: ourName('mx0.example.mil')})
    expect(path).toMatchObject({status: 'closed', evidence: {attempts: []}})
    expect(path.verdict).toMatchObject({
      fate: 'bounced',
      status: '5.4.6',
      findings: [{code: 'mail-loop', severity: 'error'}],
    })
  })

  test('finds itself by the address and port as well', async () => {
    const isSelf: PathWorld['isSelf'] = ({addresses}) => addresses.includes('127.0.0.1')
    expect((await open('preferred', [], {zone, world: {isSelf}})).verdict.status).toBe('5.4.6')
  })

  test('is looked at by the probe like any other host', async () => {
    const path = await open('preferred', [{}], {zone: ZONE, world: ourName('mx1.example.mil'), request: {visit: 'all'}})
    expect(path.evidence.attempts).toHaveLength(1)
  })

  test('is dialled where a static route says so', async () => {
    const route = {host: 'mx1.example.mil'}
    const path = await open('preferred', [{}], {zone: ZONE, world: ourName('mx1.example.mil'), request: {route}})
    expect(path.status).toBe('open')
  })
})

describe('a good host', () => {
  test('is reached over verified TLS at secure, and takes a message there', async () => {
    const path = await open('secure', [{tls: await pki.host()}])
    expect(path).toMatchObject({status: 'open', verdict: {fate: 'delivered'}, attemptVerdict: {outcome: 'verified'}})
    if (path.status !== 'open') throw new Error('closed')
    const sent = await path.session.send({
      reversePath: MailAddress.parse('sender@example.org'),
      options: {},
      recipients: [{address: MailAddress.parse('a@example.mil'), options: {}}],
      async *body() {
        yield Buffer.from('Subject: hello\r\n\r\n.\r\n')
      },
    })
    expect(sent.recipients[0]).toMatchObject({accepted: true, reply: {code: 250}})
    await path.session.quit()
    expect(hosts[0]!.connections).toEqual([
      {
        lines: [
          'EHLO relay.example.org',
          'STARTTLS',
          '<SNI mx1.example.mil>',
          '<TLS>',
          'EHLO relay.example.org',
          'MAIL FROM:<sender@example.org>',
          'RCPT TO:<a@example.mil>',
          'DATA',
          'QUIT',
        ],
        messages: ['Subject: hello\r\n\r\n..\r\n'],
      },
    ])
  })

  test('leaves complete evidence', async () => {
    const path = await open('secure', [{tls: await pki.host()}])
    const {handshake, ...rest} = only(path)
    expect(rest).toMatchObject({
      host: 'mx1.example.mil',
      preference: 10,
      address: '127.0.0.1',
      mode: 'starttls',
      reach: {status: 'reached'},
      banner: '220 peer ESMTP',
      extensions: {clear: ['PIPELINING', 'STARTTLS'], secure: ['PIPELINING']},
      starttls: {advertised: true, accepted: true, reply: null, injected: false},
      failedAttempts: 0,
      fallback: false,
    })
    expect(Object.keys(rest.timings)).toEqual(['connect', 'greeting', 'ehlo', 'starttls', 'handshake', 'ehloAfterTls'])
    if (handshake?.status !== 'completed') throw new Error('no handshake')
    expect(handshake).toMatchObject({
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      bits: 256,
      group: 'X25519MLKEM768',
      serverName: 'mx1.example.mil',
    })
    expect(Object.values(handshake.verification)).toEqual([{trusted: true, error: null, by: 'handshake'}])
    expect(handshake.built.map(({subject}) => subject)).toEqual([
      'CN=mail host',
      'CN=Test intermediate',
      'CN=Test root',
    ])
    expect(handshake.explanation).toMatchObject({missing: [], anchor: 'CN=Test root'})
    expect(JSON.parse(JSON.stringify(path.evidence))).toEqual(path.evidence)
  })

  test('is told of step by step', async () => {
    await open('secure', [{tls: await pki.host()}])
    expect(events.map(({type}) => type)).toEqual(['located', 'dialling', 'greeted', 'upgraded', 'attempted'])
  })

  test('forgets inside TLS what was announced in clear text', async () => {
    let asked = 0
    const EHLO: Answer = ({send}) => send(`250-peer\r\n250-STARTTLS\r\n250 X-${++asked}\r\n`)
    const path = await open('secure', [{tls: await pki.host(), replies: {EHLO}}])
    if (path.status !== 'open') throw new Error('closed')
    expect(only(path).extensions).toEqual({clear: ['STARTTLS', 'X-1'], secure: ['STARTTLS', 'X-2']})
    expect([...path.session.extensions.keys()]).toEqual(['STARTTLS', 'X-2'])
  })

  test('speaks TLS 1.2 with a cipher named by IANA', async () => {
    const tls = {...(await pki.host()), maxVersion: 'TLSv1.2' as const, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256'}
    const path = await open('secure', [{tls}])
    expect(only(path).handshake).toMatchObject({
      version: 'TLSv1.2',
      cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      bits: 128,
      group: 'X25519',
    })
  })

  test('on the implicit-TLS port is greeted inside TLS', async () => {
    const path = await open('secure', [{tls: await pki.host(), implicit: true}], {request: {implicitTls: true}})
    expect(path.status).toBe('open')
    expect(only(path)).toMatchObject({mode: 'implicit', banner: '220 peer ESMTP', extensions: {clear: []}})
    expect(hosts[0]!.connections[0]!.lines).toEqual(['<SNI mx1.example.mil>', '<TLS>', 'EHLO relay.example.org'])
  })

  test('reached by its address gets no SNI', async () => {
    const path = await open('encrypt', [{tls: await pki.host()}], {request: {route: {host: '127.0.0.1'}}})
    expect(path.status).toBe('open')
    expect(only(path).handshake).toMatchObject({serverName: null})
    expect(hosts[0]!.connections[0]!.lines.filter((line) => line.startsWith('<'))).toEqual(['<TLS>'])
  })
})

describe('levels', () => {
  test('none does not send STARTTLS', async () => {
    const path = await open('none', [{tls: await pki.host()}])
    expect(path).toMatchObject({status: 'open', attemptVerdict: {outcome: 'clear'}})
    expect(hosts[0]!.connections[0]!.lines).toEqual(['EHLO relay.example.org'])
  })

  test.each([
    ['none', 'open', ['clear']],
    ['preferred', 'open', ['clear']],
    ['encrypt', 'closed', ['refused']],
    ['secure', 'closed', ['refused']],
  ] as const)('%s: a host without STARTTLS leaves the path %s', async (level, status, expected) => {
    const path = await open(level, [{}])
    expect(path.status).toBe(status)
    expect(outcomes(path)).toEqual(expected)
    if (status === 'closed') expect(hosts[0]!.connections[0]!.lines.at(-1)).toBe('QUIT')
  })

  const certificates: [string, () => Promise<PeerScript['tls']>, string, string][] = [
    [
      'of another CA',
      async () => (await testPki()).host(),
      'SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'certificate-not-trusted',
    ],
    [
      'that is self-signed',
      () => pki.host({issuer: undefined}),
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'certificate-not-trusted',
    ],
    [
      'without its intermediate',
      async () => {
        const {cert, key} = await pki.host()
        return {cert: cert.slice(0, cert.indexOf('-----END CERTIFICATE-----') + 25), key}
      },
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'certificate-not-trusted',
    ],
    [
      'that is expired',
      () => pki.host({notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01')}),
      'CERT_HAS_EXPIRED',
      'certificate-expired',
    ],
  ]
  test.each(certificates)('a certificate %s is refused at secure and taken at encrypt', async (_, tls, error, code) => {
    const path = await open('secure', [{tls: await tls()}])
    expect(path.status).toBe('closed')
    expect(outcomes(path)).toEqual(['refused'])
    expect(codes(path)).toContain(code)
    const made = only(path).handshake
    if (made?.status !== 'completed') throw new Error('no handshake')
    expect(Object.values(made.verification)[0]!.error).toMatch(new RegExp(`^(${error})$`))
    expect(hosts[0]!.connections[0]!.lines.at(-1)).toBe('QUIT')
    const profile = profileWith([pki.root], 'encrypt')
    const again = await openMailPath(engineWorld(dns.address, hosts[0]!.port), requestFor('example.mil', profile))
    paths.push(again)
    expect(again).toMatchObject({status: 'open', attemptVerdict: {outcome: 'tls'}})
  })

  test.each([
    ['another name', {dnsNames: ['mx.other.example']}],
    ['the right name as CN only', {dnsNames: [], subject: 'mx1.example.mil'}],
    ['a partial wildcard', {dnsNames: ['mx*.example.mil']}],
  ])('a certificate with %s is refused at secure though its chain is good', async (_, options) => {
    const path = await open('secure', [{tls: await pki.host(options)}])
    expect(path.status).toBe('closed')
    expect(codes(path)).toContain('certificate-host-mismatch')
    const made = only(path).handshake
    expect(made?.status === 'completed' && Object.values(made.verification)[0]!.trusted).toBe(true)
  })

  test('an anchor set that is empty trusts nothing', async () => {
    const path = await open('secure', [{tls: await pki.host()}], {roots: []})
    expect(codes(path)).toContain('certificate-not-trusted')
  })

  test('an intermediate alone is no anchor', async () => {
    const path = await open('secure', [{tls: await pki.host()}], {roots: [pki.intermediate]})
    expect(codes(path)).toContain('certificate-not-trusted')
  })

  test('an imported intermediate mends a chain that lacks it', async () => {
    const {cert, key} = await pki.host()
    const leaf = cert.slice(0, cert.indexOf('-----END CERTIFICATE-----') + 25)
    const path = await open('secure', [{tls: {cert: leaf, key}}], {roots: [pki.root, pki.intermediate]})
    expect(path).toMatchObject({status: 'open', attemptVerdict: {outcome: 'verified'}})
  })

  test('a minimum of TLS 1.3 fails the handshake of a host that has only 1.2', async () => {
    const tls = {...(await pki.host()), maxVersion: 'TLSv1.2' as const}
    const path = await open('encrypt', [{tls}], {profile: {minTls: '1.3'}})
    expect(outcomes(path)).toEqual(['refused'])
    expect(only(path).handshake).toMatchObject({status: 'failed'})
  })

  test('a minimum of 256 bits is offered to the host, and one it cannot meet fails the handshake', async () => {
    const strong = await open('encrypt', [{tls: await pki.host()}], {profile: {minStrength: 256}})
    expect(only(strong).handshake).toMatchObject({status: 'completed', bits: 256})
    await hosts.pop()!.stop()
    await dns.stop()
    const tls = {...(await pki.host()), maxVersion: 'TLSv1.2' as const, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256'}
    const weak = await open('encrypt', [{tls}], {profile: {minStrength: 256}})
    expect(only(weak).handshake).toMatchObject({status: 'failed'})
  })

  test('a host that speaks only TLS 1.1 fails the handshake at every level', async () => {
    const old = {
      ...(await pki.host()),
      minVersion: 'TLSv1' as const,
      maxVersion: 'TLSv1.1' as const,
      ciphers: 'DEFAULT@SECLEVEL=0',
    }
    const path = await open('preferred', [{tls: old}])
    expect(only(path).handshake).toMatchObject({status: 'failed'})
    expect(outcomes(path)).toEqual(['clear', 'clear'])
  })
})

describe('clear text after TLS failed', () => {
  const broken: [string, PeerScript['replies'], string][] = [
    ['answers STARTTLS with 454', {STARTTLS: '454 4.7.0 not now'}, 'starttls-refused'],
    ['answers STARTTLS with 502', {STARTTLS: '502 5.5.1 what'}, 'starttls-refused'],
    ['hangs up at STARTTLS', {STARTTLS: ({drop}) => drop()}, 'validation-failure'],
    [
      'hangs up in the handshake',
      {
        STARTTLS: ({send, stream, end}) => {
          send('220 go\r\n')
          stream.once('data', end)
        },
      },
      'validation-failure',
    ],
    [
      'speaks something else than TLS',
      {
        STARTTLS: ({send, stream}) => {
          send('220 go\r\n')
          stream.removeAllListeners('data')
          stream.once('data', () => send('500 what?\r\n'))
        },
      },
      'validation-failure',
    ],
    ['puts words after its 220', {STARTTLS: ({send}) => send('220 go\r\n250 injected\r\n')}, 'plaintext-injected'],
  ]

  test.each(broken)('is a new connection when the host %s', async (_, replies, code) => {
    const path = await open('preferred', [{extensions: ['STARTTLS'], replies}])
    expect(path).toMatchObject({status: 'open', attempt: {fallback: true, failedAttempts: 0, handshake: null}})
    expect(outcomes(path)).toEqual(['clear', 'clear'])
    expect(codes(path)).toContain(code)
    expect(only(path)).toMatchObject({failedAttempts: 1, fallback: false})
    expect(hosts[0]!.connections).toHaveLength(2)
    expect(hosts[0]!.connections[1]!.lines).toEqual(['EHLO relay.example.org'])
    expect(events.map(({type}) => type)).toContain('falling-back')
  })

  test.each(broken)('does not happen at encrypt when the host %s', async (_, replies, code) => {
    const before = openSockets()
    const path = await open('encrypt', [{extensions: ['STARTTLS'], replies}])
    expect(path.status).toBe('closed')
    expect(outcomes(path)).toEqual(['refused'])
    expect(codes(path)).toContain(code)
    expect(hosts[0]!.connections).toHaveLength(1)
    await hosts.pop()!.stop()
    await dns.stop()
    await expectNoLeak(before)
  })

  test('waits until TLS failed as often as the profile says', async () => {
    const script: PeerScript = {extensions: ['STARTTLS'], replies: {STARTTLS: '454 4.7.0 not now'}}
    const first = await open('preferred', [script], {profile: {fallbackAfter: 2}})
    expect(first).toMatchObject({status: 'closed', evidence: {attempts: [{failedAttempts: 1}]}})
    await dns.stop()
    const second = await open('preferred', [], {profile: {fallbackAfter: 2}, request: {failedBefore: () => 1}})
    expect(second).toMatchObject({status: 'open', evidence: {attempts: [{failedAttempts: 2}, {fallback: true}]}})
  })

  test('never happens where the profile says never', async () => {
    const path = await open('preferred', [{extensions: ['STARTTLS'], replies: {STARTTLS: '454 4.7.0 not now'}}], {
      profile: {fallbackAfter: 'never'},
      request: {failedBefore: () => 1_000},
    })
    expect(path.status).toBe('closed')
    expect(hosts[0]!.connections).toHaveLength(1)
  })

  test('is not the answer to a stalled handshake before its limit, but after', async () => {
    const silent: PeerScript = {extensions: ['STARTTLS'], replies: {STARTTLS: '220 go ahead'}}
    const timeouts = {connect: 5_000, greeting: 5_000, command: 5_000, handshake: 200}
    const path = await open('preferred', [silent], {world: {timeouts}})
    expect(only(path).handshake).toMatchObject({status: 'failed', code: 'timeout'})
    expect(path).toMatchObject({status: 'open', attempt: {fallback: true}})
  })

  test('does not follow on a host that cannot be reached', async () => {
    const path = await open('preferred', [{greeting: '421 4.3.2 busy'}])
    expect(path.status).toBe('closed')
    expect(only(path)).toMatchObject({
      failedAttempts: 0,
      reach: {status: 'unreachable', stage: 'greeting', reply: '421 4.3.2 busy'},
    })
    expect(hosts[0]!.connections).toHaveLength(1)
  })
})

describe('a host that wants a certificate of ours', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('has failed the handshake, in %s', async (maxVersion) => {
    const tls = {...(await pki.host()), requestCert: true, rejectUnauthorized: true, maxVersion}
    const path = await open('encrypt', [{tls: {...tls, ca: pki.root.certificatePem}}])
    expect(path.status).toBe('closed')
    expect(only(path).handshake).toMatchObject({status: 'failed'})
    expect(codes(path)).toContain('validation-failure')
  })
})

describe('from host to host', () => {
  const TWO = `
    example.mil     60 MX 10 mx1.example.mil
    example.mil     60 MX 20 mx2.example.mil
    mx1.example.mil 60 A  127.0.0.1
    mx2.example.mil 60 A  127.0.0.2
  `

  test('the walk goes on after a refusal', async () => {
    const good = await pki.host({dnsNames: ['mx2.example.mil']})
    const path = await open('secure', [{}, {address: '127.0.0.2', tls: good}], {zone: TWO})
    expect(outcomes(path)).toEqual(['refused', 'verified'])
    expect(path).toMatchObject({status: 'open', attempt: {host: 'mx2.example.mil'}})
  })

  test('preference beats security', async () => {
    const good = await pki.host({dnsNames: ['mx2.example.mil']})
    const path = await open('preferred', [{}, {address: '127.0.0.2', tls: good}], {zone: TWO})
    expect(outcomes(path)).toEqual(['clear'])
    expect(hosts[1]!.connections).toEqual([])
  })

  test.each<[string, PeerScript['greeting'], string]>([
    ['is closing', '421 4.3.2 closing', 'greeting'],
    ['has no service', '554 5.3.2 no service', 'greeting'],
    ['hangs up', ({end}) => end(), 'greeting'],
    ['is no SMTP server', 'HTTP/1.1 400 Bad Request', 'greeting'],
    ['never ends its banner', ({send}) => send('220-more\r\n'.repeat(1_000)), 'greeting'],
  ])('the walk goes on when a host %s', async (_, greeting, stage) => {
    const good = await pki.host({dnsNames: ['mx2.example.mil']})
    const path = await open('secure', [{greeting}, {address: '127.0.0.2', tls: good}], {zone: TWO})
    expect(outcomes(path)).toEqual(['unreachable', 'verified'])
    expect(only(path).reach).toMatchObject({status: 'unreachable', stage})
  })

  test('the walk goes on when nobody listens, and when EHLO is refused', async () => {
    const zone = `${TWO}
      mx1.example.mil 60 A 127.0.0.3
    `
    const refusing: PeerScript = {replies: {EHLO: '451 4.3.0 no', HELO: '451 4.3.0 no'}}
    const good = await pki.host({dnsNames: ['mx2.example.mil']})
    const path = await open('secure', [refusing, {address: '127.0.0.2', tls: good}], {zone})
    expect(path.evidence.attempts.map(({reach}) => reach)).toMatchObject([
      {stage: 'ehlo', reply: '451 4.3.0 no'},
      {stage: 'connect'},
      {status: 'reached'},
    ])
  })

  test('the profile is asked for by address', async () => {
    const lenient = profileWith([pki.root], 'none')
    const strict = profileWith([pki.root], 'secure')
    const profileFor = (address: string) => (address === '127.0.0.2' ? lenient : strict)
    const path = await open('secure', [{}, {address: '127.0.0.2'}], {zone: TWO, request: {profileFor}})
    expect(outcomes(path)).toEqual(['refused', 'clear'])
    expect(path).toMatchObject({status: 'open', profile: {level: 'none'}})
  })

  test('nothing is dialled where the domain takes no mail', async () => {
    const path = await open('secure', [], {zone: 'example.mil 60 MX 0 .'})
    expect(path).toMatchObject({status: 'closed', verdict: {fate: 'bounced', status: '5.1.10'}})
    await dns.stop()
    const gone = await open('secure', [], {zone: 'other.mil 60 MX 0 .'})
    expect(gone).toMatchObject({verdict: {fate: 'bounced', status: '5.1.2'}})
    await dns.stop()
    const broken = await open('secure', [], {zone: 'example.mil 0 FAIL 2'})
    expect(broken).toMatchObject({verdict: {fate: 'deferred', status: '4.4.3'}})
  })

  test('the port of a static route and of a host named by hand is theirs', async () => {
    const host = await peer({tls: await pki.host()})
    const routed = await open('secure', [], {request: {route: {host: 'mx1.example.mil', port: host.port}}})
    hosts.push(host)
    expect(routed).toMatchObject({status: 'open', attempt: {port: host.port}})
    await dns.stop()
    const fixed = {address: '127.0.0.1', port: host.port, host: 'mx1.example.mil'}
    expect(await open('secure', [], {request: {fixed}})).toMatchObject({status: 'open', attempt: {host: fixed.host}})
    expect(dns.asked).toEqual([])
  })
})
