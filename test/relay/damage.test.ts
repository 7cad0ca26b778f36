import {readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {messageHeaders} from '../../src/app/queue-body.ts'
import {resumeDomain, suspendDomain} from '../../src/app/queue-suspend.ts'
import {send} from './client.ts'
import {RelayWorld} from './support.ts'

let world: RelayWorld
beforeEach(async () => {
  world = await RelayWorld.make()
})
afterEach(() => world.end())

/** More than one frame of a segment file. */
const large = (subject: string) => `Subject: ${subject}\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(2000)}`
const FRAME = 8 + 65_536

/** Takes in two messages, spoils the one with the octet of its file at `place`, and lets both go. */
async function relayWithDamage(place: number) {
  const sink = await world.peer()
  await world.start(`routes: [{domain: "*", host: 127.0.0.1, port: ${sink.port}}]\n`)
  await suspendDomain(world.world, 'example.mil', null)
  const dir = join(world.world.dataDir, 'queue', 'segments')
  expect(await send(world.port(), {to: ['a@example.mil'], message: large('spoilt')})).toMatch(/^250 /)
  const path = join(dir, readdirSync(dir)[0]!)
  expect(await send(world.port(), {to: ['a@example.mil'], message: large('sound')})).toMatch(/^250 /)
  const file = readFileSync(path)
  file[place]! ^= 0x10
  writeFileSync(path, file)
  const spoilt = (await world.queue())[0]!.id
  const shown = await messageHeaders(world.world, spoilt)
  await resumeDomain(world.world, 'example.mil')
  await expect.poll(async () => (await world.queue()).length, {timeout: 30_000}).toBe(0)
  const arrived = sink.connections.flatMap(({messages}) => messages)
  const dsn = arrived.find((message) => message.includes('multipart/report'))
  const delivered = arrived.filter((message) => !message.includes('multipart/report'))
  return {spoilt, shown, dsn, delivered}
}

test('a message whose file is damaged behind its headers is returned with them, and never delivered', async () => {
  const {spoilt, shown, dsn, delivered} = await relayWithDamage(16 + FRAME + 100)
  expect(shown.damage).toMatch(/^the stored body of message \w+ is damaged: frame 1 /)
  expect(shown.headers.toString()).toContain('Subject: spoilt\r\n')
  expect(delivered).toHaveLength(1)
  expect(delivered[0]).toContain('Subject: sound')
  expect(dsn).toContain('Subject: spoilt')
  expect(dsn).toContain('Status: 5.3.0')
  expect(await world.event('bounced')).toMatchObject({queue: spoilt, status: '5.3.0'})
}, 60_000)

test('a message of whose file nothing can be read is returned without its headers', async () => {
  const {spoilt, shown, dsn, delivered} = await relayWithDamage(3)
  expect(shown).toMatchObject({damage: expect.stringContaining('no good header')})
  expect(shown.headers).toHaveLength(0)
  expect(delivered).toHaveLength(1)
  expect(dsn).toContain('Final-Recipient: rfc822;')
  expect(dsn).not.toContain('Subject: spoilt')
  expect((await world.event('dsn')).about).toBe(spoilt)
}, 60_000)
