import fc from 'fast-check'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {openMailPath} from '../../src/path/open.ts'
import type {MailPath} from '../../src/path/path.ts'
import {LEVELS} from '../../src/policy/profile.ts'
import {engineWorld, profileWith, requestFor, type TestPki, testPki} from '../support/engine.ts'
import {type Peer, type PeerScript, peer} from '../support/peer.ts'
import {zoneServer} from '../support/zone.ts'

let pki: TestPki
const scripts = new Map<string, PeerScript>()
const hosts: Peer[] = []

/** Every kind of host, each at an address of its own. */
beforeAll(async () => {
  pki = await testPki()
  const names = {dnsNames: ['mx1.example.mil', 'mx2.example.mil']}
  const offers = (answer: string): PeerScript => ({extensions: ['STARTTLS'], replies: {STARTTLS: answer}})
  scripts.set('good', {tls: await pki.host(names)})
  scripts.set('other CA', {tls: await (await testPki()).host(names)})
  scripts.set('wrong name', {tls: await pki.host({dnsNames: ['mx.other.example']})})
  scripts.set('expired', {
    tls: await pki.host({...names, notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01')}),
  })
  scripts.set('no STARTTLS', {})
  scripts.set('STARTTLS refused', offers('454 4.7.0 not now'))
  scripts.set('handshake broken', {extensions: ['STARTTLS'], replies: {STARTTLS: ({end}) => end()}})
  scripts.set('injecting', offers('220 go\r\n250 injected'))
  scripts.set('busy', {greeting: '421 4.3.2 busy'})
  let i = 10
  for (const script of scripts.values()) {
    hosts.push(await peer({...script, address: `127.0.0.${i++}`, port: hosts[0]?.port ?? 0}))
  }
})

afterAll(async () => {
  for (const host of hosts) await host.stop()
})

/** How the message would go: the outcome at the address that takes it, or the fate of the recipient. */
function manner(path: MailPath): string {
  if (path.status === 'open') return `${path.attemptVerdict.outcome} at ${path.attempt.host}`
  const {attempts, fate, status} = path.verdict
  const passing = attempts.findIndex(({outcome}) => ['clear', 'tls', 'verified'].includes(outcome))
  if (passing < 0) return `${fate} ${status}`
  return `${attempts[passing]!.outcome} at ${path.evidence.attempts[passing]!.host}`
}

test('what the survey foretells is what the walk does', async () => {
  const kinds = [...scripts.keys()]
  const kind = fc.constantFrom(...kinds)
  const profiles = fc.record({
    level: fc.constantFrom(...LEVELS),
    onFailure: fc.constantFrom('tempfail' as const, 'fail' as const),
    fallbackAfter: fc.constantFrom(1, 2, 'never' as const),
  })
  await fc.assert(
    fc.asyncProperty(kind, kind, profiles, fc.nat(2), async (first, second, {level, ...change}, failed) => {
      const dns = await zoneServer(`
        example.mil     60 MX 10 mx1.example.mil
        example.mil     60 MX 20 mx2.example.mil
        mx1.example.mil 60 A  ${hosts[kinds.indexOf(first)]!.address}
        mx2.example.mil 60 A  ${hosts[kinds.indexOf(second)]!.address}
      `)
      try {
        const world = engineWorld(dns.address, hosts[0]!.port)
        const request = requestFor('example.mil', profileWith([pki.root], level, change), {failedBefore: () => failed})
        const foretold = await openMailPath(world, {...request, visit: 'all'})
        const walked = await openMailPath(world, request)
        if (walked.status === 'open') await walked.session.quit()
        expect(manner(walked)).toBe(manner(foretold))
      } finally {
        await dns.stop()
      }
    }),
    {numRuns: 60},
  )
})
