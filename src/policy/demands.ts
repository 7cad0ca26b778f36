import {chainProblems, issuerProblems, subjectProblems} from './certificate-check.ts'
import {type Demand, demandOf} from './demand.ts'
import type {AttemptEvidence} from './evidence.ts'
import {finding} from './findings.ts'
import {negotiationProblems, strengthProblems} from './negotiation.ts'
import {BEST, type Problem, peerName} from './problem.ts'
import type {EffectiveProfile} from './profile.ts'
import {bogusDemand, daneDemand, mandatoryDemand, stsDemand} from './published.ts'

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
  return demandOf({level: profile.level, problems, best: BEST[profile.level], persistence: 'action'})
}

function allProblems(attempt: AttemptEvidence, domain: string, profile: EffectiveProfile): Problem[] {
  return [
    ...negotiationProblems(attempt, profile),
    ...chainProblems(attempt, profile),
    ...issuerProblems(attempt, profile),
    ...subjectProblems(attempt, domain, profile.subject),
    ...strengthProblems(attempt, profile),
  ]
}

/** RFC 8689 §4.2.1. At level none STARTTLS is not sent, so that the demand cannot be met. */
function requireTlsDemand(attempt: AttemptEvidence, domain: string, profile: EffectiveProfile): Demand | null {
  if (!attempt.requireTls) return null
  const problems = allProblems(attempt, domain, profile)
  const verified = profile.level !== 'none' && problems.length === 0
  const offered = attempt.extensions.secure?.some((line) => /^REQUIRETLS(\s|$)/i.test(line)) ?? false
  // RFC 8689 §5: a bounce is not discarded because the next hop does not advertise REQUIRETLS.
  if (verified && (offered || attempt.requireTls === 'unadvertised'))
    return demandOf({level: 'secure', best: 'verified', persistence: 'permanent'})
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
  return demandOf({level: 'secure', refusals, best: 'verified', persistence: 'permanent', detail: verified ? 30 : 10})
}
