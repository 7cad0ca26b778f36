import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {CalmLog} from '../../src/relay/calm-log.ts'
import type {RelayEvent} from '../../src/relay/log.ts'
import {logLine} from '../../src/relay/log-line.ts'
import {client} from './client.ts'
import {type EventOf, NOWHERE, RelayWorld} from './support.ts'

const path = {level: null, outcome: 'clear', rules: [], profiles: [], version: null, cipher: null, group: null}
const rejected = (client: string, argument = '<a@b.example>'): EventOf<'rejected'> => ({
  event: 'rejected',
  session: 's1',
  client,
  command: 'RCPT',
  argument,
  reply: '550 5.7.1 relaying denied',
  path: {...path, fingerprint: null} as never,
  reason: 'no relay for "others"',
})

describe('refused commands in the log', () => {
  test('of a client are told one by one up to twenty, then by their number, and another client is told of all the same', () => {
    const told: RelayEvent[] = []
    const calm = new CalmLog({event: (event) => told.push(event)})
    for (let i = 0; i < 5_000; i++) calm.event(rejected('192.0.2.1', `<u${i}@b.example>`))
    calm.event(rejected('192.0.2.2'))
    calm.event({event: 'stopping', reason: 'x'})
    expect(told).toHaveLength(22)
    calm.tell()
    expect(told.slice(22)).toMatchObject([{client: '192.0.2.1', argument: '<u4999@b.example>', count: 4_980}])
    expect(logLine(told[22]!)).toMatch(/ count=4980$/)
    calm.event(rejected('192.0.2.1'))
    expect(told).toHaveLength(24)
    calm.close()
    expect(told).toHaveLength(24)
  })

  test('of ten thousand clients share one line', () => {
    const told: RelayEvent[] = []
    const calm = new CalmLog({event: (event) => told.push(event)})
    for (let i = 0; i < 10_000; i++) calm.event(rejected(`2001:db8::${i.toString(16)}`))
    calm.close()
    expect(told).toHaveLength(200 + 20 + 1)
    expect(told.at(-1)).toMatchObject({client: 'others', count: 10_000 - 220})
  })

  test('are quoted so that a line can be taken apart again', () => {
    const line = logLine({...rejected('192.0.2.1'), reply: '454 "TLS" \\ unavailable'})
    expect(JSON.parse(/reply=("(?:[^"\\]|\\.)*")/.exec(line)![1]!)).toBe('454 "TLS" \\ unavailable')
    expect(JSON.parse(/reason=("(?:[^"\\]|\\.)*")/.exec(line)![1]!)).toBe('no relay for "others"')
  })
})

describe('a relay', () => {
  let world: RelayWorld
  beforeEach(async () => {
    world = await RelayWorld.make()
  })
  afterEach(() => world.end())

  test('counts every refused recipient and tells of twenty', async () => {
    await world.start(`${NOWHERE}clients: []\nlimits: {errorsPerSession: 10000}\n`)
    const raw = await client(world.port())
    await raw.ask('MAIL FROM:<a@b.example>')
    for (let i = 0; i < 100; i++) expect(await raw.ask(`RCPT TO:<u${i}@elsewhere.example>`)).toMatch(/^550 /)
    raw.socket.destroy()
    expect(world.relay!.status().tally.rejected).toEqual([{command: 'RCPT', code: '550', count: 100}])
    expect(world.seen('rejected')).toHaveLength(20)
    await world.relay!.stop('the test is over')
    expect(world.seen('rejected').at(-1)).toMatchObject({argument: '<u99@elsewhere.example>', count: 80})
  })
})
