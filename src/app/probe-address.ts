import {X509Certificate} from 'node:crypto'
import {printable} from '../mail/domain.ts'
import {chainDefects} from '../pki/defects.ts'
import {bodyOf} from '../pki/describe.ts'
import {BUILTIN_PROFILES} from '../policy/builtin.ts'
import type {AttemptEvidence, Finding, HandshakeEvidence, Outcome, PathEvidence} from '../policy/evidence.ts'
import {judgeAttempt} from '../policy/judge.ts'
import {type EffectiveProfile, LEVELS, type Level, type Profile} from '../policy/profile.ts'
import {chainRemarks} from '../policy/remarks/chain.ts'
import {enumerationRemarks} from '../policy/remarks/enumeration.ts'
import {expiryRemarks} from '../policy/remarks/expiry.ts'
import {NOTHING_NEW, type SecondLook, secondLookRemarks} from '../policy/remarks/second-look.ts'
import {smtpRemarks} from '../policy/remarks/smtp.ts'
import {tlsRemarks} from '../policy/remarks/tls.ts'
import {effectiveSubject, evaluateSubject, formatSubjectCheck} from '../policy/subject.ts'
import type {AddressResult, ChainResult, ProbeResult} from '../report/probe-schema.ts'
import type {HandshakeFacts} from '../smtp/tap-facts.ts'
import type {FetchedIssuers} from './chain-needs.ts'
import {failureOf} from './probe-failure.ts'
import type {Enumeration} from './probe-full.ts'

type Completed = Extract<HandshakeEvidence, {status: 'completed'}>

/** One address as the report has it: the evidence judged at the four levels and under the profile in force. */
export function addressResult(
  attempt: AttemptEvidence,
  path: PathEvidence,
  profile: EffectiveProfile,
  wire: HandshakeFacts | null,
  options: LookOptions = {clientIdentity: null, expiryDays: 0, now: 0, answersHello: false},
): AddressResult {
  const {address, port, mode, banner, extensions, starttls, handshake, timings} = attempt
  const verdict = judgeAttempt(attempt, path, profile)
  const completed = handshake?.status === 'completed' ? handshake : null
  const all = [...findings(attempt, path, profile), ...remarks(attempt, path.domain, profile, wire, options)]
  return {
    address,
    port,
    mode,
    outcome: byLevel((level) => judgeAttempt(attempt, path, levelProfile(level, profile)).outcome),
    policy: {profile: profileResult(profile), outcome: verdict.outcome, status: verdict.status},
    reach: reachResult(attempt),
    banner,
    extensions,
    starttls,
    tls: completed && tlsResult(completed, wire),
    handshakeFailure: handshake?.status === 'failed' ? failureResult(handshake, wire) : null,
    chain: completed && {...chainResult(completed, profile), ...(options.issuers && {issuers: options.issuers})},
    subject: completed && subjectResult(completed, attempt, path, profile, options.profiles ?? []),
    ...(options.enumeration && {enumeration: options.enumeration}),
    findings: all,
    failure: failureOf(attempt, all, {alerts: wire?.alerts ?? [], second: options.second ?? NOTHING_NEW}),
    rtt: timings.connect !== undefined && reachedTcp(attempt) ? timings.connect : null,
    timings,
  }
}

export interface LookOptions {
  /** Certificates that end within so many days are remarked on. */
  expiryDays: number
  /** Milliseconds since the epoch. */
  now: number
  /** After silence: the port answered a ClientHello. */
  answersHello: boolean
  /** After a handshake that failed. */
  second?: SecondLook | undefined
  /** Name of the identity for hosts that ask for a certificate; null: none. */
  clientIdentity: string | null
  /** With --full. */
  enumeration?: Enumeration | undefined
  /** Profiles whose subject checks are evaluated too. */
  profiles?: readonly Pick<Profile, 'name' | 'subject'>[] | undefined
  /** With --fetch-missing. */
  issuers?: FetchedIssuers | undefined
}

/** What there is to say beside the judge's findings. */
function remarks(
  attempt: AttemptEvidence,
  domain: string,
  {anchors}: EffectiveProfile,
  wire: HandshakeFacts | null,
  options: LookOptions,
): Finding[] {
  const nonTls = wire?.nonTls?.toString('latin1') ?? null
  return [
    ...smtpRemarks(attempt, {nonTls, answersHello: options.answersHello}),
    ...expiryRemarks(attempt, {days: options.expiryDays, now: options.now}),
    ...chainRemarks(attempt, domain, chainDefects(certificatesIn(wire), anchors, options.now)),
    ...tlsRemarks(attempt, {
      certificateRequest: wire?.certificateRequest ?? null,
      group: wire?.group ?? null,
      clientIdentity: options.clientIdentity,
      peerAlerts: (wire?.alerts ?? []).filter(({from}) => from === 'peer').map(({number}) => number),
    }),
    ...secondLookRemarks(attempt, options.second ?? NOTHING_NEW),
    ...(options.enumeration ? enumerationRemarks(attempt, options.enumeration) : []),
  ]
}

/** As presented. What OpenSSL cannot read it has refused already, and then there is no chain to speak of. */
function certificatesIn(wire: HandshakeFacts | null): X509Certificate[] {
  try {
    return (wire?.certificates ?? []).map((der) => new X509Certificate(der))
  } catch {
    return []
  }
}

function reachedTcp({reach}: AttemptEvidence): boolean {
  return reach.status === 'reached' || (reach.stage !== 'connect' && reach.stage !== 'dns')
}

/** A built-in level that trusts whom the profile in force trusts: the handshake was made with those anchors. */
function levelProfile(level: Level, {anchors}: EffectiveProfile): EffectiveProfile {
  return {...BUILTIN_PROFILES[level], rule: null, anchors}
}

export function byLevel(outcome: (level: Level) => Outcome): Record<Level, Outcome> {
  return Object.fromEntries(LEVELS.map((level) => [level, outcome(level)])) as Record<Level, Outcome>
}

export function profileResult({name, level, rule}: EffectiveProfile): ProbeResult['profile'] {
  return {name, level, rule}
}

/** Level none asks for nothing, but whoever probes wants to know what is the matter. */
function findings(attempt: AttemptEvidence, path: PathEvidence, profile: EffectiveProfile): AddressResult['findings'] {
  const own = judgeAttempt(attempt, path, profile).findings
  if (profile.level !== 'none') return own
  const told = new Set(own.map(({code}) => code))
  const more = judgeAttempt(attempt, path, levelProfile('preferred', profile)).findings
  return [...own, ...more.filter(({code}) => !told.has(code)).map((item) => ({...item, severity: 'info' as const}))]
}

function reachResult({reach}: AttemptEvidence): AddressResult['reach'] {
  if (reach.status === 'reached') return {reached: true, stage: null, reason: null, reply: null}
  const {stage, reason, reply} = reach
  return {reached: false, stage, reason, reply}
}

function tlsResult(
  {version, cipher, bits, group, serverName, ocsp}: Completed,
  wire: HandshakeFacts | null,
): AddressResult['tls'] {
  return {
    version,
    cipher,
    bits,
    group: wire?.group ?? group,
    serverName,
    signatureAlgorithm: wire?.signatureAlgorithm ?? null,
    alpn: wire?.alpn == null ? null : printable(wire.alpn),
    ocspStapled: ocsp !== undefined,
    ocsp: ocsp ?? null,
    postQuantum: /MLKEM/.test(wire?.group ?? group ?? ''),
    scts: wire?.hasScts ?? false,
    embeddedScts: certificatesIn(wire)
      .slice(0, 1)
      .some((leaf) => bodyOf(leaf).hasScts),
    clientCertificate: wire?.certificateRequest ?? null,
    sessionTickets: wire?.tickets ?? 0,
  }
}

function failureResult(
  {reason, code}: Extract<HandshakeEvidence, {status: 'failed'}>,
  wire: HandshakeFacts | null,
): AddressResult['handshakeFailure'] {
  return {
    reason,
    code,
    serverVersion: wire?.version ?? null,
    alerts: wire?.alerts ?? [],
    nonTls: wire?.nonTls ? printable(wire.nonTls.toString('latin1')) : null,
  }
}

function chainResult(
  {verification, explanation, presented, built}: Completed,
  {anchors}: EffectiveProfile,
): ChainResult {
  const verdict = verification[anchors.id] ?? {trusted: false, error: null}
  const {anchor, summary, missing} = explanation
  return {trusted: verdict.trusted, error: verdict.error, anchor, summary, presented, built, missing}
}

function subjectResult(
  {presented}: Completed,
  {host}: AttemptEvidence,
  {domain}: PathEvidence,
  profile: EffectiveProfile,
  others: readonly Pick<Profile, 'name' | 'subject'>[],
): AddressResult['subject'] {
  const names = {host, domain}
  const leaf = presented[0] ?? null
  const match = evaluateSubject(profile.subject, leaf, names)
  const all = [profile, ...others.filter(({name}) => name !== profile.name)]
  return {
    matched: match.matchedBy.length > 0,
    reference: match.reference,
    presented: match.presented,
    profiles: all.map(({name, subject}) => {
      const {matchedBy} = evaluateSubject(subject, leaf, names)
      const checks = effectiveSubject(subject).map((check) => {
        return {check: formatSubjectCheck(check), matched: matchedBy.includes(check)}
      })
      return {name, matched: matchedBy.length > 0, checks}
    }),
  }
}
