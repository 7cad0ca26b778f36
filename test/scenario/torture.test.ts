import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {Carriage, mailed} from '../relay/carriage.ts'
import {profileWith, testPki} from '../support/engine.ts'
import {type Peer, peer} from '../support/peer.ts'
import {HOPS, type Hop} from './torture-hops.ts'

/** Long enough for two slow cores with all of them at once, short enough for silence. */
const STEP = 3_000
const LARGE = `Subject: large\r\n\r\n${'a line of thirty-two octets.....\r\n'.repeat(400_000)}`

let carriage: Carriage
const hops: Peer[] = []
const recipient = (i: number) => `u@t${i}.example`
const address = (i: number) => `127.0.7.${i + 1}`

/** All hops at once, and one message for each, through queue, courier, path engine and TLS. */
beforeAll(async () => {
  carriage = await Carriage.make()
  const {pki} = carriage
  const other = await testPki()
  for (const [i, hop] of HOPS.entries()) {
    const issuer = hop.tls === 'untrusted' ? other : pki
    const tls = hop.tls && {
      ...(await issuer.host({dnsNames: [`mx${i}.example`]})),
      ...(hop.tls === 'TLSv1.2' && {maxVersion: 'TLSv1.2' as const}),
    }
    hops.push(await carriage.hop(address(i), {...hop.script, ...(tls && {tls})}))
  }
  await carriage.open({
    zone: HOPS.map((_, i) => `t${i}.example 1 MX 10 mx${i}.example\nmx${i}.example 1 A ${address(i)}`).join('\n'),
    timeouts: {connect: STEP, greeting: STEP, command: STEP, handshake: STEP, dataBlock: STEP, dataEnd: STEP},
    profileFor: (to) => profileWith([pki.root], HOPS[Number(/@t(\d+)/.exec(to)![1])]!.level ?? 'preferred'),
  })
  for (const [i, hop] of HOPS.entries()) {
    await carriage.put({to: [recipient(i)], from: '', ...(hop.large && {text: LARGE})})
  }
  carriage.start()
}, 120_000)

afterAll(() => carriage.end())

describe('a next hop that misbehaves', () => {
  test('in one of at least 45 ways keeps no other waiting: each message has its fate', async () => {
    expect(await carriage.waitFor(HOPS.length)).toHaveLength(HOPS.length)
    expect(HOPS.length).toBeGreaterThanOrEqual(45)
    expect(new Set(HOPS.map(({does, level}) => `${does} ${level}`)).size).toBe(HOPS.length)
  })

  test.each(HOPS.map((hop, i) => [hop.does, hop.fate, hop, i] as const))(
    'at the %s leaves mail %s',
    async (_, fate, hop, i) => {
      const ending = await carriage.fate(recipient(i))
      expect(`${ending.event} ${ending.status}`).toMatch(`${fate} ${hop.status}`)
      // RFC 2920 §3.1: an empty message ends a DATA that went out with what was refused.
      const whole = mailed(hops[i]!).filter((text) => text !== '')
      expect(whole).toHaveLength(hop.took ? 1 : 0)
      if (fate === 'deferred') expect(ending.reason.includes('may have arrived')).toBe(hop.twice === true)
    },
  )

  test('and is put right gets what waits for it, once, and nothing that was settled', async () => {
    const mended: Peer[] = []
    for (const [i, hop] of hops.entries()) {
      await hop.stop()
      const tls = HOPS[i]!.level === 'secure' ? await carriage.pki.host({dnsNames: [`mx${i}.example`]}) : undefined
      mended.push(await peer({address: address(i), port: hop.port, ...(tls && {tls})}))
    }
    carriage.peers.push(...mended)
    carriage.courier.forgive()
    await carriage.queue.retryNow({})
    await expect.poll(() => carriage.entries(), {timeout: 60_000, interval: 200}).toEqual([])
    expect(mended.map((hop, i) => `${HOPS[i]!.does}: ${mailed(hop).length}`)).toEqual(
      HOPS.map(({does, fate}) => `${does}: ${fate === 'deferred' ? 1 : 0}`),
    )
  }, 90_000)

  test('may keep a message that it did not acknowledge, and only then is it sent twice', () => {
    const twice = HOPS.filter((hop: Hop) => hop.twice)
    expect(twice.every(({fate, took}) => fate === 'deferred' && took)).toBe(true)
  })
})
