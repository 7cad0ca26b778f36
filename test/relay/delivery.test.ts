import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import type {Peer, PeerScript} from '../support/peer.ts'
import {send} from './client.ts'
import {RelayWorld} from './support.ts'

let world: RelayWorld
beforeEach(async () => {
  world = await RelayWorld.make()
})
afterEach(() => world.end())

const SECURE = 'level: secure\nca: [test]\ntrust: imported\n'

/** A relay that finds `example.mil` at mx1.example.mil and the sender's domain at mx.example.org, both this peer. */
async function between(hop: Peer, files: Record<string, string> = {}, settings = ''): Promise<void> {
  const zone = await world.zone(`
    example.mil 1 MX 10 mx1.example.mil
    mx1.example.mil 1 A 127.0.0.1
    example.org 1 MX 10 mx.example.org
    mx.example.org 1 A 127.0.0.1
  `)
  await world.start(`dns: {servers: ["${zone.address}"]}\nports: {smtp: ${hop.port}}\n${settings}`, files)
}

const rule = (fields: string) => ({'policy.yaml': `rules:\n  - {id: r1, recipients: [example.mil], ${fields}}\n`})

async function goodHop(script: PeerScript = {}): Promise<Peer> {
  return world.peer({tls: await world.pki.host({dnsNames: ['mx1.example.mil', 'mx.example.org']}), ...script})
}

const messages = (hop: Peer) => hop.connections.flatMap((connection) => connection.messages)
const dsns = (hop: Peer) => messages(hop).filter((text) => text.includes('report-type=delivery-status'))

describe('delivery', () => {
  test('goes over verified TLS where the profile is secure, and says so', async () => {
    const hop = await goodHop()
    await between(hop, {'profiles/mil.yaml': SECURE, ...rule('profile: mil')})
    expect(await send(world.port(), {to: ['colonel@example.mil']})).toMatch(/^250 2\.0\.0 queued as \w+$/)
    const {path, status} = await world.event('delivered')
    expect(path).toMatchObject({
      host: 'mx1.example.mil',
      level: 'secure',
      outcome: 'verified',
      rule: 'r1',
      version: 'TLSv1.3',
    })
    expect(status).toBe('2.0.0')
    expect(await world.queue()).toEqual([])
    const [body] = messages(hop)
    expect(body).toMatch(/^Received: from client\.example \(\[127\.0\.0\.1\]\)\r\n\tby relay\.example\.org/)
    expect(body).toMatch(/\r\nSubject: test\r\n\r\nbody\r\n$/)
  })

  test('does not happen where the certificate names another host: the message waits, and the peer sees no MAIL', async () => {
    const hop = await world.peer({tls: await world.pki.host({dnsNames: ['mx.evil.example']})})
    await between(hop, {'profiles/mil.yaml': SECURE, ...rule('profile: mil')})
    await send(world.port(), {to: ['colonel@example.mil']})
    const {status, next} = await world.event('deferred')
    expect(status).toBe('4.7.5')
    expect(Date.parse(next!) - Date.now()).toBeGreaterThan(20 * 60_000)
    expect((await world.event('attempt')).path).toMatchObject({
      outcome: 'refused',
      findings: ['certificate-host-mismatch'],
    })
    expect(hop.connections.flatMap(({lines}) => lines).filter((line) => line.startsWith('MAIL'))).toEqual([])
    expect(await world.queue()).toMatchObject([{recipients: [{state: 'waiting', status: '4.7.5', attempts: 1}]}])
    expect(world.seen('dsn')).toEqual([])
  })

  test('that the policy fails returns the message with a DSN that names the check', async () => {
    const hop = await world.peer({tls: await world.pki.host({dnsNames: ['mx.evil.example']})})
    await between(hop, {'profiles/mil.yaml': `${SECURE}onFailure: fail\n`, ...rule('profile: mil')})
    await send(world.port(), {to: ['colonel@example.mil']})
    await world.event('delivered', ({recipient}) => recipient === 'ops@example.org')
    const [dsn] = dsns(hop)
    expect(dsn).toContain('report-type=delivery-status')
    expect(dsn).toContain('Status: 5.7.5')
    expect(dsn).toContain('check: certificate-host-mismatch')
    expect(dsn).toContain('Subject: test\r\n')
    expect(await world.queue()).toEqual([])
  })

  test('is settled for each recipient on its own', async () => {
    const hop = await goodHop({
      replies: {
        RCPT: (talk, line) => talk.send(/nobody/.test(line) ? '550 5.1.1 no such user\r\n' : '250 2.1.5 ok\r\n'),
      },
    })
    await between(hop)
    await send(world.port(), {to: ['a@example.mil', 'nobody@example.mil']})
    await world.event('delivered', ({recipient}) => recipient === 'a@example.mil')
    expect(await world.event('bounced')).toMatchObject({recipient: 'nobody@example.mil', status: '5.1.1'})
    await world.event('delivered', ({recipient}) => recipient === 'ops@example.org')
    expect(dsns(hop)[0]).toContain('Diagnostic-Code: smtp; 550 5.1.1 no such user')
  })

  test.each([
    ['the null sender', {from: '', to: ['nobody@example.mil']}],
    ['NOTIFY=NEVER', {to: ['nobody@example.mil'], rcptParameters: 'NOTIFY=NEVER'}],
  ])('sends no DSN to %s', async (_, submission) => {
    const hop = await goodHop({replies: {RCPT: '550 5.1.1 no such user'}})
    await between(hop)
    await send(world.port(), submission)
    await world.event('bounced')
    await expect.poll(() => world.queue()).toEqual([])
    expect(world.seen('dsn')).toEqual([])
  })

  test('waits on a 4xx and on an unreachable host, and goes out when it is tried again', async () => {
    let busy = true
    const hop = await goodHop({replies: {MAIL: (talk) => talk.send(busy ? '451 4.3.2 busy\r\n' : '250 ok\r\n')}})
    await between(hop)
    await send(world.port(), {to: ['a@example.mil']})
    expect(await world.event('deferred')).toMatchObject({status: '4.3.2', reason: '451 4.3.2 busy'})
    busy = false
    expect(await world.retry()).toBe(1)
    await world.event('delivered')
  })

  test('shares a transaction between recipients of one profile, and splits those of another', async () => {
    const hop = await goodHop()
    const policy = `rules:
  - {id: r1, recipients: [colonel@example.mil], profile: mil}
  - {id: r2, recipients: [example.mil], profile: encrypt}
`
    await between(hop, {'profiles/mil.yaml': SECURE, 'policy.yaml': policy})
    await send(world.port(), {to: ['a@example.mil', 'colonel@example.mil', 'b@example.mil']})
    await expect.poll(() => world.seen('delivered').length).toBe(3)
    const mails = hop.connections.flatMap(({lines}) => lines).filter((line) => /^(MAIL|RCPT)/.test(line))
    expect(mails.filter((line) => line.startsWith('MAIL'))).toHaveLength(2)
    const byRule = world.seen('delivered').map(({recipient, path}) => [recipient, path?.rule, path?.outcome])
    expect(byRule).toEqual(
      expect.arrayContaining([
        ['a@example.mil', 'r2', 'tls'],
        ['b@example.mil', 'r2', 'tls'],
        ['colonel@example.mil', 'r1', 'verified'],
      ]),
    )
  })

  test('reuses a connection for the next message to the same domain', async () => {
    const hop = await goodHop()
    await between(hop)
    for (const number of [1, 2, 3]) {
      await send(world.port(), {to: ['a@example.mil']})
      await expect.poll(() => world.seen('delivered').length).toBe(number)
    }
    expect(hop.connections).toHaveLength(1)
    expect(hop.connections[0]!.messages).toHaveLength(3)
    expect(world.seen('delivered').map(({path}) => path?.reused)).toEqual([false, true, true])
  })

  test('does not reuse a connection that was opened under a weaker profile', async () => {
    const hop = await goodHop()
    const policy = 'rules:\n  - {id: r1, recipients: [colonel@example.mil], profile: mil}\n'
    await between(hop, {'profiles/mil.yaml': SECURE, 'policy.yaml': policy})
    await send(world.port(), {to: ['a@example.mil']})
    await expect.poll(() => world.seen('delivered').length).toBe(1)
    await send(world.port(), {to: ['colonel@example.mil']})
    await expect.poll(() => world.seen('delivered').length).toBe(2)
    expect(hop.connections).toHaveLength(2)
  })

  test('opens a new connection where the peer has closed the idle one', async () => {
    const hop = await goodHop({
      replies: {
        '.': (talk) => {
          talk.send('250 2.0.0 kept\r\n')
          talk.end()
        },
      },
    })
    await between(hop)
    for (const number of [1, 2]) {
      await send(world.port(), {to: ['a@example.mil']})
      await expect.poll(() => world.seen('delivered').length).toBe(number)
    }
    expect(hop.connections).toHaveLength(2)
  })

  test('falls back to clear text only after as many failures as the profile says, over several attempts', async () => {
    const hop = await goodHop({extensions: ['STARTTLS'], tls: undefined, replies: {STARTTLS: '454 4.7.0 not now'}})
    await between(hop, {'profiles/patient.yaml': 'level: preferred\nfallbackAfter: 2\n', ...rule('profile: patient')})
    await send(world.port(), {to: ['a@example.mil']})
    await world.event('deferred')
    await world.retry()
    const {path} = await world.event('delivered')
    expect(path).toMatchObject({outcome: 'clear', findings: expect.arrayContaining(['clear-text-fallback'])})
  })

  test('is not changed by a rehearsed rule, which only says what it would do', async () => {
    const hop = await world.peer({tls: await world.pki.host({dnsNames: ['mx.evil.example']})})
    await between(hop, {'profiles/mil.yaml': SECURE, ...rule('profile: mil, mode: rehearse')})
    await send(world.port(), {to: ['a@example.mil']})
    expect((await world.event('delivered')).path?.outcome).toBe('tls')
    expect((await world.event('would-refuse')).path).toMatchObject({
      rule: 'r1',
      outcome: 'refused',
      findings: ['certificate-host-mismatch'],
    })
    expect(hop.connections).toHaveLength(1)
  })

  test('warns the sender once after four hours, and returns the message after five days', async () => {
    const hop = await world.peer({tls: await world.pki.host({dnsNames: ['mx.evil.example']})})
    await between(hop, {'profiles/mil.yaml': SECURE, ...rule('profile: mil')})
    await send(world.port(), {to: ['colonel@example.mil']})
    await expect.poll(() => world.seen('deferred').length).toBe(1)
    for (const [number, hours] of [5, 10].entries()) {
      world.ahead = hours * 3_600_000
      await world.retry()
      await expect.poll(() => world.seen('deferred').length).toBe(number + 2)
      // What is under way when the clock jumps would lose its lease.
      await expect.poll(() => world.queue()).toMatchObject([{recipients: [{state: 'waiting'}]}])
    }
    expect(world.seen('dsn').map(({kind}) => kind)).toEqual(['delayed'])
    world.ahead = 121 * 3_600_000
    await world.retry()
    expect(await world.event('bounced')).toMatchObject({recipient: 'colonel@example.mil', status: '5.7.5'})
    await expect.poll(() => dsns(hop).length).toBe(2)
    const [warning, returned] = dsns(hop)
    expect(warning).toContain('Action: delayed')
    expect(returned).toContain('Action: failed')
    expect(returned).toContain('certificate-host-mismatch')
  })
})
