import {X509Certificate} from 'node:crypto'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {logLine} from '../../src/relay/log-line.ts'
import {client, send, submit} from './client.ts'
import {NOWHERE, RelayWorld} from './support.ts'

let world: RelayWorld
beforeEach(async () => {
  world = await RelayWorld.make()
})
afterEach(() => world.end())

const print = (pem: string) => new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()
const HANDSHAKE = String.raw`TLSv1\.3 TLS_\w+ \w+`

describe('the line about an attempt', () => {
  test('gives rule, profile, host, address, outcome, version, cipher, group and fingerprint', async () => {
    const identity = await world.pki.host({dnsNames: ['mx1.example.mil']})
    const hop = await world.peer({tls: identity})
    const zone = await world.zone('example.mil 1 MX 10 mx1.example.mil\nmx1.example.mil 1 A 127.0.0.1\n')
    await world.start(`dns: {servers: ["${zone.address}"]}\nports: {smtp: ${hop.port}}\n`, {
      'profiles/mil.yaml': 'level: secure\nca: [test]\ntrust: imported\n',
      'policy.yaml': 'rules:\n  - {id: r1, recipients: [example.mil], profile: mil}\n',
    })
    await send(world.port(), {to: ['colonel@example.mil']})
    const event = await world.event('delivered')
    const where = String.raw`mx1\.example\.mil\[127\.0\.0\.1\]:${hop.port}`
    expect(logLine(event)).toMatch(
      new RegExp(
        `^${event.queue} → colonel@example\\.mil ${where} tls=secure:verified ${HANDSHAKE} ` +
          `cert=sha256:${print(identity.cert)} rule=r1 profile=mil delivered 2\\.0\\.0 `,
      ),
    )
  })

  test('says why it went in clear text', async () => {
    const hop = await world.peer()
    await world.start(`routes: [{domain: "*", host: 127.0.0.1, port: ${hop.port}}]\n`)
    await send(world.port(), {to: ['colonel@example.mil']})
    expect(logLine(await world.event('delivered'))).toMatch(
      / tls=preferred:clear profile=preferred reason="[^"]*STARTTLS[^"]*" delivered /,
    )
  })
})

describe('the line about a message that came in', () => {
  test('gives what was negotiated, and the rule that asked for it', async () => {
    await world.start(NOWHERE, {
      'policy.yaml': 'rules:\n  - {id: in, direction: receiving, profile: encrypt}\n',
    })
    await submit(await client(world.port(), 'starttls'), {to: ['a@example.mil']})
    expect(logLine(await world.event('accepted'))).toMatch(
      new RegExp(` tls=encrypt:tls ${HANDSHAKE} rule=in profile=encrypt from=<ops@example\\.org> `),
    )
  })

  test('gives the fingerprint of the client certificate that was verified', async () => {
    await world.start(NOWHERE, {
      'profiles/known.yaml': 'level: secure\nca: [test]\ntrust: imported\n',
      'policy.yaml': 'rules:\n  - {id: in, direction: receiving, profile: known}\n',
    })
    const identity = await world.pki.host({dnsNames: ['client.example']})
    const raw = await client(world.port('implicit'), 'implicit', identity)
    expect(await submit(raw, {to: ['a@example.mil']})).toMatch(/^250 /)
    expect((await world.event('accepted')).path).toMatchObject({
      level: 'secure',
      outcome: 'verified',
      fingerprint: print(identity.cert),
    })
  })

  test('that was refused gives the rule that refused it, and what the session had', async () => {
    await world.start(NOWHERE, {
      'policy.yaml': 'rules:\n  - {id: in, direction: receiving, profile: secure}\n',
    })
    await submit(await client(world.port(), 'starttls'), {to: ['a@example.mil']})
    expect(logLine(await world.event('rejected'))).toMatch(
      new RegExp(
        ` reply="451 4\\.7\\.10 .* tls=secure:refused ${HANDSHAKE} rule=in profile=secure reason="the client presented`,
      ),
    )
  })

  test('in clear text without a rule names no level', async () => {
    await world.start(NOWHERE)
    await send(world.port(), {to: ['a@example.mil']})
    expect(logLine(await world.event('accepted'))).toMatch(/ \(client\.example\) tls=clear from=</)
  })
})
