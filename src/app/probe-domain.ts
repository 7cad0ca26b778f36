import {type MailDomain, mailDomainText} from '../mail/address.ts'
import {openMailPath} from '../path/open.ts'
import type {Observe, PathRequest, PathWorld} from '../path/path.ts'
import type {AttemptEvidence, Finding, PathEvidence, PathVerdict} from '../policy/evidence.ts'
import {finding} from '../policy/findings.ts'
import {judgePath} from '../policy/judge.ts'
import type {EffectiveProfile, Profile} from '../policy/profile.ts'
import {sameBanner} from '../policy/remarks/banners.ts'
import {routeRemarks} from '../policy/remarks/route.ts'
import {routeFor} from '../relay/route.ts'
import type {ProbeResult} from '../report/probe-schema.ts'
import type {RelaySettings} from '../state/configuration.ts'
import {loadConfiguration} from '../state/load.ts'
import {type FetchedIssuers, fetchAll} from './chain-needs.ts'
import {pathWorld} from './path-world.ts'
import {addressResult, profileResult} from './probe-address.ts'
import {type CloserLook, lookCloser} from './probe-closer.ts'
import {Deadline} from './probe-deadline.ts'
import {type Enumeration, enumerateAll} from './probe-full.ts'
import {hostResults, otherForm} from './probe-hosts.ts'
import {type PolicyChoice, type ProfileFor, probePolicy} from './probe-policy.ts'
import {type LookedTwice, lookTwice} from './probe-second-look.ts'
import {ProbeTaps} from './probe-taps.ts'
import {Turns} from './probe-turns.ts'
import {mixedFleet, settle} from './probe-verdict.ts'
import {clientIdentity} from './relay-identity.ts'
import {SelfCheck} from './self-check.ts'
import {queryTime, stepTimes} from './step-times.ts'
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
  /** Instead of the configured SMTP (or SMTPS) port; mail is judged by the first, the others are looked at beside it. */
  ports?: readonly number[] | undefined
  /** TLS from the first octet. */
  implicitTls?: boolean | undefined
  /** DNS servers, instead of the configured ones. */
  resolver?: string[] | undefined
  /** Milliseconds for everything about one target; default a minute. */
  timeout?: number | undefined
  /** One address that passes is enough. */
  any?: boolean | undefined
  /** Certificates that end within so many days are remarked on; default 21. */
  expiryDays?: number | undefined
  /** Connections to one address at once; default 1. */
  perAddress?: number | undefined
  /** Milliseconds between two connections to one address; default 250. */
  pause?: number | undefined
  /** Enumerate versions, ciphers and groups, with up to twenty connections to each address. */
  full?: boolean | undefined
  /** Fetch issuers that lack from where the certificates say that they are. */
  fetchMissing?: boolean | undefined
}

/** What several looks share: configuration, resolver with its cache, policy. */
export interface Prober {
  world: AppWorld
  path: PathWorld
  settings: RelaySettings
  /** Those that are stored, beside the built-in ones. */
  profiles: readonly Profile[]
  profileFor: ProfileFor
  turns: Turns
  selfCheck: SelfCheck
  options: ProbeOptions
}

const MINUTE = 60_000
const EXPIRY_DAYS = 21
const PAUSE = 250

/** Reads what a probe needs before anything is dialled. Throws what the configuration and the CA files throw. */
export async function openProber(world: AppWorld, options: ProbeOptions): Promise<Prober> {
  const config = await loadConfiguration(world.configDir)
  const {settings} = config
  const {resolver} = options
  const whole = options.timeout ?? MINUTE
  const times = {timeouts: stepTimes(whole), query: queryTime(whole)}
  const identity = await clientIdentity(world.configDir, settings.tls)
  const path = pathWorld(world, settings, {clientIdentity: identity, ...times, ...(resolver && {resolver})})
  return {
    world,
    path,
    settings,
    profiles: [...config.profiles.values()].filter(({name, level}) => name !== level),
    profileFor: await probePolicy(config, options),
    selfCheck: new SelfCheck(path, [world.configDir, world.dataDir]),
    turns: new Turns(world, {atOnce: options.perAddress ?? 1, pause: options.pause ?? PAUSE}),
    options,
  }
}

/**
 * What the mailer would find on its way to the domain, and what it would do: the engine's own walk, to every address,
 * without MAIL or RCPT. Whatever goes wrong outside is part of the result. `stop` ends it at once, and its reason is
 * thrown; `taps` keep what the wires said.
 */
export async function lookAt(
  prober: Prober,
  {text, domain}: ProbeTarget,
  observe?: Observe,
  stop?: AbortSignal,
  taps = new ProbeTaps(),
): Promise<ProbeResult> {
  const {options, world} = prober
  const started = world.now()
  const deadline = new Deadline(options.timeout ?? MINUTE, stop)
  try {
    const profileFor = perAddress((address) => prober.profileFor(domain, address))
    const request = requestFor(prober, domain, {profileFor, wrap: taps.wrap, deadline})
    const {evidence} = await openMailPath(prober.path, request, observe)
    prober.selfCheck.note(evidence)
    const facts = await lookCloser(prober, evidence, deadline)
    const second = await lookTwice(prober, evidence, taps, deadline)
    // What was asked for beyond the look itself may run out of time without making it doubtful.
    const timedOut = deadline.over
    const full = options.full ? await enumerateAll(prober, evidence, second, deadline) : new Map()
    const issuers = options.fetchMissing ? await fetchAll(prober.path, evidence, profileFor, taps, deadline) : new Map()
    const circumstances = {...facts, issuers, second, full, timedOut, now: started}
    const seen = resultOf(prober, evidence, profileFor, taps, circumstances)
    const local = isDoubtful(seen) ? await prober.selfCheck.look(evidence, deadline.signal) : []
    const result = {...seen, findings: [...seen.findings, ...local]}
    return {target: text, ...result, elapsed: Math.round(world.now() - started)}
  } finally {
    deadline.close()
  }
}

/** Something failed somewhere, or looks as if somebody else had answered. */
function isDoubtful({verdict, hosts, findings}: Pick<ProbeResult, 'verdict' | 'hosts' | 'findings'>): boolean {
  const failed = hosts.some(({addresses}) => addresses.some(({failure, chain}) => failure || chain?.trusted === false))
  return verdict !== 'pass' || failed || findings.some(({code}) => code === 'same-banner-everywhere')
}

type Asked = Pick<PathRequest, 'profileFor' | 'wrap'> & {deadline: Deadline}

function requestFor(prober: Prober, domain: MailDomain, {profileFor, wrap, deadline}: Asked): PathRequest {
  const {options, settings, turns} = prober
  const ports = options.fixed || options.route?.port !== undefined ? undefined : options.ports
  return {
    domain,
    route: options.route ?? routeFor(settings.routes, mailDomainText(domain)),
    fixed: options.fixed ?? null,
    ...(options.implicitTls && {implicitTls: true}),
    ...(ports && {ports: ports.map((port) => ({port, implicitTls: isImplicit(port, prober)}))}),
    profileFor,
    visit: 'all',
    ...(wrap && {wrap}),
    turn: (address) => deadline.during(turns.take(address, deadline.signal)),
    signal: deadline.signal,
  }
}

/** RFC 8314 §7.3: 465 is the port where TLS begins at once; a rehearsal has another one for it. */
function isImplicit(port: number, {options, settings}: Prober): boolean {
  const {smtp, smtps} = settings.ports
  return options.implicitTls === true || port === 465 || (port === smtps && port !== smtp)
}

interface Circumstances extends CloserLook {
  /** By `address port`. */
  second: ReadonlyMap<string, LookedTwice>
  full: ReadonlyMap<string, Enumeration>
  issuers: ReadonlyMap<string, FetchedIssuers>
  timedOut: boolean
  now: number
}

function resultOf(
  {options, settings, profiles, path}: Prober,
  evidence: PathEvidence,
  profileFor: (address: string) => EffectiveProfile,
  taps: ProbeTaps,
  facts: Circumstances,
): Omit<ProbeResult, 'target' | 'elapsed'> {
  // What becomes of mail is decided at the port that the mailer uses; others that were asked for stand beside it.
  const usual = evidence.attempts[0]?.port
  const main = {...evidence, attempts: evidence.attempts.filter(({port}) => port === usual)}
  const verdict = judgePath(main, ({address}) => profileFor(address))
  const looks = evidence.attempts.map((attempt) => ({
    host: attempt.host,
    result: addressResult(attempt, evidence, profileFor(attempt.address), taps.facts(attempt), {
      clientIdentity: path.clientIdentity?.name ?? null,
      expiryDays: options.expiryDays ?? EXPIRY_DAYS,
      now: facts.now,
      answersHello: facts.answering.has(keyOf(attempt)),
      second: facts.second.get(keyOf(attempt))?.look,
      enumeration: facts.full.get(keyOf(attempt)),
      profiles,
      issuers: facts.issuers.get(keyOf(attempt)),
    }),
  }))
  const all = looks.map(({result}) => result)
  const settled = settle(main, verdict, all, {any: options.any ?? false, timedOut: facts.timedOut})
  const {source, status, nullMx, failure} = evidence.route
  return {
    unicode: otherForm(evidence.domain),
    ...settled,
    profile: profileResult(profileFor(evidence.attempts[0]?.address ?? '')),
    fate: verdict.fate,
    status: verdict.status,
    timedOut: facts.timedOut,
    route: {source, status, nullMx, failure: failure?.reason ?? null},
    mtaSts: {},
    dane: {},
    tlsRpt: {},
    hosts: hostResults(evidence, looks),
    findings: [
      ...verdict.findings,
      ...routeRemarks(evidence, {unregistered: facts.unregistered, rehearsal: settings.ports.smtp !== SMTP_PORT}),
      ...fleetRemark(main, verdict),
      ...sameBanner(evidence.attempts),
    ],
  }
}

const keyOf = ({address, port}: AttemptEvidence): string => `${address} ${port}`

/** RFC 5321 §4.5.4.2. */
const SMTP_PORT = 25

function fleetRemark(evidence: PathEvidence, verdict: PathVerdict): Finding[] {
  const sentence = mixedFleet(evidence, verdict)
  const hint = 'the partner has to bring the hosts in line: mail goes to whichever is up'
  return sentence === null ? [] : [finding('mixed-fleet', `${evidence.domain}: ${sentence}`, hint)]
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
