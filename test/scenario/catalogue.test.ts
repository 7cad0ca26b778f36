import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {CATALOGUE} from '../../src/lab/catalogue.ts'
import type {PartnerDeclaration} from '../../src/lab/partner.ts'
import type {Outcome} from '../../src/policy/evidence.ts'
import {LEVELS} from '../../src/policy/profile.ts'
import {PLAIN} from '../../src/report/paint.ts'
import type {ProbeResult} from '../../src/report/probe-schema.ts'
import {probeText} from '../../src/report/probe-text.ts'
import {type CatalogueBench, catalogueBench, type Delivery} from '../support/catalogue.ts'

/** What was seen of one partner: by the probe, and by the relay's delivery at each level. */
interface Seen {
  probe: ProbeResult
  deliveries: Delivery[]
  /** Where it is declared. */
  full: ProbeResult | null
}

/** Partners that are looked at side by side. Most of the time goes into waiting for those that never answer. */
const SIDE_BY_SIDE = 24

let bench: CatalogueBench
const seen = new Map<string, Seen>()

beforeAll(async () => {
  bench = await catalogueBench()
  const waiting = present().values()
  const look = async () => {
    for (const partner of waiting) {
      const probe = await bench.probe(partner)
      const deliveries = await Promise.all(LEVELS.map((level) => bench.deliver(partner, level)))
      const full = partner.full ? await bench.probe(partner, {full: true}) : null
      seen.set(partner.domain, {probe, deliveries, full})
    }
  }
  await Promise.all(Array.from({length: SIDE_BY_SIDE}, look))
}, 180_000)

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]()
})

/** A machine may have no IPv6, and another lab may have its one address for loopback. */
function present(): PartnerDeclaration[] {
  const running = new Set(bench.lab.partners.map(({name}) => name))
  return CATALOGUE.filter(({name, ipv6}) => running.has(name) || !ipv6)
}

const partners = CATALOGUE.map((declared) => [declared.name, declared] as const)

describe('the catalogue', () => {
  test('has at least ninety partners in trouble, each with a name and a domain of its own', () => {
    expect(CATALOGUE.filter(({trouble}) => !trouble.startsWith('nothing')).length).toBeGreaterThanOrEqual(90)
    for (const key of ['name', 'domain', 'trouble'] as const) {
      const texts = CATALOGUE.map((declared) => declared[key])
      expect(texts.filter((text, i) => texts.indexOf(text) !== i)).toEqual([])
    }
  })

  test.each(partners)('the probe says of %s what is declared', (_, declared) => {
    const found = seen.get(declared.domain)
    if (!found && declared.ipv6) return
    const {levels, delivery} = found!.probe
    const all = allFindings(found!.probe)
    expect({levels, delivery, findings: codes(all, true), remarks: codes(all, false)}).toEqual({
      levels: declared.levels,
      delivery: declared.delivery ?? declared.levels,
      findings: declared.findings,
      remarks: declared.remarks,
    })
  })

  test.each(partners)(
    'a failure of %s shows stage, reply or alert, code, what to do and how to see it',
    (_, declared) => {
      const {probe} = seen.get(declared.domain) ?? {}
      if (!probe) return
      const text = probeText([probe], PLAIN, 1_000)
      for (const address of probe.hosts.flatMap(({addresses}) => addresses)) {
        const {outcome, failure, reach, starttls, handshakeFailure} = address
        if (passing(outcome.secure)) continue
        expect(text).toMatch(/failed at (DNS|TCP|greeting|EHLO|STARTTLS|handshake|EHLO inside TLS|certificate)[ :,]/)
        for (const part of [failure!.code, failure!.fix, failure!.reproduce]) expect(text).toContain(part)
        expect(failure!.reproduce).toMatch(/^openssl s_client .*-connect \S+/)
        const reply = reach.reached ? (starttls.accepted === false ? starttls.reply : null) : reach.reply
        if (reply !== null) expect(text).toContain(`("${reply}")`)
        if (/^ERR_SSL_(?!WRONG_VERSION)/.test(handshakeFailure?.code ?? '')) {
          expect(text).toMatch(/, (we|the peer) sent [a-z_]+ \(\d+\): /)
        }
      }
      for (const {code, hint} of allFindings(probe))
        expect([text.includes(code), text.includes(hint)]).toEqual([true, true])
    },
  )

  const closely = partners.filter(([, {full}]) => full)
  test.each(closely)('the probe says of %s with --full what is declared', (_, declared) => {
    const {probe, full} = seen.get(declared.domain)!
    const usual = new Set(codes(allFindings(probe), false))
    expect(codes(allFindings(full!), false).filter((code) => !usual.has(code))).toEqual(declared.full)
    expect(full!.levels).toEqual(probe.levels)
  })

  test.each(partners)('the relay does with mail to %s what the probe foretells', (_, declared) => {
    const found = seen.get(declared.domain)
    if (!found && declared.ipv6) return
    const {probe, deliveries} = found!
    expect(deliveries.map(({outcome}) => outcome)).toEqual(LEVELS.map((level) => passing(probe.delivery[level])))
    const last = deliveries.at(-1)!
    if (declared.transaction)
      expect(deliveries.map(({result}) => result)).toEqual(LEVELS.map(() => declared.transaction))
    else if (passing(probe.delivery.secure)) expect(last.result).toBe('delivered')
    else expect([last.result, last.status]).toEqual([probe.fate, probe.status])
  })

  const facts: [string, string, (result: ProbeResult) => unknown, unknown][] = [
    ['dnssec-signed', 'validated answers', ({route}) => route.status, 'secure'],
    ['good', 'answers without DNSSEC', ({route}) => route.status, 'insecure'],
    ['dnssec-bogus', 'why they fail', ({findings}) => findings[0]?.message.includes('(EDE 6): made up'), true],
    ['dnssec-bogus-host', 'the same of a host', ({findings}) => findings[0]?.message.includes('(EDE 6)'), true],
    ['dnssec-bogus', 'answers that fail', ({route}) => route.status, 'bogus'],
    ['ocsp-good', 'a good OCSP response', (result) => tlsOf(result)?.ocsp?.status, 'good'],
    ['ocsp-revoked', 'a revocation', (result) => tlsOf(result)?.ocsp?.status, 'revoked'],
    ['ocsp-unknown', 'an OCSP response that knows nothing', (result) => tlsOf(result)?.ocsp?.status, 'unknown'],
    ['ocsp-other', 'an OCSP response of another certificate', (result) => tlsOf(result)?.ocsp?.status, 'other'],
    ['ocsp-garbage', 'what is no OCSP response', (result) => tlsOf(result)?.ocsp?.status, 'unreadable'],
    ['scts-embedded', 'SCTs in the certificate', (result) => tlsOf(result)?.embeddedScts, true],
    ['good', 'no SCTs in the certificate', (result) => tlsOf(result)?.embeddedScts, false],
    ['scts-in-ocsp', 'SCTs in the stapled OCSP response', (result) => tlsOf(result)?.ocsp?.scts, true],
    ['ocsp-good', 'no SCTs in the stapled OCSP response', (result) => tlsOf(result)?.ocsp?.scts, false],
    ['scts-in-handshake', 'SCTs in the handshake', (result) => enumerationOf(result)?.scts, true],
    ['modern', 'no SCTs in the handshake', (result) => enumerationOf(result)?.scts, false],
    ['alpn-insists', 'that it insists on its ALPN', (result) => enumerationOf(result)?.alpn?.answer, 'refused'],
    ['modern', 'that it has no ALPN', (result) => enumerationOf(result)?.alpn?.answer, 'ignored'],
  ]
  test.each(facts)('the probe of %s shows %s', (name, _, fact, expected) => {
    const {probe, full} = seen.get(CATALOGUE.find((one) => one.name === name)!.domain)!
    expect(fact(full ?? probe)).toBe(expected)
  })

  test('messages that were delivered were taken by the partner they were for, each once', () => {
    for (const {domain} of present()) {
      const delivered = seen.get(domain)!.deliveries.filter(({result}) => result === 'delivered')
      expect([domain, bench.lab.received(domain).length]).toEqual([domain, delivered.length])
    }
  })
})

function allFindings({findings, hosts}: ProbeResult) {
  return [...findings, ...hosts.flatMap(({addresses}) => addresses.flatMap((address) => address.findings))]
}

const tlsOf = ({hosts}: ProbeResult) => hosts[0]!.addresses[0]!.tls
const enumerationOf = ({hosts}: ProbeResult) => hosts[0]!.addresses[0]!.enumeration

function codes(findings: {code: string; severity: string}[], errors: boolean): string[] {
  const wanted = findings.filter(({severity}) => (severity === 'error') === errors)
  return [...new Set(wanted.map(({code}) => code))].sort()
}

/** The outcome where mail passes, null where it does not. */
function passing(outcome: Outcome): Outcome | null {
  return outcome === 'refused' || outcome === 'unreachable' ? null : outcome
}
