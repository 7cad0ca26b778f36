import {createServer, type Server} from 'node:net'
import {createSecureContext, TLSSocket} from 'node:tls'
import {afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {openMailPath} from '../../src/path/open.ts'
import type {MailPath, PathRequest, PathWorld} from '../../src/path/path.ts'
import {TicketShelf} from '../../src/path/tickets.ts'
import type {EffectiveProfile} from '../../src/policy/profile.ts'
import {engineWorld, profileWith, requestFor, type TestPki, testPki} from '../support/engine.ts'
import {type ZoneServer, zoneServer} from '../support/zone.ts'

/** A mail host that hands out TLS sessions, all under one ticket key, and counts those that come back. */
interface TicketHost {
  port: number
  handshakes: ('full' | 'resumed')[]
  use(tls: {cert: string; key: string}, breaking?: boolean): void
  stop(): Promise<void>
}

async function ticketHost(tls: {cert: string; key: string}, version: 'TLSv1.2' | 'TLSv1.3'): Promise<TicketHost> {
  const handshakes: TicketHost['handshakes'] = []
  const ticketKeys = Buffer.alloc(48, 'ticket key')
  let current = tls
  let fragile = false
  const server: Server = createServer((raw) => {
    raw.on('error', () => {})
    raw.write('220 peer\r\n')
    const clear = (chunk: Buffer) => {
      const line = chunk.toString()
      if (/^EHLO/.test(line)) raw.write('250-peer\r\n250 STARTTLS\r\n')
      if (!/^STARTTLS/.test(line)) return
      raw.off('data', clear)
      raw.write('220 go\r\n')
      const secureContext = createSecureContext({...current, maxVersion: version, ticketKeys})
      const stream = new TLSSocket(raw, {isServer: true, secureContext})
      stream.on('error', () => {})
      stream.on('secure', () => {
        handshakes.push(stream.isSessionReused() ? 'resumed' : 'full')
        if (fragile && stream.isSessionReused()) raw.destroy()
      })
      stream.on('data', () => stream.write('250 peer\r\n'))
    }
    raw.on('data', clear)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as {port: number}).port,
    handshakes,
    use: (other, breaking = false) => {
      current = other
      fragile = breaking
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

let pki: TestPki
let good: {cert: string; key: string}
let dns: ZoneServer
let host: TicketHost
let shelf: TicketShelf
let ahead = 0

beforeAll(async () => {
  pki = await testPki()
  good = await pki.host({dnsNames: ['mx1.example.mil', 'mx1.example.org']})
})

beforeEach(async () => {
  ahead = 0
  dns = await zoneServer(
    ['mil', 'org']
      .map((top) => `example.${top} 1 MX 10 mx1.example.${top}\nmx1.example.${top} 1 A 127.0.0.1`)
      .join('\n'),
  )
  host = await ticketHost(good, 'TLSv1.3')
  shelf = new TicketShelf({now: () => Date.now() + ahead})
})

afterEach(async () => {
  await host.stop()
  await dns.stop()
})

interface Setting {
  domain?: string
  scope?: string
  request?: Partial<PathRequest>
  world?: Partial<PathWorld>
}

async function open(profile: EffectiveProfile, setting: Setting = {}): Promise<MailPath> {
  const {domain = 'example.mil', scope = `r1 ${setting.domain ?? 'example.mil'}`, request, world} = setting
  const engine = engineWorld(dns.address, host.port, {now: () => Date.now() + ahead, ...world})
  const path = await openMailPath(engine, requestFor(domain, profile, {tickets: {shelf, scope}, ...request}))
  if (path.status === 'open') await path.session.quit()
  return path
}

const secure = (change: Partial<EffectiveProfile> = {}) => profileWith([pki.root], 'secure', change)
const handshakeOf = (path: MailPath) => path.evidence.attempts.at(-1)?.handshake

describe('a TLS session', () => {
  test.each(['TLSv1.3', 'TLSv1.2'] as const)(
    'is resumed on the next connection, with what was verified, %s',
    async (version) => {
      await host.stop()
      host = await ticketHost(good, version)
      const first = await open(secure())
      const second = await open(secure())
      expect(host.handshakes).toEqual(['full', 'resumed'])
      expect(second).toMatchObject({status: 'open', attemptVerdict: {outcome: 'verified'}})
      const {resumed, ...rest} = handshakeOf(second) as {resumed?: boolean}
      expect(resumed).toBe(true)
      expect(rest).toEqual(handshakeOf(first))
    },
  )

  test('is never resumed by a probe', async () => {
    await open(secure())
    await open(secure(), {request: {visit: 'all'}})
    expect(host.handshakes).toEqual(['full', 'full'])
  })

  test.each<[string, () => EffectiveProfile, Setting]>([
    ['profile', () => secure({name: 'other'}), {}],
    ['level', () => profileWith([pki.root], 'encrypt'), {}],
    ['check of names', () => secure({subject: [{kind: 'exact', value: 'mx1.example.mil'}]}), {}],
    ['set of trust anchors', () => profileWith([pki.root, pki.intermediate], 'secure'), {}],
    ['revision of the policy', () => secure(), {scope: 'r2 example.mil'}],
    ['destination', () => secure(), {scope: 'r1 example.net'}],
    ['name of the host', () => secure(), {domain: 'example.org', scope: 'r1 example.mil'}],
  ])('is not resumed under another %s', async (_, other, setting) => {
    await open(secure())
    await open(other(), setting)
    expect(host.handshakes).toEqual(['full', 'full'])
  })

  test('that was handed out by a host which is not verified cannot pass for one of a verified host', async () => {
    host.use(await (await testPki()).host({dnsNames: ['mx1.example.mil']}))
    expect((await open(profileWith([pki.root], 'preferred'))).status).toBe('open')
    expect((await open(secure())).status).toBe('closed')
    // The peer resumes whatever it is offered; nothing is offered.
    expect((await open(secure())).status).toBe('closed')
    expect(host.handshakes).toEqual(['full', 'full', 'full'])
  })

  test('is forgotten after an hour, and when a certificate has expired', async () => {
    await open(secure())
    ahead = 3_601_000
    await open(secure())
    expect(host.handshakes).toEqual(['full', 'full'])
    const soon = new Date(Date.now() + ahead + 60_000)
    host.use(await pki.host({notAfter: soon, notBefore: new Date('2020-01-01')}))
    shelf = new TicketShelf({now: () => Date.now() + ahead})
    await open(secure())
    ahead += 61_000
    await open(secure())
    expect(host.handshakes).toEqual(['full', 'full', 'full', 'full'])
  })

  test('that breaks the handshake is given up, and counts as no failure of TLS', async () => {
    await open(profileWith([pki.root], 'preferred'))
    host.use(good, true)
    const path = await open(profileWith([pki.root], 'preferred'))
    expect(path).toMatchObject({status: 'open', attemptVerdict: {outcome: 'tls'}, attempt: {failedAttempts: 0}})
    expect(path.evidence.attempts).toHaveLength(1)
    expect(host.handshakes).toEqual(['full', 'resumed', 'full'])
  })
})
