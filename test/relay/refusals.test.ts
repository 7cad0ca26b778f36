import {afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {profileWith, type TestPki, testPki} from '../support/engine.ts'
import type {Peer} from '../support/peer.ts'
import {Carriage, mailed} from './carriage.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const ZONE = `bad.example 1 MX 10 mx1.example
mx1.example 1 A 127.0.0.9
good.example 1 MX 10 mx2.example
mx2.example 1 A 127.0.0.1
sender.example 1 MX 10 mx2.example
`

let pki: TestPki
let carriage: Carriage
let bad: Peer
let good: Peer
let tls: {cert: string; key: string}

beforeAll(async () => {
  pki = await testPki()
})
beforeEach(async () => {
  carriage = await Carriage.make(pki)
  tls = await pki.host({dnsNames: ['some-other-host.example']})
  bad = await carriage.hopWithTls('127.0.0.9', {tls})
  good = await carriage.hopWithTls('127.0.0.1')
})
afterEach(() => carriage.end())

/** At `secure`; recipients named `anyway…` at `preferred`. */
const profileFor = (recipient: string) => {
  return profileWith([pki.root], recipient.startsWith('anyway') ? 'preferred' : 'secure')
}
const PATIENT = {
  connect: 10_000,
  greeting: 10_000,
  command: 10_000,
  handshake: 10_000,
  dataBlock: 10_000,
  dataEnd: 10_000,
}
const open = () => carriage.open({zone: ZONE, profileFor, timeouts: PATIENT})
const handshakes = () => bad.connections.length
const count = (result: string, domain: string) => {
  return carriage.fates.filter((fate) => fate.startsWith(result) && fate.includes(`@${domain} `)).length
}
const waiting = async () => (await carriage.entries()).flatMap(({recipients}) => recipients)
const mend = async () => Object.assign(tls, await pki.host({dnsNames: ['mx1.example']}))

async function fill(domain: string, many: number, name = 'u'): Promise<void> {
  await Promise.all(Array.from({length: many}, (_, i) => carriage.put({to: [`${name}${i}@${domain}`]})))
}

async function refused(many: number): Promise<void> {
  await fill('bad.example', many)
  carriage.start()
  await expect.poll(() => count('deferred', 'bad.example'), {timeout: 30_000}).toBe(many)
}

describe('a partner with a wrong certificate and 300 messages', () => {
  test('costs a few handshakes, keeps nobody else waiting, and gets each once when it is mended', async () => {
    await open()
    await fill('bad.example', 300)
    await fill('good.example', 50)
    carriage.start()
    await expect.poll(() => count('delivered', 'good.example'), {timeout: 30_000}).toBe(50)
    await expect.poll(() => count('deferred', 'bad.example'), {timeout: 30_000}).toBe(300)
    expect(handshakes()).toBeLessThanOrEqual(6)
    const recipients = await waiting()
    expect(recipients).toHaveLength(300)
    for (const {status, reason} of recipients) {
      expect(status).toBe('4.7.5')
      expect(reason).toContain('some-other-host.example')
    }
    expect(new Set(recipients.map(({dueAt}) => dueAt)).size).toBe(1)

    await mend()
    carriage.ahead = 40 * MINUTE
    carriage.courier.wake()
    await expect.poll(() => count('delivered', 'bad.example'), {timeout: 30_000}).toBe(300)
    expect(mailed(bad)).toHaveLength(300)
    expect(await carriage.entries()).toEqual([])
    expect(mailed(good)).toHaveLength(50)
  })
})

describe('what a policy refuses', () => {
  test('is looked at once when its time has come, and later each time', async () => {
    await open()
    await refused(40)
    const before = handshakes()
    for (const [times, minutes] of [29, 29 + 56].entries()) {
      carriage.ahead = minutes * MINUTE
      carriage.courier.wake()
      await expect.poll(() => count('deferred', 'bad.example'), {timeout: 30_000}).toBe(40 * (times + 2))
      expect(handshakes()).toBe(before + times + 1)
    }
  })

  test('is refused under that policy alone: others at the same destination get their mail', async () => {
    await open()
    await refused(20)
    const before = handshakes()
    await fill('bad.example', 5, 'anyway')
    await fill('bad.example', 5, 'late')
    await expect.poll(() => count('delivered', 'bad.example'), {timeout: 20_000}).toBe(5)
    await expect.poll(() => count('deferred', 'bad.example'), {timeout: 20_000}).toBe(25)
    expect(mailed(bad)).toHaveLength(5)
    expect(handshakes()).toBeLessThanOrEqual(before + 5)
  })

  test('is released as a whole when one is retried by hand', async () => {
    await open()
    await refused(60)
    await mend()
    carriage.courier.forgive()
    await carriage.queue.retryNow({ids: [(await carriage.entries())[0]!.id]})
    await expect.poll(() => count('delivered', 'bad.example'), {timeout: 30_000}).toBe(60)
    expect(mailed(bad)).toHaveLength(60)
  })

  test('is released when another configuration comes into force', async () => {
    await open()
    await refused(60)
    await mend()
    await carriage.courier.revise()
    await expect.poll(() => count('delivered', 'bad.example'), {timeout: 30_000}).toBe(60)
    expect(mailed(bad)).toHaveLength(60)
  })

  test('still leads to the warning and to the end of life in time, with what was found', async () => {
    await open()
    await refused(12)
    carriage.ahead = 4 * HOUR + MINUTE
    carriage.courier.wake()
    await expect.poll(() => mailed(good).length, {timeout: 30_000}).toBe(12)
    expect(mailed(good).every((dsn) => dsn.includes('Action: delayed') && dsn.includes('Status: 4.7.5'))).toBe(true)
    expect(mailed(good).every((dsn) => dsn.includes('mx1.example'))).toBe(true)
    carriage.ahead = 120 * HOUR + MINUTE
    carriage.courier.wake()
    await expect.poll(() => count('bounced', 'bad.example'), {timeout: 30_000}).toBe(12)
    expect(carriage.fates.filter((fate) => fate.startsWith('bounced')).every((fate) => fate.endsWith('5.7.5'))).toBe(
      true,
    )
  })
})
