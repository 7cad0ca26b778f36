import {chainProblems, subjectProblems} from './certificate-check.ts'
import {type Demand, demandOf} from './demand.ts'
import type {AttemptEvidence, Finding, PublishedEvidence} from './evidence.ts'
import {type FindingCode, finding} from './findings.ts'
import {negotiationProblems} from './negotiation.ts'
import {BEST, peerName} from './problem.ts'
import type {EffectiveProfile} from './profile.ts'

/** RFC 7672 §2.1.1: a bogus answer may be an attack; the mail waits, whatever the profile's action. */
export function bogusDemand(
  attempt: AttemptEvidence,
  {dane}: PublishedEvidence,
  profile: EffectiveProfile,
): Demand | null {
  if (!honours(profile, 'dane') || dane?.status !== 'bogus') return null
  const message = `the TLSA answer for ${peerName(attempt)} fails DNSSEC validation`
  const refusals = [
    finding('dnssec-invalid', message, 'the partner has to repair its DNSSEC, or somebody forges answers'),
  ]
  return demandOf({level: 'encrypt', refusals, best: 'tls', persistence: 'temporary'})
}

/** RFC 7672 §2.2. Whether the certificate chain is trusted does not matter where a TLSA record vouches for it (§3.1). */
export function daneDemand(
  attempt: AttemptEvidence,
  {dane}: PublishedEvidence,
  profile: EffectiveProfile,
): Demand | null {
  if (!honours(profile, 'dane') || (dane?.status !== 'usable' && dane?.status !== 'unusable')) return null
  const problems = negotiationProblems(attempt, profile)
  const peer = peerName(attempt)
  if (dane.status === 'unusable') {
    const remarks = [
      finding('tlsa-unusable', `no TLSA record of ${peer} can be used`, 'the partner has to repair its TLSA records'),
    ]
    return demandOf({level: 'encrypt', problems, remarks, best: 'tls', persistence: 'action'})
  }
  const mismatch = finding(
    'tlsa-invalid',
    `no TLSA record matches the certificate of ${peer}`,
    'the partner has to update its TLSA records',
  )
  const refusals = attempt.handshake?.status === 'completed' && !dane.matches ? [mismatch] : []
  return demandOf({
    level: 'encrypt',
    problems,
    refusals,
    best: dane.matches ? 'verified' : 'tls',
    persistence: 'action',
  })
}

/**
 * RFC 8461 §5. Usable DANE comes first (§2). Failure waits: the policy may have changed, and §5.1 wants it looked up again
 * before a message is returned. WebPKI is read as the profile's own anchors: it may narrow them, never widen them.
 */
export function stsDemand(
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
    return demandOf({
      level: 'none',
      remarks: [{...remark, severity: 'warning'}],
      best: 'clear',
      persistence: 'temporary',
    })
  }
  const unlisted = finding(
    'sts-policy-invalid',
    `the MTA-STS policy of ${domain} does not list ${peer}`,
    'the partner has to add it as mx, or somebody forged the MX answer',
  )
  const refusals = sts.mode !== 'none' && !sts.mxMatches ? [unlisted] : []
  if (sts.mode !== 'enforce') {
    const remarks = refusals.map((refusal) => ({...refusal, severity: 'warning' as const}))
    return demandOf({level: 'none', remarks, best: 'clear', persistence: 'temporary'})
  }
  const problems = [
    ...negotiationProblems(attempt, profile),
    ...chainProblems(attempt, profile),
    ...subjectProblems(attempt, domain, [{kind: 'mx'}]),
  ]
  return demandOf({level: 'secure', problems, refusals, best: 'verified', persistence: 'temporary'})
}

/** `mandatory`: what was not published, or not looked up, is refused. At level none nothing can meet it. */
export function mandatoryDemand(
  attempt: AttemptEvidence,
  published: PublishedEvidence,
  profile: EffectiveProfile,
): Demand | null {
  const {dane, mtaSts} = published
  const none = profile.level === 'none'
  const refusals: Finding[] = []
  const demand = (code: FindingCode, standard: string, found: boolean, known: string) => {
    const flag = `--${standard.toLowerCase()} opportunistic`
    const relax = `postern profile set ${profile.name} ${flag}`
    // Of what nobody looked up the partner need not be asked.
    const hint = found
      ? `ask the partner to publish it, or: ${relax}`
      : `this version does not look it up yet; until then: ${relax}`
    const message = `profile ${profile.name} demands ${standard}, and ${known} for ${peerName(attempt)}`
    refusals.push(finding(code, message, hint))
  }
  if (profile.dane === 'mandatory' && (none || dane?.status !== 'usable')) {
    demand(
      'dane-required',
      'DANE',
      dane !== null,
      dane ? 'no TLSA records are usable' : 'TLSA records were not looked up',
    )
  }
  if (profile.mtaSts === 'mandatory' && (none || (mtaSts?.mode !== 'enforce' && !daneApplies(published, profile)))) {
    demand('sts-required', 'MTA-STS', mtaSts !== null, mtaSts ? 'no policy is enforced' : 'no policy was looked up')
  }
  return refusals.length === 0
    ? null
    : demandOf({level: profile.level, refusals, best: BEST[profile.level], persistence: 'action'})
}

function daneApplies({dane}: PublishedEvidence, profile: EffectiveProfile): boolean {
  return honours(profile, 'dane') && dane?.status === 'usable'
}

/** Level none switches TLS off, and with it what asks for TLS. */
function honours(profile: EffectiveProfile, standard: 'dane' | 'mtaSts'): boolean {
  return profile.level !== 'none' && profile[standard] !== 'off'
}
