import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {CATALOGUE} from '../../src/lab/catalogue.ts'
import type {PartnerDeclaration} from '../../src/lab/partner.ts'
import type {Outcome} from '../../src/policy/evidence.ts'
import {LEVELS} from '../../src/policy/profile.ts'
import type {ProbeResult} from '../../src/report/probe-schema.ts'
import {type CatalogueBench, catalogueBench, type Delivery} from '../support/catalogue.ts'

/** What was seen of one partner: by the probe, and by the relay's delivery at each level. */
interface Seen {
  probe: ProbeResult
  deliveries: Delivery[]
}

/** Partners that are looked at side by side. Most of the time goes into waiting for those that never answer. */
const SIDE_BY_SIDE = 16

let bench: CatalogueBench
const seen = new Map<string, Seen>()

beforeAll(async () => {
  bench = await catalogueBench()
  const waiting = present().values()
  const look = async () => {
    for (const partner of waiting) {
      const probe = await bench.probe(partner)
      const deliveries = await Promise.all(LEVELS.map((level) => bench.deliver(partner, level)))
      seen.set(partner.domain, {probe, deliveries})
    }
  }
  await Promise.all(Array.from({length: SIDE_BY_SIDE}, look))
}, 180_000)

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]()
})

/** IPv6 has one address for loopback, which a machine may lack and another lab may have. */
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
    const {levels, delivery, findings, hosts} = found!.probe
    const all = [...findings, ...hosts.flatMap(({addresses}) => addresses.flatMap((address) => address.findings))]
    expect({levels, delivery, findings: codes(all, true), remarks: codes(all, false)}).toEqual({
      levels: declared.levels,
      delivery: declared.delivery ?? declared.levels,
      findings: declared.findings,
      remarks: declared.remarks,
    })
  })

  test.each(partners)('the relay does with mail to %s what the probe foretells', (_, declared) => {
    const found = seen.get(declared.domain)
    if (!found && declared.ipv6) return
    const {probe, deliveries} = found!
    expect(deliveries.map(({outcome}) => outcome)).toEqual(LEVELS.map((level) => passing(probe.delivery[level])))
    const last = deliveries.at(-1)!
    if (passing(probe.delivery.secure)) expect(last.result).toBe('delivered')
    else expect([last.result, last.status]).toEqual([probe.fate, probe.status])
  })

  test('messages that were delivered were taken by the partner they were for, each once', () => {
    for (const {domain} of present()) {
      const delivered = seen.get(domain)!.deliveries.filter(({result}) => result === 'delivered')
      expect([domain, bench.lab.received(domain).length]).toEqual([domain, delivered.length])
    }
  })
})

function codes(findings: {code: string; severity: string}[], errors: boolean): string[] {
  const wanted = findings.filter(({severity}) => (severity === 'error') === errors)
  return [...new Set(wanted.map(({code}) => code))].sort()
}

/** The outcome where mail passes, null where it does not. */
function passing(outcome: Outcome): Outcome | null {
  return outcome === 'refused' || outcome === 'unreachable' ? null : outcome
}
