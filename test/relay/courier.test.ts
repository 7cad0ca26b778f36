import {afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {profileWith, type TestPki, testPki} from '../support/engine.ts'
import {Carriage, mailed, said} from './carriage.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DEAD = 'dead.example 1 MX 10 mx.dead.example\nmx.dead.example 1 A 127.0.0.9\n'
const LIVE = 'live.example 1 MX 10 mx.live.example\nmx.live.example 1 A 127.0.0.1\n'
const SENDER = 'sender.example 1 MX 10 mx.live.example\n'

let pki: TestPki
let carriage: Carriage
beforeAll(async () => {
  pki = await testPki()
})
beforeEach(async () => {
  carriage = await Carriage.make(pki)
})
afterEach(() => carriage.end())

const dials = () => carriage.dialled.filter((address) => address === '127.0.0.9').length
const fatesOf = (domain: string, result: string) => {
  return carriage.fates.filter((fate) => fate.startsWith(`${result} `) && fate.includes(`@${domain} `))
}

async function fill(domain: string, count: number, receivedAt = Date.now()): Promise<void> {
  await Promise.all(Array.from({length: count}, (_, i) => carriage.put({to: [`u${i}@${domain}`], receivedAt})))
}

describe('a destination that swallows every packet', () => {
  test('with 500 older messages lets a live one through, and is dialled a few times at most', async () => {
    await carriage.hop('127.0.0.1')
    await carriage.open({zone: DEAD + LIVE, blackHoles: ['127.0.0.9'], timeouts: {connect: 2_000}})
    await fill('dead.example', 500, Date.now() - MINUTE)
    await fill('live.example', 30)
    carriage.start()
    await expect.poll(() => fatesOf('live.example', 'delivered').length, {timeout: 20_000}).toBe(30)
    expect(fatesOf('dead.example', 'deferred')).toEqual([])
    await expect.poll(() => fatesOf('dead.example', 'deferred').length, {timeout: 20_000}).toBe(5)
    expect(dials()).toBe(5)
    const dues = new Set((await carriage.entries()).map(({recipients}) => recipients[0]!.dueAt))
    expect(dues.size).toBe(1)
    expect([...dues][0]! - Date.now()).toBeGreaterThan(20 * MINUTE)
  })

  test('keeps nobody waiting whose time comes meanwhile', async () => {
    await carriage.hop('127.0.0.1')
    await carriage.open({zone: DEAD + LIVE, blackHoles: ['127.0.0.9'], timeouts: {connect: 300_000}})
    await fill('dead.example', 20)
    const address = 'a@live.example'
    const later = {address, options: {}, destination: 'live.example', dueAt: Date.now() + 2_000}
    await carriage.put({to: [], recipients: [later]})
    carriage.start()
    await carriage.fate(address)
  })

  test('is dialled once for all when the time has come, and later each time', async () => {
    await carriage.open({zone: DEAD, blackHoles: ['127.0.0.9'], timeouts: {connect: 100}})
    await fill('dead.example', 50)
    carriage.start()
    await expect.poll(() => fatesOf('dead.example', 'deferred').length).toBe(5)
    for (const [number, minutes] of [28, 28 + 55, 28 + 55 + 110].entries()) {
      carriage.ahead = minutes * MINUTE
      carriage.courier.wake()
      await expect.poll(() => fatesOf('dead.example', 'deferred').length).toBe(6 + number)
      expect(dials()).toBe(6 + number)
      await expect.poll(async () => (await carriage.queue.counts()).due).toBe(0)
    }
  })

  test('and comes back releases everything that waits for it, at the first success', async () => {
    const hole = ['127.0.0.9']
    await carriage.hop('127.0.0.9')
    await carriage.open({zone: DEAD, blackHoles: hole, timeouts: {connect: 100}})
    await fill('dead.example', 200)
    carriage.start()
    await expect.poll(() => fatesOf('dead.example', 'deferred').length).toBe(5)
    await expect.poll(async () => (await carriage.queue.counts()).due).toBe(0)
    hole.length = 0
    // Somebody retries a single message by hand.
    carriage.courier.forgive()
    await carriage.queue.retryNow({ids: [(await carriage.entries())[0]!.id]})
    await expect.poll(() => fatesOf('dead.example', 'delivered').length, {timeout: 20_000}).toBe(200)
    expect(await carriage.entries()).toEqual([])
  })

  test('still waits after a restart, where a new message costs one attempt and no more', async () => {
    await carriage.open({zone: DEAD, blackHoles: ['127.0.0.9'], timeouts: {connect: 100}})
    await fill('dead.example', 50)
    carriage.start()
    await expect.poll(async () => (await carriage.queue.counts()).due).toBe(0)
    const before = dials()
    await carriage.restart()
    await carriage.put({to: ['new@dead.example']})
    await carriage.fate('new@dead.example')
    await carriage.put({to: ['newer@dead.example']})
    await expect.poll(async () => (await carriage.queue.counts()).due).toBe(0)
    expect(dials()).toBe(before + 1)
    expect(carriage.fates.some((fate) => fate.includes('newer@'))).toBe(false)
  })

  test('keeps no sender from the warning and the end of life, though nobody is dialled for either', async () => {
    const hop = await carriage.hop('127.0.0.1')
    await carriage.open({zone: DEAD + LIVE + SENDER, blackHoles: ['127.0.0.9'], timeouts: {connect: 100}})
    const now = Date.now()
    await carriage.put({to: ['late@dead.example'], receivedAt: now - 4 * HOUR + 10 * MINUTE})
    await carriage.put({to: ['old@dead.example'], receivedAt: now - 120 * HOUR + 15 * MINUTE})
    carriage.start()
    // A delivery that is under way when the clock jumps would lose its lease.
    const told = (number: number) => expect.poll(() => fatesOf('sender.example', 'delivered').length).toBe(number)
    await told(1)
    const before = dials()
    carriage.ahead = 11 * MINUTE
    carriage.courier.wake()
    await told(2)
    carriage.ahead = 16 * MINUTE
    carriage.courier.wake()
    await told(3)
    expect(mailed(hop)).toHaveLength(3)
    expect(fatesOf('dead.example', 'bounced')).toEqual(['bounced old@dead.example 5.4.7'])
    expect(dials()).toBe(before)
  })
})

test('a host of many domains gets no more connections than the limit per address, and all its mail', async () => {
  const hop = await carriage.hop('127.0.0.1')
  const domains = Array.from({length: 12}, (_, i) => `d${i}.example`)
  const zone = domains.map((domain) => `${domain} 1 MX 10 mx.live.example\n`).join('')
  await carriage.open({zone: zone + LIVE, limits: {connectionsPerAddress: 3}})
  for (const domain of domains) await fill(domain, 3)
  carriage.start()
  await expect
    .poll(() => carriage.fates.filter((fate) => fate.startsWith('delivered')).length, {timeout: 30_000})
    .toBe(36)
  expect(carriage.fates).toHaveLength(36)
  expect(carriage.mostOpen).toBe(3)
  expect(mailed(hop)).toHaveLength(36)
})

test('failures that fallback-after counts are remembered over a restart', async () => {
  const hop = await carriage.hop('127.0.0.1', {extensions: ['STARTTLS'], replies: {STARTTLS: '454 4.7.0 not now'}})
  const patient = profileWith([pki.root], 'preferred', {fallbackAfter: 2})
  await carriage.open({zone: LIVE, profileFor: () => patient})
  carriage.start()
  await carriage.put({to: ['u@live.example']})
  expect(await carriage.fate('u@live.example')).toMatchObject({event: 'deferred', status: '4.7.4'})
  await carriage.restart()
  await carriage.queue.retryNow({})
  await expect.poll(() => fatesOf('live.example', 'delivered')).toEqual(['delivered u@live.example 2.0.0'])
  expect(said(hop, 'MAIL')).toHaveLength(1)
})

test('TLS sessions are resumed between messages, and the log says so', async () => {
  const tls = {...(await pki.host({dnsNames: ['mx.live.example']})), ticketKeys: Buffer.alloc(48, 'a key')}
  await carriage.hop('127.0.0.1', {
    tls,
    replies: {
      '.': ({send, end}) => {
        send('250 2.0.0 kept\r\n')
        end()
      },
    },
  })
  await carriage.open({zone: LIVE, profileFor: () => profileWith([pki.root], 'secure')})
  carriage.start()
  for (const name of ['one', 'two']) {
    await carriage.put({to: [`${name}@live.example`]})
    await carriage.fate(`${name}@live.example`)
  }
  const paths = carriage.events.flatMap((event) => (event.event === 'delivered' ? [event.path] : []))
  expect(paths.map((path) => [path?.outcome, path?.reused, path?.resumed])).toEqual([
    ['verified', false, false],
    ['verified', false, true],
  ])
  expect(paths[1]?.fingerprint).toBe(paths[0]?.fingerprint)
})

test('one connection per address is enough for a clear-text fallback, which is a new connection', async () => {
  const hop = await carriage.hop('127.0.0.1', {extensions: ['STARTTLS'], replies: {STARTTLS: ({drop}) => drop()}})
  await carriage.open({zone: LIVE, limits: {connectionsPerAddress: 1}})
  carriage.start()
  await carriage.put({to: ['u@live.example']})
  expect(await carriage.fate('u@live.example')).toMatchObject({event: 'delivered', path: {outcome: 'clear'}})
  expect(hop.connections).toHaveLength(2)
})
