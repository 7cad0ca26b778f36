import {chainProblems, issuerProblems, subjectProblems} from './certificate-check.ts'
import type {AttemptEvidence, Finding, Outcome, PublishedEvidence} from './evidence.ts'
import {type FindingCode, finding} from './findings.ts'
import {negotiationProblems, strengthProblems} from './negotiation.ts'
import {BEST, type Problem, peerName} from './problem.ts'
import type {EffectiveProfile, Level} from './profile.ts'

/**
 * Somebody who wants something of this connection: the profile, DANE, MTA-STS or the message itself. Each is judged on
 * its own, all must be satisfied, and so a standard can raise the level and never lower it.
 */
export interface Demand {
  level: Level
  problems: Problem[]
  /** Refusals that no level softens. */
  refusals: Finding[]
  /** Worth saying, whatever the outcome. */
  remarks: Finding[]
  /** The outcome when it is satisfied. */
  best: Outcome
  /** Class of the status: the profile's action, or always 4 or 5. */
  persistence: 'action' | 'temporary' | 'permanent'
  /** Detail of the status when one of `refusals` decides. */
  detail: number
}

/** In the order in which they decide the status of a refusal. */
export function demandsOn(attempt: AttemptEvidence, domain: string, profile: EffectiveProfile): Demand[] {
  const published = attempt.published ?? {mtaSts: null, dane: null}
  const demands = [
    bogusDemand(attempt, published, profile),
    requireTlsDemand(attempt, domain, profile),
    profileDemand(attempt, domain, profile),
    mandatoryDemand(attempt, published, profile),
    daneDemand(attempt, published, profile),
    stsDemand(attempt, domain, published, profile),
  ]
  return demands.filter((demand) => demand !== null)
}

function profileDemand(attempt: AttemptEvidence, domain: string, profile: EffectiveProfile): Demand {
  const problems = profile.level === 'none' ? [] : allProblems(attempt, domain, profile)
  return base({level: profile.level, problems, best: BEST[profile.level], persistence: 'action'})
}

function allProblems(attempt: AttemptEvidence, domain: string, profile: EffectiveProfile): Problem[] {
  return [
    ...negotiationProblems(attempt),
    ...chainProblems(attempt, profile),
    ...issuerProblems(attempt, profile),
    ...subjectProblems(attempt, domain, profile.subject),
    ...strengthProblems(attempt, profile),
  ]
}

/** RFC 7672 §2.1.1: a bogus answer may be an attack; the mail waits, whatever the profile's action. */
function bogusDemand(attempt: AttemptEvidence, {dane}: PublishedEvidence, profile: EffectiveProfile): Demand | null {
  if (!honours(profile, 'dane') || dane?.status !== 'bogus') return null
  const message = `the TLSA answer for ${peerName(attempt)} fails DNSSEC validation`
  const refusals = [
    finding('dnssec-invalid', message, 'the partner has to repair its DNSSEC, or somebody forges answers'),
  ]
  return base({level: 'encrypt', refusals, best: 'tls', persistence: 'temporary'})
}

/** RFC 8689 §4.2.1. At level none STARTTLS is not sent, so that the demand cannot be met. */
function requireTlsDemand(attempt: AttemptEvidence, domain: string, profile: EffectiveProfile): Demand | null {
  if (!attempt.requireTls) return null
  const problems = allProblems(attempt, domain, profile)
  const verified = profile.level !== 'none' && problems.length === 0
  const offered = attempt.extensions.secure?.some((line) => /^REQUIRETLS(\s|$)/i.test(line)) ?? false
  if (verified && offered) return base({level: 'secure', best: 'verified', persistence: 'permanent'})
  const peer = peerName(attempt)
  const refusals = verified
    ? [
        finding(
          'requiretls-not-supported',
          `${peer} does not offer REQUIRETLS`,
          'only a host that offers it may take the message',
        ),
      ]
    : [
        finding(
          'requiretls-unmet',
          `the message asks for REQUIRETLS and ${peer} is not verified`,
          'the partner has to repair its TLS',
        ),
      ]
  return base({level: 'secure', refusals, best: 'verified', persistence: 'permanent', detail: verified ? 30 : 10})
}

/** RFC 7672 §2.2. Whether the certificate chain is trusted does not matter where a TLSA record vouches for it (§3.1). */
function daneDemand(attempt: AttemptEvidence, {dane}: PublishedEvidence, profile: EffectiveProfile): Demand | null {
  if (!honours(profile, 'dane') || (dane?.status !== 'usable' && dane?.status !== 'unusable')) return null
  const problems = negotiationProblems(attempt)
  const peer = peerName(attempt)
  if (dane.status === 'unusable') {
    const remarks = [
      finding('tlsa-unusable', `no TLSA record of ${peer} can be used`, 'the partner has to repair its TLSA records'),
    ]
    return base({level: 'encrypt', problems, remarks, best: 'tls', persistence: 'action'})
  }
  const mismatch = finding(
    'tlsa-invalid',
    `no TLSA record matches the certificate of ${peer}`,
    'the partner has to update its TLSA records',
  )
  const refusals = attempt.handshake?.status === 'completed' && !dane.matches ? [mismatch] : []
  return base({level: 'encrypt', problems, refusals, best: dane.matches ? 'verified' : 'tls', persistence: 'action'})
}

/**
 * RFC 8461 §5. Usable DANE comes first (§2). Failure waits: the policy may have changed, and §5.1 wants it looked up again
 * before a message is returned. WebPKI is read as the profile's own anchors: it may narrow them, never widen them.
 */
function stsDemand(
  attempt: AttemptEvidence,
  domain: string,
  published: PublishedEvidence,
  profile: EffectiveProfile,
): Demand | null {
  const sts = published.mtaSts
  if (!honours(profile, 'mtaSts') || !sts || daneApplies(published, profile)) return null
  const peer = peerName(attempt)
  if (sts.mode === 'error') {
    const remark = finding(
      'sts-policy-fetch-error',
      `the MTA-STS policy of ${domain} could not be had`,
      'the partner has to repair its policy host',
    )
    return base({level: 'none', remarks: [{...remark, severity: 'warning'}], best: 'clear', persistence: 'temporary'})
  }
  const unlisted = finding(
    'sts-policy-invalid',
    `the MTA-STS policy of ${domain} does not list ${peer}`,
    'the partner has to add it as mx, or somebody forged the MX answer',
  )
  const refusals = sts.mode !== 'none' && !sts.mxMatches ? [unlisted] : []
  if (sts.mode !== 'enforce') {
    const remarks = refusals.map((refusal) => ({...refusal, severity: 'warning' as const}))
    return base({level: 'none', remarks, best: 'clear', persistence: 'temporary'})
  }
  const problems = [
    ...negotiationProblems(attempt),
    ...chainProblems(attempt, profile),
    ...subjectProblems(attempt, domain, [{kind: 'mx'}]),
  ]
  return base({level: 'secure', problems, refusals, best: 'verified', persistence: 'temporary'})
}

/** `mandatory`: what was not published, or not looked up, is refused. At level none nothing can meet it. */
function mandatoryDemand(
  attempt: AttemptEvidence,
  published: PublishedEvidence,
  profile: EffectiveProfile,
): Demand | null {
  const {dane, mtaSts} = published
  const none = profile.level === 'none'
  const refusals: Finding[] = []
  const demand = (code: FindingCode, standard: string, known: string) => {
    const message = `profile ${profile.name} demands ${standard}, and ${known} for ${peerName(attempt)}`
    refusals.push(
      finding(code, message, `set ${standard} to opportunistic in the profile, or ask the partner to publish it`),
    )
  }
  if (profile.dane === 'mandatory' && (none || dane?.status !== 'usable')) {
    demand('dane-required', 'DANE', dane ? 'no TLSA records are usable' : 'TLSA records were not looked up')
  }
  if (profile.mtaSts === 'mandatory' && (none || (mtaSts?.mode !== 'enforce' && !daneApplies(published, profile)))) {
    demand('sts-required', 'MTA-STS', mtaSts ? 'no policy is enforced' : 'no policy was looked up')
  }
  return refusals.length === 0
    ? null
    : base({level: profile.level, refusals, best: BEST[profile.level], persistence: 'action'})
}

function daneApplies({dane}: PublishedEvidence, profile: EffectiveProfile): boolean {
  return honours(profile, 'dane') && dane?.status === 'usable'
}

/** Level none switches TLS off, and with it what asks for TLS. */
function honours(profile: EffectiveProfile, standard: 'dane' | 'mtaSts'): boolean {
  return profile.level !== 'none' && profile[standard] !== 'off'
}

function base(demand: Pick<Demand, 'level' | 'best' | 'persistence'> & Partial<Demand>): Demand {
  return {problems: [], refusals: [], remarks: [], detail: 5, ...demand}
}
