import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {relayReport} from '../../src/app/relay-status.ts'
import {client, send, submit} from './client.ts'
import {RelayWorld} from './support.ts'

let world: RelayWorld
beforeEach(async () => {
  world = await RelayWorld.make()
})
afterEach(() => world.end())

const status = async () => (await relayReport(world.world))!

describe('the status of a relay', () => {
  test('counts what came in, what was refused, and what became of each recipient at which level', async () => {
    const hop = await world.peer({replies: {RCPT: '550 5.1.1 no such user'}})
    await world.start(
      `routes: [{domain: "*", host: 127.0.0.1, port: ${hop.port}}]\nclients: []\ndomains: [example.mil]\n`,
    )
    await send(world.port(), {to: ['nobody@example.mil']})
    await submit(await client(world.port(), 'starttls'), {from: '', to: ['nobody@example.mil']})
    expect(await send(world.port(), {to: ['a@elsewhere.example']})).toMatch(/^550 /)
    await expect.poll(async () => (await status()).counters.bounced, {timeout: 30_000}).toBe(3)
    const {tally, counters} = await status()
    expect(counters.accepted).toBe(2)
    expect(tally.received).toEqual([
      {tls: 'clear', messages: 1, octets: expect.any(Number)},
      {tls: 'tls', messages: 1, octets: expect.any(Number)},
    ])
    expect(tally.rejected).toEqual([{command: 'RCPT', code: '550', count: 1}])
    expect(tally.recipients).toContainEqual({result: 'bounced', level: 'preferred', outcome: 'clear', count: 3})
    expect(tally.connections).toEqual({accepted: 3, refused: 0})
    expect(tally.dsns).toEqual([{kind: 'failed', count: 1}])
  })

  test('tells how long the certificate lasts, and that an expired one makes the relay unfit', async () => {
    await world.start()
    const [certificate] = (await status()).certificates
    expect(certificate).toMatchObject({identity: 'default', notAfter: expect.any(String)})
    expect((await status()).problems).toEqual([])
    world.ahead = (certificate!.daysLeft + 1) * 86_400_000
    expect((await status()).problems).toEqual([expect.stringContaining('the certificate of identity default expired')])
  })
})
