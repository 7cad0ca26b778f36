import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import type {PeerScript} from '../support/peer.ts'
import {client, submit} from './client.ts'
import {RelayWorld} from './support.ts'

let world: RelayWorld
beforeEach(async () => {
  world = await RelayWorld.make()
})
afterEach(() => world.end())

/** A message that requires TLS, returned by a host without REQUIRETLS; the senders' host is as the script says. */
async function returned(script: PeerScript) {
  const hop = await world.peer({tls: await world.pki.host({dnsNames: ['mx1.example.mil']})})
  const home = await world.peer({...script, port: hop.port, address: '127.0.0.2'})
  const zone = await world.zone(`
    example.mil 1 MX 10 mx1.example.mil
    mx1.example.mil 1 A 127.0.0.1
    example.org 1 MX 10 mx.example.org
    mx.example.org 1 A 127.0.0.2
  `)
  await world.start(`dns: {servers: ["${zone.address}"]}\nports: {smtp: ${hop.port}}\n`)
  const raw = await client(world.port(), 'starttls')
  const mailParameters = 'REQUIRETLS RET=FULL'
  expect(await submit(raw, {to: ['colonel@example.mil'], mailParameters})).toMatch(/^250/)
  raw.socket.destroy()
  expect(await world.event('bounced', ({recipient}) => recipient === 'colonel@example.mil')).toMatchObject({
    status: '5.7.30',
  })
  expect(hop.connections.flatMap(({lines}) => lines).some((line) => line.startsWith('MAIL'))).toBe(false)
  return home
}

const good = () => world.pki.host({dnsNames: ['mx.example.org']})

describe('the DSN about a message with REQUIRETLS', () => {
  test.each([
    ['carries it on to a host that offers it', ['REQUIRETLS'], 'MAIL FROM:<> REQUIRETLS'],
    ['is not lost where the host does not offer it (RFC 8689 §5)', [], 'MAIL FROM:<>'],
  ])('%s', async (_, extensions, mail) => {
    const home = await returned({tls: await good(), extensions})
    await world.event('delivered', ({recipient}) => recipient === 'ops@example.org')
    expect(home.connections[0]!.lines).toContain(mail)
    const [dsn] = home.connections[0]!.messages
    // The message was to be returned whole; RFC 8689 §5 disregards it.
    expect(dsn).toContain('Content-Type: text/rfc822-headers')
    expect(dsn!.replaceAll(/\s+/g, ' ')).toContain('(REQUIRETLS) (check: requiretls-not-supported)')
  })

  test.each([
    ['has no TLS', async () => ({})],
    ['is another host', async () => ({tls: await world.pki.host({dnsNames: ['mx.evil.example']})})],
  ])('goes to nobody where the host %s', async (_, script) => {
    const home = await returned(await script())
    await world.event('bounced', ({recipient}) => recipient === 'ops@example.org')
    expect(home.connections.flatMap(({messages}) => messages)).toEqual([])
    expect(world.seen('dsn')).toHaveLength(1)
  })
})
