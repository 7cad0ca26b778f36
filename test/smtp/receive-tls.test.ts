import {once} from 'node:events'
import {type ConnectionOptions, connect, createSecureContext, type TLSSocket} from 'node:tls'
import {afterEach, beforeAll, describe, expect, test} from 'vitest'
import {type IssuedCertificate, issueCertificate} from '../../src/pki/issue.ts'
import {greeted, type House, openHouse, RawClient, type Settings} from './receive-support.ts'

let root: IssuedCertificate
let leaf: IssuedCertificate
let other: IssuedCertificate
let stranger: IssuedCertificate
beforeAll(async () => {
  root = await issueCertificate({subject: 'Root', ca: true})
  const issuer = root
  leaf = await issueCertificate({subject: 'mx', dnsNames: ['mx.example.test'], issuer})
  other = await issueCertificate({subject: 'other', dnsNames: ['other.example.test'], issuer})
  stranger = await issueCertificate({subject: 'stranger', dnsNames: ['client.example']})
})

const houses: House[] = []
const clients: RawClient[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await Promise.all(houses.splice(0).map((house) => house.close()))
})

function context({certificatePem, keyPem}: IssuedCertificate, ca?: string) {
  return createSecureContext({cert: certificatePem, key: keyPem, ...(ca ? {ca} : {})})
}

async function house(settings: Settings = {}): Promise<House> {
  const opened = await openHouse({secureContext: context(leaf, root.certificatePem), ...settings})
  houses.push(opened)
  return opened
}

/** The client's half of the handshake, on the connection it has. */
async function secured(client: RawClient, options: ConnectionOptions = {}): Promise<TLSSocket> {
  clients.push(client)
  const {socket} = client
  socket.removeAllListeners('data')
  const tls = connect({socket, ca: root.certificatePem, servername: 'mx.example.test', ...options})
  await once(tls, 'secureConnect')
  client.take(tls)
  return tls
}

async function startTls(port: number, options: ConnectionOptions = {}): Promise<RawClient> {
  const client = await greeted(port)
  expect(await client.ask('STARTTLS')).toMatch(/^220 2\.0\.0/)
  await secured(client, options)
  return client
}

describe('TLS in a receiving session', () => {
  test('begins with STARTTLS, and the session begins anew after it', async () => {
    const {port, taken} = await house()
    const before = await greeted(port)
    expect(await before.ask('EHLO x')).toContain('STARTTLS')
    await before.ask('MAIL FROM:<>')
    await before.ask('STARTTLS')
    await secured(before)
    expect(await before.ask('RCPT TO:<a@b.example>')).toMatch(/^503/)
    expect(await before.ask('MAIL FROM:<>')).toMatch(/^503 5\.5\.1 send EHLO/)
    expect(await before.ask('EHLO x')).not.toContain('STARTTLS')
    expect(await before.ask('STARTTLS')).toMatch(/^503 5\.5\.1/)
    await before.ask('MAIL FROM:<>')
    await before.ask('RCPT TO:<a@b.example>')
    await before.ask('DATA')
    expect(await before.ask('.')).toMatch(/^250/)
    expect(taken[0]!.client.protocol).toBe('ESMTPS')
  })

  test.each([
    [{minVersion: 'TLSv1.3'}, 'TLSv1.3', 'TLS_AES_256_GCM_SHA384', 256, 'X25519MLKEM768'],
    [{minVersion: 'TLSv1.3', ecdhCurve: 'X25519'}, 'TLSv1.3', 'TLS_AES_256_GCM_SHA384', 256, 'X25519'],
    [
      {maxVersion: 'TLSv1.2', ecdhCurve: 'P-256', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256'},
      'TLSv1.2',
      'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      128,
      'prime256v1',
    ],
  ] as [ConnectionOptions, string, string, number, string][])(
    'tells what was negotiated with %j',
    async (options, version, cipher, bits, group) => {
      const {port, events} = await house()
      const client = await startTls(port, options)
      await client.ask('NOOP')
      const facts = events.find((event) => event.type === 'tls')!.facts
      expect(facts).toEqual({version, cipher, bits, group, serverName: 'mx.example.test', client: null})
    },
  )

  test('discards plaintext that was sent behind STARTTLS', async () => {
    const {port, events, taken} = await house()
    const client = await greeted(port)
    const injected = 'EHLO evil\r\nMAIL FROM:<evil@b.example>\r\n'
    expect(await client.ask(`STARTTLS\r\n${injected.trimEnd()}`)).toMatch(/^220/)
    expect(client.rest).toBe('')
    await secured(client)
    expect(await client.ask('RCPT TO:<a@b.example>')).toMatch(/^503/)
    expect(await client.ask('MAIL FROM:<>')).toMatch(/^503 5\.5\.1 send EHLO/)
    expect(events).toContainEqual({type: 'discarded', octets: injected.length})
    expect(taken).toEqual([])
  })

  test('ends the session when bytes that are no TLS follow the 220', async () => {
    const {port, events} = await house()
    const client = await greeted(port)
    await client.ask('STARTTLS')
    client.write('EHLO again\r\n')
    expect(await client.reply()).toBe('closed')
    const closed = events.find((event) => event.type === 'closed')!
    expect(closed.reason).toMatch(/^TLS handshake/)
  })

  test('gives up a handshake that stalls', async () => {
    const {port} = await house({timeouts: {handshake: 200}})
    const client = await greeted(port)
    await client.ask('STARTTLS')
    expect(await client.reply()).toBe('closed')
  })

  test('can be there from the first byte', async () => {
    const {port, events} = await house({mode: 'implicit'})
    const tls = connect({host: '127.0.0.1', port, ca: root.certificatePem, servername: 'mx.example.test'})
    const [greeting] = (await once(tls, 'data')) as [Buffer]
    expect(greeting.toString()).toMatch(/^220 /)
    tls.write('EHLO x\r\n')
    const [offer] = (await once(tls, 'data')) as [Buffer]
    expect(offer.toString()).not.toContain('STARTTLS')
    expect(events.some((event) => event.type === 'tls')).toBe(true)
    tls.destroy()
  })

  test('closes a port of implicit TLS to clear text', async () => {
    const {port} = await house({mode: 'implicit'})
    const client = await RawClient.open(port)
    client.write('EHLO x\r\n')
    expect(await client.reply()).toBe('closed')
  })

  test('is withdrawn where there is no context, and STARTTLS answered 502', async () => {
    const {port} = await house({secureContext: null})
    const client = await greeted(port)
    clients.push(client)
    expect(await client.ask('EHLO x')).not.toContain('STARTTLS')
    expect(await client.ask('STARTTLS')).toMatch(/^502 5\.5\.1/)
  })

  test('takes no argument to STARTTLS', async () => {
    const {port} = await house()
    const client = await greeted(port)
    clients.push(client)
    expect(await client.ask('STARTTLS now')).toMatch(/^501 5\.5\.4/)
  })

  test('offers the identity that the client names', async () => {
    const {port} = await house({
      contextFor: (name) => (name === 'other.example.test' ? context(other) : null),
    })
    const client = await greeted(port)
    await client.ask('STARTTLS')
    const tls = await secured(client, {servername: 'other.example.test'})
    expect(tls.getPeerCertificate().subjectaltname).toBe('DNS:other.example.test')
    const second = await greeted(port)
    await second.ask('STARTTLS')
    expect((await secured(second)).getPeerCertificate().subjectaltname).toBe('DNS:mx.example.test')
  })

  test('notices a client that closes its side during the handshake', async () => {
    const {port, events} = await house()
    const client = await greeted(port)
    await client.ask('STARTTLS')
    client.socket.end()
    await expect.poll(() => events.find((event) => event.type === 'closed')?.reason).toMatch(/^TLS handshake/)
  })

  test('asks for a client certificate, and lets one in that nobody trusts', async () => {
    const {port, events} = await house({requestClientCertificate: true})
    const good = await startTls(port, {cert: other.certificatePem, key: other.keyPem})
    await good.ask('NOOP')
    const bad = await startTls(port, {cert: stranger.certificatePem, key: stranger.keyPem})
    await bad.ask('NOOP')
    const none = await startTls(port)
    await none.ask('NOOP')
    const told = events.flatMap((event) => (event.type === 'tls' ? [event.facts.client] : []))
    expect(told.map((client) => client && [client.authorized, client.error])).toEqual([
      [true, null],
      [false, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
      null,
    ])
    expect(told[1]!.certificate.subject.CN).toBe('stranger')
  })

  test('survives a client that leaves in the middle of the handshake', async () => {
    const {port, events} = await house()
    const client = await greeted(port)
    await client.ask('STARTTLS')
    client.socket.resetAndDestroy()
    await expect.poll(() => events.some((event) => event.type === 'closed')).toBe(true)
    clients.push(await greeted(port))
  })
})
