import type {AttemptEvidence, AttemptVerdict, PathEvidence} from '../policy/evidence.ts'
import {judgeAttempt} from '../policy/judge.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import type {PathFacts} from './log.ts'

/** One attempt, as the log and the queue's history tell it. */
export function pathFacts(
  attempt: AttemptEvidence,
  verdict: AttemptVerdict,
  profile: EffectiveProfile,
  reused = false,
): PathFacts {
  const tls = attempt.handshake?.status === 'completed' ? attempt.handshake : null
  const wanting = verdict.outcome !== 'verified' && verdict.outcome !== 'tls' && profile.level !== 'none'
  return {
    host: attempt.host,
    address: attempt.address,
    port: attempt.port,
    profile: profile.name,
    level: profile.level,
    rule: profile.rule,
    outcome: verdict.outcome,
    version: tls?.version ?? null,
    cipher: tls?.cipher ?? null,
    group: tls?.group ?? null,
    fingerprint: tls?.presented[0]?.sha256 ?? null,
    findings: verdict.findings.filter(({severity}) => severity !== 'info').map(({code}) => code),
    reason: wanting ? (leading(verdict)?.message ?? null) : null,
    reused,
    resumed: tls?.resumed === true,
  }
}

/** What became of each attempt under a profile that only rehearses: judged on the same evidence, nothing is dialled. */
export function rehearsedRefusals(
  evidence: PathEvidence,
  rehearsedFor: (address: string) => EffectiveProfile[],
): PathFacts[] {
  return evidence.attempts.flatMap((attempt) =>
    rehearsedFor(attempt.address).flatMap((profile) => {
      const verdict = judgeAttempt(attempt, evidence, profile)
      return verdict.outcome === 'refused' ? [pathFacts(attempt, verdict, profile)] : []
    }),
  )
}

function leading({findings}: AttemptVerdict) {
  return findings.find(({severity}) => severity === 'error') ?? findings.find(({severity}) => severity === 'warning')
}
