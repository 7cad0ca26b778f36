import {type MailDomain, mailDomainText} from '../mail/address.ts'
import {OVERALL} from '../path/deadline.ts'
import {openMailPath} from '../path/open.ts'
import type {Observe, PathTimeouts, PathWorld} from '../path/path.ts'
import type {AttemptEvidence, PathEvidence} from '../policy/evidence.ts'
import {judgePath} from '../policy/judge.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import {routeFor} from '../relay/route.ts'
import type {HostResult, ProbeResult} from '../report/probe-schema.ts'
import type {RelaySettings} from '../state/configuration.ts'
import {loadConfiguration} from '../state/load.ts'
import {pathWorld} from './path-world.ts'
import {addressResult, profileResult} from './probe-address.ts'
import {type PolicyChoice, type ProfileFor, probePolicy} from './probe-policy.ts'
import {ProbeTaps} from './probe-taps.ts'
import {settle} from './probe-verdict.ts'
import type {AppWorld} from './world.ts'

export interface ProbeTarget {
  /** As it was written. */
  text: string
  domain: MailDomain
}

export interface ProbeOptions extends PolicyChoice {
  /** Dial this host instead of what MX and the routes of relay.yaml say. */
  route?: {host: string; port?: number | undefined} | undefined
  /** No DNS: this address, judged under this host name. */
  fixed?: {address: string; port: number; host: string} | undefined
  /** Instead of the configured SMTP (or SMTPS) port. */
  port?: number | undefined
  /** TLS from the first octet. */
  implicitTls?: boolean | undefined
  /** DNS servers, instead of the configured ones. */
  resolver?: string[] | undefined
  /** Milliseconds for everything about one target; default a minute. */
  timeout?: number | undefined
  /** One address that passes is enough. */
  any?: boolean | undefined
}

/** What several looks share: configuration, resolver with its cache, policy. */
export interface Prober {
  world: AppWorld
  path: PathWorld
  routes: RelaySettings['routes']
  profileFor: ProfileFor
  options: ProbeOptions
}

/** Shorter than a mailer's, because a person is waiting; the overall time bounds them all. */
const TIMEOUTS: Partial<PathTimeouts> = {connect: 10_000, greeting: 30_000, command: 20_000, handshake: 15_000}
const MINUTE = 60_000

/** Reads what a probe needs before anything is dialled. Throws what the configuration and the CA files throw. */
export async function openProber(world: AppWorld, options: ProbeOptions): Promise<Prober> {
  const config = await loadConfiguration(world.configDir)
  const {settings} = config
  const {resolver} = options
  return {
    world,
    path: pathWorld(world, settings, {timeouts: TIMEOUTS, ...(resolver && {resolver})}),
    routes: settings.routes,
    profileFor: await probePolicy(config, options),
    options,
  }
}

/**
 * What the mailer would find on its way to the domain, and what it would do: the engine's own walk, to every address,
 * without MAIL or RCPT. Whatever goes wrong outside is part of the result.
 */
export async function probeDomain(
  world: AppWorld,
  target: ProbeTarget,
  options: ProbeOptions = {},
  observe?: Observe,
): Promise<ProbeResult> {
  return lookAt(await openProber(world, options), target, observe)
}

/** One look of a prober. */
export async function lookAt(prober: Prober, {text, domain}: ProbeTarget, observe?: Observe): Promise<ProbeResult> {
  const {options, world} = prober
  const started = world.now()
  const taps = new ProbeTaps()
  const signal = AbortSignal.timeout(options.timeout ?? MINUTE)
  const profileFor = perAddress((address) => prober.profileFor(domain, address))
  const {evidence: seen} = await openMailPath(
    prober.path,
    {
      domain,
      route: options.route ?? routeFor(prober.routes, mailDomainText(domain)),
      fixed: options.fixed ?? null,
      port: options.port,
      implicitTls: options.implicitTls ?? false,
      profileFor,
      visit: 'all',
      wrap: taps.wrap,
      signal,
    },
    observe,
  )
  const evidence = {...seen, attempts: seen.attempts.map(unjudgedWhereCut)}
  const result = resultOf(evidence, profileFor, taps, {any: options.any ?? false, timedOut: signal.aborted})
  return {target: text, ...result, elapsed: Math.round(world.now() - started)}
}

function resultOf(
  evidence: PathEvidence,
  profileFor: (address: string) => EffectiveProfile,
  taps: ProbeTaps,
  options: {any: boolean; timedOut: boolean},
): Omit<ProbeResult, 'target' | 'elapsed'> {
  const verdict = judgePath(evidence, ({address}) => profileFor(address))
  const looks = evidence.attempts.map((attempt) => ({
    host: attempt.host,
    result: addressResult(attempt, evidence, profileFor(attempt.address), taps.facts(attempt)),
  }))
  const settled = settle(
    evidence,
    verdict,
    looks.map(({result}) => result),
    options,
  )
  const {source, status, nullMx, failure, hosts} = evidence.route
  return {
    ...settled,
    profile: profileResult(profileFor(evidence.attempts[0]?.address ?? '')),
    fate: verdict.fate,
    status: verdict.status,
    timedOut: options.timedOut,
    route: {source, status, nullMx, failure: failure?.reason ?? null},
    mtaSts: {},
    dane: {},
    tlsRpt: {},
    hosts: hosts.map(({name, preference, failure: why}): HostResult => {
      const addresses = looks.filter(({host}) => host === name).map(({result}) => result)
      return {name, preference, failure: why?.reason ?? null, addresses}
    }),
    findings: verdict.findings,
  }
}

/** A handshake that our own deadline cut off says nothing of the peer; one that it let time out does. */
function unjudgedWhereCut(attempt: AttemptEvidence): AttemptEvidence {
  const {handshake} = attempt
  if (handshake?.status !== 'failed' || handshake.reason !== OVERALL) return attempt
  const reach = {status: 'unreachable', stage: 'ehlo', reason: OVERALL, reply: null} as const
  return {...attempt, reach, handshake: null, failedAttempts: 0}
}

/** The rules are asked once for an address, so that all that is said of it is said under one profile. */
function perAddress(choose: (address: string) => EffectiveProfile): (address: string) => EffectiveProfile {
  const chosen = new Map<string, EffectiveProfile>()
  return (address) => {
    const profile = chosen.get(address) ?? choose(address)
    chosen.set(address, profile)
    return profile
  }
}
