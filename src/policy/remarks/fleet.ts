import type {Outcome, PathEvidence} from '../evidence.ts'
import {passes} from '../reading.ts'

/** One host of a domain with what it comes to: the outcome of the first of its addresses where mail passes. */
export interface FleetHost {
  name: string
  preference: number | null
  outcome: Outcome
}

/** The hosts of a route in MX order. `outcomes` has one word for each attempt of the evidence, in order. */
export function fleetOf({route, attempts}: PathEvidence, outcomes: readonly Outcome[]): FleetHost[] {
  return route.hosts.map(({name, preference}) => {
    const own = outcomes.filter((_, i) => attempts[i]?.host === name)
    const outcome = own.find(passes) ?? (own.includes('refused') ? 'refused' : 'unreachable')
    return {name, preference, outcome}
  })
}

const STRENGTH: Partial<Record<Outcome, number>> = {clear: 1, tls: 2, verified: 3}
const MANNER: Partial<Record<Outcome, string>> = {
  clear: 'in clear text',
  tls: 'over TLS to a peer that is not authenticated',
}

/**
 * What a fleet that is not all of one kind means, in one sentence: `2 of 3 hosts pass; mail waits only if …`. Null
 * where the hosts agree. The mailer goes from host to host until one lets mail pass, so that what is lost or weakened
 * follows from which are down; a host that is down only ever makes mail wait (docs/outcomes.md, "From attempts to a fate").
 */
export function fleetSentence(hosts: readonly FleetHost[]): string | null {
  const passing = hosts.filter(({outcome}) => passes(outcome))
  const weaker = weakest(passing)
  if (hosts.length < 2 || (passing.length === hosts.length && weaker === null)) return null
  if (passing.length === 0) return null
  const count = `${passing.length} of ${hosts.length} hosts ${passing.length === 1 ? 'passes' : 'pass'}`
  return [count, ...waits(hosts, passing), ...weakens(passing, weaker)].join('; ')
}

function waits(hosts: readonly FleetHost[], passing: readonly FleetHost[]): string[] {
  if (passing.length === hosts.length) return []
  const names = passing.map(({name}) => name)
  if (names.length === 1) return [`if ${names[0]} is down everything defers`]
  return [`everything defers only if ${list(names)} ${are(names)} down`]
}

function weakens(passing: readonly FleetHost[], weaker: FleetHost | null): string[] {
  if (weaker === null) return []
  // The first of the weakest, so that every host before it does better.
  const before = passing.filter((host) => isBefore(host, weaker)).map(({name}) => name)
  const beside = passing.some((host) => strengthOf(host) > strengthOf(weaker) && isBeside(host, weaker))
  const goes = `mail ${beside ? 'may go' : 'goes'} to ${weaker.name} ${MANNER[weaker.outcome]}`
  if (before.length > 0) return [`if ${list(before)} ${are(before)} down ${goes}`]
  return [beside ? goes : `${goes}, though others do better`]
}

/** The host at which mail is protected least; null where all protect it alike. */
function weakest(passing: readonly FleetHost[]): FleetHost | null {
  const order = [...passing].sort((a, b) => strengthOf(a) - strengthOf(b))
  const [first] = order
  const last = order.at(-1)
  return first && last && strengthOf(first) < strengthOf(last) ? first : null
}

function isBefore(a: FleetHost, b: FleetHost): boolean {
  return (a.preference ?? 0) < (b.preference ?? 0)
}

/** Equal preferences are shuffled each time: neither comes first. */
function isBeside(a: FleetHost, b: FleetHost): boolean {
  return (a.preference ?? 0) === (b.preference ?? 0)
}

function strengthOf({outcome}: FleetHost): number {
  return STRENGTH[outcome] ?? 0
}

function are(names: readonly string[]): string {
  return names.length === 1 ? 'is' : names.length === 2 ? 'are both' : 'are all'
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
