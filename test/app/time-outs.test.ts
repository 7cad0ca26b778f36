import {createSocket} from 'node:dgram'
import {once} from 'node:events'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {TLSSocket} from 'node:tls'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {deliverDirect} from '../../src/app/deliver-direct.ts'
import {MailAddress} from '../../src/mail/address.ts'
import type {IssuedCertificate} from '../../src/pki/issue.ts'
import {LEVELS, type Level} from '../../src/policy/profile.ts'
import {authorities, MX, pemOf} from '../support/authorities.ts'
import type {PeerScript} from '../support/peer.ts'
import {type ProbeBench, probeBench} from '../support/probe.ts'

const ZONE = `example.mil 60 MX 10 ${MX}\n${MX} 60 A 127.0.0.2`
/** Milliseconds for everything; no step of its own is that short. */
const WHOLE = 1_200

let pki: Awaited<ReturnType<typeof authorities>>
let leaf: IssuedCertificate

beforeAll(async () => {
  pki = await authorities('Example')
  leaf = await pki.leaf()
})

const tls = () => ({cert: pemOf(leaf, pki.intermediate), key: leaf.keyPem})

/** A peer that falls silent at this stage, by the stage's name in a probe's report. */
const STALLED: Record<string, () => PeerScript> = {
  greeting: () => ({greeting: null}),
  ehlo: () => ({replies: {EHLO: null, HELO: null}}),
  starttls: () => ({extensions: ['STARTTLS'], replies: {STARTTLS: null}}),
  handshake: () => ({extensions: ['STARTTLS'], replies: {STARTTLS: '220 go ahead'}}),
  'ehlo-after-tls': () => {
    const hello: NonNullable<PeerScript['replies']>[string] = ({send, stream}) => {
      if (!(stream instanceof TLSSocket)) send('250-peer\r\n250 STARTTLS\r\n')
    }
    return {tls: tls(), replies: {EHLO: hello}}
  },
}

describe.each(Object.keys(STALLED))('a peer that stalls at %s until the whole time is over', (stage) => {
  let bench: ProbeBench

  beforeAll(async () => {
    bench = await probeBench(ZONE, [STALLED[stage]!()])
    await mkdir(join(bench.world.configDir, 'profiles'), {recursive: true})
    await writeFile(join(bench.world.configDir, 'root.pem'), pki.root.certificatePem)
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  const send = (profile: Level) => {
    const to = [MailAddress.parse('colonel@example.mil')]
    return deliverDirect(bench.world, {from: null, to, message: Buffer.from('\r\n'), profile, timeout: WHOLE})
  }

  test('is unreachable to the probe, which says where', async () => {
    const result = await bench.probe('example.mil', {profile: 'secure', pause: 0, timeout: WHOLE})
    const address = result.hosts[0]!.addresses[0]!
    expect([result.exit, result.fate, result.timedOut]).toEqual([75, 'deferred', true])
    expect(address.outcome).toMatchObject({preferred: 'unreachable', encrypt: 'unreachable', secure: 'unreachable'})
    expect(address.failure?.stage).toBe(stage)
  })

  test('is unreachable to a delivery by hand too, and the mail waits', async () => {
    // Level none never sends STARTTLS.
    const levels = LEVELS.filter((level) => level !== 'none')
    for (const result of await Promise.all(levels.map(send))) {
      expect([result.exit, result.outcome]).toEqual([75, 'deferred'])
      expect(result.path?.attempts.map(({outcome}) => outcome)).toEqual(['unreachable'])
    }
  })
})

test('a DNS server that never answers is named before the whole time is over', async () => {
  const server = createSocket('udp4').bind(0, '127.0.0.1')
  await once(server, 'listening')
  await using bench = await probeBench(ZONE, [{}])
  const resolver = [`127.0.0.1:${server.address().port}`]
  const {exit, timedOut, findings} = await bench.probe('example.mil', {profile: 'secure', timeout: 3_000, resolver})
  server.close()
  expect([exit, timedOut ?? false]).toEqual([75, false])
  expect(findings.map(({code}) => code)).toContain('local-resolver-down')
  expect(findings.map(({message}) => message).join()).toContain(`${resolver[0]}: no answer within`)
})
