import type {Outcome, PathEvidence, PathVerdict} from '../policy/evidence.ts'
import {passes} from '../policy/reading.ts'
import {fleetOf, fleetSentence} from '../policy/remarks/fleet.ts'
import {lacksIpv6} from '../policy/remarks/local.ts'
import type {AddressResult, ProbeResult} from '../report/probe-schema.ts'
import {byLevel} from './probe-address.ts'

/** From bad to good. What could not be looked at may turn out to be good, so that a refusal is worse. */
const ORDER: readonly Outcome[] = ['refused', 'unreachable', 'clear', 'tls', 'verified']

const worst = (outcomes: readonly Outcome[]): Outcome => extreme(outcomes, Math.min)
const best = (outcomes: readonly Outcome[]): Outcome => extreme(outcomes, Math.max)

function extreme(outcomes: readonly Outcome[], choose: (...ranks: number[]) => number): Outcome {
  if (outcomes.length === 0) return 'unreachable'
  return ORDER[choose(...outcomes.map((outcome) => ORDER.indexOf(outcome)))] ?? 'unreachable'
}

/** The first path that works, in MX order; where none does, whether one may work later. */
function firstPassing(outcomes: readonly Outcome[]): Outcome {
  return outcomes.find(passes) ?? best(outcomes)
}

type Settled = Pick<ProbeResult, 'verdict' | 'exit' | 'levels' | 'delivery' | 'summary'>

/**
 * What all addresses together come to. `any`: one address that passes is enough. `evidence` and `path` are of the port
 * that the mailer uses, `addresses` of every port that was asked for.
 */
export function settle(
  evidence: PathEvidence,
  path: PathVerdict,
  addresses: readonly AddressResult[],
  options: {any: boolean; timedOut: boolean},
): Settled {
  const told = conclusive(addresses)
  const usual = addresses.filter(({port}) => port === evidence.attempts[0]?.port)
  const unknown = unknownHosts(evidence).map((): Outcome => 'unreachable')
  const choose = (outcomes: readonly Outcome[]) => (options.any ? best : worst)([...outcomes, ...unknown])
  const delivery = byLevel((level) => firstPassing(usual.map(({outcome}) => outcome[level])))
  const levels = byLevel((level) => choose(told.map(({outcome}) => outcome[level])))
  const inForce = choose(told.map(({policy}) => policy.outcome))
  const ending = endingOf(path, addresses, inForce, options.timedOut)
  const fleet = mixedFleet(evidence, path)
  return {...ending, levels, delivery, summary: summarize(ending.verdict, path, usual, inForce, fleet)}
}

/**
 * A machine without IPv6 cannot dial an IPv6 address, which says nothing of the partner: such addresses do not count
 * where others do.
 */
function conclusive(addresses: readonly AddressResult[]): readonly AddressResult[] {
  const told = addresses.filter(({address, reach}) => !lacksIpv6(address, reach.stage, reach.reason))
  return told.length > 0 ? told : addresses
}

/** Hosts whose addresses could not be looked up: each may have one that refuses. */
function unknownHosts({route}: PathEvidence) {
  return route.hosts.filter(({failure}) => failure?.kind === 'dns-failed' || failure?.kind === 'dns-bogus')
}

function endingOf(
  {fate}: PathVerdict,
  addresses: readonly AddressResult[],
  inForce: Outcome,
  timedOut: boolean,
): Pick<ProbeResult, 'verdict' | 'exit'> {
  // Nobody to dial, and no doubt about it: null MX, NXDOMAIN, no address.
  if (addresses.length === 0 && fate === 'bounced') return {verdict: 'fail', exit: 68}
  if (timedOut || inForce === 'unreachable') return {verdict: 'undetermined', exit: 75}
  return inForce === 'refused' ? {verdict: 'fail', exit: 1} : {verdict: 'pass', exit: 0}
}

const MANNER: Record<string, string> = {
  clear: 'in clear text',
  tls: 'over TLS, the peer not authenticated',
  verified: 'over verified TLS',
}

/** How the hosts differ, in words; null where they do not. */
export function mixedFleet(evidence: PathEvidence, path: PathVerdict): string | null {
  const outcomes = path.attempts.map(({outcome}) => outcome)
  return fleetSentence(fleetOf(evidence, outcomes))
}

/** What becomes of mail, in one sentence. */
function summarize(
  verdict: ProbeResult['verdict'],
  {fate, status, reason}: PathVerdict,
  addresses: readonly AddressResult[],
  inForce: Outcome,
  fleet: string | null,
): string {
  if (addresses.length === 0) return fate === 'bounced' ? `${reason}; mail is returned (${status})` : `${reason}`
  if (verdict === 'undetermined' && fate === 'deferred') {
    return `could not be judged; mail waits and is tried again (${status})`
  }
  if (fate === 'deferred') return `mail waits in the queue (${status})`
  if (fate === 'bounced') return `mail is returned to its sender (${status})`
  const outcomes = addresses.map(({policy}) => policy.outcome)
  const works = outcomes.filter(passes)
  const now = `mail is delivered ${MANNER[works[0] ?? inForce] ?? 'there'}`
  if (works.length === outcomes.length && verdict === 'pass') return fleet === null ? now : `${now}; ${fleet}`
  if (fleet !== null) return `${now} now, but not everywhere: ${fleet}`
  const refused = outcomes.filter((outcome) => outcome === 'refused').length
  const counts = [count(refused, 'refused'), count(outcomes.length - works.length - refused, 'not reached')]
  const rest = counts.filter(Boolean).join(', ') || 'a host could not be looked up'
  return `${now} now, but not everywhere: of ${outcomes.length} addresses ${rest}`
}

function count(number: number, what: string): string {
  return number > 0 ? `${number} ${what}` : ''
}
