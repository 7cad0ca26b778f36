import {connect} from 'node:net'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {clientKey} from '../../src/relay/client-key.ts'
import {ClientRates} from '../../src/relay/client-rates.ts'
import type {RelayEvent} from '../../src/relay/log.ts'
import {TurnedAway} from '../../src/relay/turned-away.ts'
import {RawClient} from '../smtp/receive-support.ts'
import {client, send, submit} from './client.ts'
import {NOWHERE, RelayWorld} from './support.ts'

const TO = {to: ['colonel@example.mil']}
const MINUTE = 60_000

describe('a client is counted', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::ffff', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ])('%s as %s', (address, key) => {
    expect(clientKey(address)).toBe(key)
  })
})

describe('a rate', () => {
  const rate = {count: 3, per: MINUTE}

  test('allows a burst, then one more each time its share of the time is over', () => {
    const rates = new ClientRates()
    const at = (now: number) => rates.take('a', rate, now)
    expect([at(0), at(0), at(0), at(0)]).toEqual([true, true, true, false])
    expect([at(19_000), at(20_000), at(20_001)]).toEqual([false, true, false])
    expect([at(9e9), at(9e9), at(9e9), at(9e9)]).toEqual([true, true, true, false])
  })

  test('is kept for each client, and a clock that is set back gives nothing', () => {
    const rates = new ClientRates()
    for (let i = 0; i < 3; i++) rates.take('a', rate, MINUTE)
    expect(rates.take('b', rate, MINUTE)).toBe(true)
    expect(rates.take('a', rate, 0)).toBe(false)
  })
})

describe('clients that are turned away', () => {
  const log: RelayEvent[] = []
  const turned = () => new TurnedAway({event: (event) => log.push(event)})
  beforeEach(() => void log.splice(0))

  test('write one line at once, and one more for all that came after it', () => {
    const away = turned()
    for (let i = 0; i < 1000; i++) away.note('connection-refused', '192.0.2.7', 'too many connections')
    away.note('connection-refused', '192.0.2.8', 'too many connections')
    away.close()
    expect(log).toMatchObject([
      {client: '192.0.2.7', count: 1},
      {client: '192.0.2.8', count: 1},
      {client: '192.0.2.7', count: 999},
    ])
  })

  test('share a line when they are very many', () => {
    const away = turned()
    for (let i = 0; i < 10_000; i++) away.note('connection-refused', `2001:db8::${i}`, 'connects too often')
    away.close()
    expect(log).toHaveLength(201)
    expect(log.at(-1)).toMatchObject({client: 'others', count: 9800})
  })
})

describe('the relay', () => {
  let world: RelayWorld
  beforeEach(async () => {
    world = await RelayWorld.make()
  })
  afterEach(() => world.end())
  const limited = (limits: string, more = '') => world.start(`${NOWHERE}limits: {${limits}}\n${more}`)

  test('takes so many messages of a client in a time, over as many sessions as it likes', async () => {
    await limited('messagesPerClient: 2/1m')
    expect(await send(world.port(), TO)).toMatch(/^250 /)
    const raw = await client(world.port())
    expect(await submit(raw, TO)).toMatch(/^250 /)
    expect(await submit(raw, TO)).toBe('450 4.7.1 too many messages, send more slowly')
    expect(await world.event('held-back')).toMatchObject({
      client: '127.0.0.1',
      reason: expect.stringContaining('2 in 60 s'),
    })
    world.ahead = MINUTE
    expect(await submit(raw, TO)).toMatch(/^250 /)
  })

  test('takes so many recipients of a client in a time, and keeps those it took', async () => {
    await limited('recipientsPerClient: 2/1m')
    const raw = await client(world.port())
    await raw.ask('MAIL FROM:<ops@example.org>')
    const all: string[] = []
    for (const name of ['a', 'b', 'c']) all.push((await raw.ask(`RCPT TO:<${name}@example.mil>`)).slice(0, 9))
    expect(all).toEqual(['250 2.1.5', '250 2.1.5', '450 4.7.1'])
    await raw.ask('DATA')
    expect(await raw.ask('.')).toMatch(/^250 /)
    expect((await world.queue())[0]!.recipients).toHaveLength(2)
  })

  test('lets a client connect so often, and tells of a flood in two lines', async () => {
    await limited('connectionRatePerClient: 3/1m')
    for (let i = 0; i < 3; i++) (await client(world.port())).close()
    for (let i = 0; i < 20; i++) {
      const raw = await client(world.port())
      expect(await raw.reply()).toBe('closed')
    }
    await world.relay!.stop('the test wants the last line')
    expect(world.seen('connection-refused')).toMatchObject([{count: 1}, {client: '127.0.0.1', count: 19}])
  })

  test('counts another address by itself', async () => {
    await limited('connectionsPerClient: 1')
    const held = await client(world.port())
    const other = connect({port: world.port(), host: '127.0.0.1', localAddress: '127.0.0.2'})
    const greeting = await new Promise((resolve) => other.once('data', (octets) => resolve(String(octets).slice(0, 3))))
    expect(greeting).toBe('220')
    other.destroy()
    held.close()
  })

  test('bounds the connections of all clients together', async () => {
    await limited('connections: 1')
    const held = await client(world.port())
    const next = await client(world.port())
    expect(await next.reply()).toBe('closed')
    expect((await world.event('connection-refused')).reason).toBe('too many connections of all clients')
    held.close()
  })

  test.each([
    ['the client networks like everyone by default', '', '450 4.7.1'],
    ['not the client networks where they are exempt', ', exemptClients: true', '250 2.1.0'],
  ])('holds back %s', async (_, more, reply) => {
    await limited(`messagesPerClient: 1/1m${more}`)
    const raw = await client(world.port())
    expect(await submit(raw, TO)).toMatch(/^250 /)
    expect(await raw.ask('MAIL FROM:<>')).toMatch(new RegExp(`^${reply.replaceAll('.', '\\.')} `))
  })

  test('ends a session after so many errors, and tells of it', async () => {
    await limited('errorsPerSession: 2')
    const raw = await client(world.port())
    for (let i = 0; i < 2; i++) expect(await raw.ask('X')).toMatch(/^500 /)
    expect(await raw.ask('X')).toMatch(/^421 4\.7\.0 /)
    expect((await world.event('held-back')).reason).toContain('too many errors')
  })

  test('greets late where it is told to, and refuses who speaks before', async () => {
    await limited('greetingDelay: 1m')
    const raw = await RawClient.open(world.port())
    expect(await raw.ask('EHLO early.example')).toMatch(/^554 /)
    expect(await raw.reply()).toBe('closed')
    expect((await world.event('held-back')).reason).toBe('the client spoke before the greeting')
  })

  test('refuses a loop after as many hops as it is told', async () => {
    await limited('hops: 10')
    const hops = (count: number) =>
      `${'Received : from a by b;\r\n\tReceived: no header\r\n'.repeat(count)}\r\nReceived: body\r\n`
    expect(await send(world.port(), {...TO, message: hops(11)})).toMatch(/^554 5\.4\.6 /)
    expect(await send(world.port(), {...TO, message: hops(10)})).toMatch(/^250 /)
  })

  test.each([
    ['550 5.6.0 message holds a NUL', 'a\0b\r\n'],
    ['552 5.3.4 message too big', 'line\r\n'.repeat(400)],
  ])('tells in the log of a message that is answered %s', async (reply, message) => {
    await limited('messageSize: 1KiB')
    expect(await send(world.port(), {...TO, message})).toMatch(reply)
    expect(await world.event('rejected')).toMatchObject({command: 'DATA', reply, reason: 'the message as it came'})
    expect(world.relay!.status().tally.rejected).toEqual([{command: 'DATA', code: reply.slice(0, 3), count: 1}])
  })

  test.each(['messagesPerClient: 0/1m', 'messagesPerClient: 5', 'hops: 1', 'connections: 0', 'greetingDelay: 1h'])(
    'does not start with `%s`',
    async (limit) => {
      await expect(limited(limit)).rejects.toThrow(/expected/)
    },
  )
})
