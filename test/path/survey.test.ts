import {X509Certificate} from 'node:crypto'
import {afterEach, beforeAll, describe, expect, test} from 'vitest'
import {openMailPath} from '../../src/path/open.ts'
import type {MailPath, PathRequest, PathWorld} from '../../src/path/path.ts'
import type {Level} from '../../src/policy/profile.ts'
import {HandshakeTap} from '../../src/smtp/tap.ts'
import {engineWorld, profileWith, requestFor, type TestPki, testPki} from '../support/engine.ts'
import {expectNoLeak, openSockets} from '../support/handles.ts'
import {type Peer, type PeerScript, peer} from '../support/peer.ts'
import {type ZoneServer, zoneServer} from '../support/zone.ts'

const ZONE = `
  example.mil     60 MX 10 mx1.example.mil
  example.mil     60 MX 20 mx2.example.mil
  mx1.example.mil 60 A  127.0.0.1
  mx1.example.mil 60 A  127.0.0.2
  mx2.example.mil 60 A  127.0.0.3
`

let pki: TestPki
let dns: ZoneServer
const hosts: Peer[] = []

beforeAll(async () => {
  pki = await testPki()
})

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop()
  await dns.stop()
})

/** Looks at every host of example.mil; the scripts play at 127.0.0.1, 127.0.0.2 … on one port. */
async function survey(
  level: Level,
  scripts: PeerScript[],
  setting: {zone?: string; request?: Partial<PathRequest>; world?: Partial<PathWorld>} = {},
): Promise<MailPath> {
  dns = await zoneServer(setting.zone ?? ZONE)
  for (const [i, script] of scripts.entries()) {
    hosts.push(await peer({port: hosts[0]?.port ?? 0, address: `127.0.0.${i + 1}`, ...script}))
  }
  const request = requestFor('example.mil', profileWith([pki.root], level), {visit: 'all', ...setting.request})
  return openMailPath(engineWorld(dns.address, hosts[0]?.port ?? 1, setting.world), request)
}

const outcomes = (path: MailPath) => path.verdict.attempts.map(({outcome}) => outcome)

describe('a survey', () => {
  test('looks at every address in the order of the hosts, and says QUIT', async () => {
    const before = openSockets()
    const good = await pki.host({dnsNames: ['mx1.example.mil', 'mx2.example.mil']})
    const slow: PeerScript = {tls: good, greeting: ({send}) => setTimeout(() => send('220 slow\r\n'), 100)}
    const path = await survey('secure', [slow, {}, {tls: good}])
    expect(path.status).toBe('closed')
    expect(path.evidence.attempts.map(({host, address}) => `${host} ${address}`)).toEqual([
      'mx1.example.mil 127.0.0.1',
      'mx1.example.mil 127.0.0.2',
      'mx2.example.mil 127.0.0.3',
    ])
    expect(outcomes(path)).toEqual(['verified', 'refused', 'verified'])
    for (const host of hosts) {
      expect(host.connections).toHaveLength(1)
      expect(host.connections[0]!.lines.at(-1)).toBe('QUIT')
      expect(host.connections[0]!.lines.join(' ')).not.toMatch(/MAIL|RCPT/)
    }
    for (const host of hosts.splice(0)) await host.stop()
    await dns.stop()
    await expectNoLeak(before)
  })

  test('upgrades where TLS is offered even at none, and never falls back', async () => {
    const path = await survey('none', [
      {tls: await pki.host()},
      {extensions: ['STARTTLS'], replies: {STARTTLS: '454 no'}},
    ])
    expect(path.evidence.attempts[0]!.handshake).toMatchObject({status: 'completed'})
    expect(path.evidence.attempts[1]).toMatchObject({starttls: {accepted: false, reply: '454 no'}})
    expect(hosts[1]!.connections).toHaveLength(1)
  })

  test('hears a tap for the chain as presented', async () => {
    const stranger = await testPki()
    const {cert, key} = await pki.host()
    // The wrong way round, and with a certificate that does not belong there.
    const tls = {
      cert:
        cert.replace(pki.intermediate.certificatePem, '') +
        stranger.root.certificatePem +
        pki.intermediate.certificatePem,
      key,
    }
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const path = await survey('secure', [{tls: {...tls, maxVersion}}], {
        zone: 'example.mil 60 MX 10 mx1.example.mil\nmx1.example.mil 60 A 127.0.0.1',
        request: {wrap: (socket) => new HandshakeTap(socket)},
      })
      const made = path.evidence.attempts[0]!.handshake
      if (made?.status !== 'completed') throw new Error('no handshake')
      const subjects = ({presented}: typeof made) => presented.map(({subject}) => subject)
      expect(subjects(made)).toEqual(['CN=mail host', 'CN=Test root', 'CN=Test intermediate'])
      expect(made.presented[1]!.sha256).toBe(
        new X509Certificate(stranger.root.certificatePem).fingerprint256.replaceAll(':', '').toLowerCase(),
      )
      expect(made.built.map(({subject}) => subject)).toEqual(['CN=mail host', 'CN=Test intermediate', 'CN=Test root'])
      expect(outcomes(path)).toEqual(['verified'])
      for (const host of hosts.splice(0)) await host.stop()
      await dns.stop()
    }
  })

  test('names the version of a host that is too old, where the tap has seen it', async () => {
    const tap: PathRequest['wrap'] = (socket) => {
      const inner = new HandshakeTap(socket)
      return {stream: inner.stream, presented: () => null, serverVersion: () => 'TLSv1.1'}
    }
    const path = await survey('encrypt', [{extensions: ['STARTTLS'], replies: {STARTTLS: '220 go\r\nnot TLS'}}], {
      request: {wrap: tap},
    })
    expect(path.evidence.attempts[0]!.starttls.injected).toBe(true)
    const {cert, key} = await pki.host()
    for (const host of hosts.splice(0)) await host.stop()
    await dns.stop()
    const old = {cert, key, minVersion: 'TLSv1' as const, maxVersion: 'TLSv1.1' as const, ciphers: 'DEFAULT@SECLEVEL=0'}
    const seen = await survey('encrypt', [{tls: old}], {request: {wrap: tap}})
    expect(seen.evidence.attempts[0]!.handshake).toMatchObject({
      status: 'failed',
      reason: 'the peer speaks only TLSv1.1; the floor is TLS 1.2 (RFC 8996)',
    })
  })

  test('reads the chain under the anchors of a rehearsed profile too', async () => {
    const other = profileWith([(await testPki()).root], 'secure')
    const path = await survey('secure', [{tls: await pki.host()}], {request: {alsoVerify: [other]}})
    const made = path.evidence.attempts[0]!.handshake
    if (made?.status !== 'completed') throw new Error('no handshake')
    expect(made.verification[other.anchors.id]).toMatchObject({trusted: false, by: 'explanation'})
    expect(Object.values(made.verification).filter(({by}) => by === 'handshake')).toMatchObject([{trusted: true}])
  })

  test('reaches a host over IPv6', async () => {
    const zone = `
      example.mil     60 MX   10 mx1.example.mil
      mx1.example.mil 60 AAAA ::1
    `
    const path = await survey('secure', [{address: '::1', tls: await pki.host()}], {zone})
    expect(path.evidence.attempts).toMatchObject([{address: '::1', reach: {status: 'reached'}}])
    expect(outcomes(path)).toEqual(['verified'])
  })

  test('resumes no session: each look sees the certificate', async () => {
    const script: PeerScript = {tls: await pki.host()}
    const path = await survey('secure', [script, script], {request: {}})
    for (const {handshake} of path.evidence.attempts.slice(0, 2)) {
      expect(handshake).toMatchObject({presented: [{subject: 'CN=mail host'}, {}, {}]})
    }
  })
})

describe('the end of the time', () => {
  const silences: [string, PeerScript, object][] = [
    ['silent before its banner', {greeting: null}, {reach: {status: 'unreachable', stage: 'greeting'}}],
    ['silent after EHLO', {replies: {EHLO: null}}, {reach: {status: 'unreachable', stage: 'ehlo'}}],
    [
      'silent in the handshake',
      {extensions: ['STARTTLS'], replies: {STARTTLS: '220 go'}},
      // The peer did not let its own time-out pass: nothing is known of its TLS.
      {reach: {status: 'unreachable', stage: 'ehlo'}, handshake: null},
    ],
  ]

  test.each(silences)('leaves evidence of a host that is %s', async (_, script, expected) => {
    const before = openSockets()
    const path = await survey('secure', [script], {
      zone: 'example.mil 60 MX 10 mx1.example.mil\nmx1.example.mil 60 A 127.0.0.1',
      request: {signal: AbortSignal.timeout(300)},
    })
    expect(path.evidence.attempts).toMatchObject([expected])
    for (const host of hosts.splice(0)) await host.stop()
    await dns.stop()
    await expectNoLeak(before)
  })

  test('marks what was not looked at any more', async () => {
    const end = new AbortController()
    end.abort(new DOMException('over', 'TimeoutError'))
    const zone = 'example.mil 60 MX 10 mx1.example.mil'
    const path = await survey('secure', [], {zone, request: {signal: end.signal}})
    expect(path.evidence.route.failure).toMatchObject({
      kind: 'dns-failed',
      reason: 'the time for the whole look was over',
    })
    const fixed = {address: '127.0.0.1', port: 1, host: 'mx1.example.mil'}
    await dns.stop()
    const named = await survey('secure', [], {request: {signal: end.signal, fixed}})
    expect(named.evidence.attempts).toMatchObject([{reach: {status: 'unreachable', stage: 'connect'}}])
    expect(named.verdict.fate).toBe('deferred')
  })

  test.each(silences)('is thrown when it is no deadline, the host being %s', async (_, script) => {
    const before = openSockets()
    const end = new AbortController()
    const looking = survey('secure', [script, script, script], {request: {signal: end.signal}})
    await expect.poll(() => hosts.flatMap(({connections}) => connections).length, {timeout: 20_000}).toBe(3)
    end.abort(new Error('stopped by hand'))
    await expect(looking).rejects.toThrow('stopped by hand')
    for (const host of hosts.splice(0)) await host.stop()
    await dns.stop()
    await expectNoLeak(before)
  })

  test('ends a session no more once the path is open', async () => {
    const end = new AbortController()
    const path = await survey('secure', [{tls: await pki.host()}], {request: {visit: 'first', signal: end.signal}})
    end.abort(new Error('too late'))
    if (path.status !== 'open') throw new Error('closed')
    expect((await path.session.command('NOOP')).code).toBe(250)
    await path.session.quit()
  })
})
