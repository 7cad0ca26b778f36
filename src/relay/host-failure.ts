import type {AttemptEvidence, AttemptVerdict, Finding, PathEvidence, PathVerdict} from '../policy/evidence.ts'
import {presentedLeaf} from '../policy/reading.ts'

/** One address that did not take the mail. */
export interface HostFailure {
  host: string
  address: string
  port: number
  mode: 'starttls' | 'implicit'
  outcome: 'refused' | 'unreachable'
  /** What was found, the reason for the outcome first. */
  findings: Finding[]
  /** The leaf that the host presented; null: none was seen. */
  certificate: {subject: string; issuer: string; notAfter: string; sha256: string} | null
}

/** A partner may have dozens of addresses that all fail alike. */
const MOST = 10

/** The addresses that did not take the mail, in the order in which they were tried. */
export function hostFailures({attempts}: PathEvidence, verdict: PathVerdict): HostFailure[] {
  return attempts.flatMap((attempt, i) => failureOf(attempt, verdict.attempts[i]!)).slice(0, MOST)
}

function failureOf(attempt: AttemptEvidence, {outcome, findings}: AttemptVerdict): HostFailure[] {
  if (outcome !== 'refused' && outcome !== 'unreachable') return []
  const {host, address, port, mode} = attempt
  const errors = findings.filter(({severity}) => severity === 'error')
  const decisive = errors.length > 0 ? errors : findings
  return [{host, address, port, mode, outcome, findings: decisive, certificate: certificateOf(attempt)}]
}

function certificateOf(attempt: AttemptEvidence): HostFailure['certificate'] {
  const leaf = presentedLeaf(attempt)
  if (!leaf) return null
  const {subject, issuer, notAfter, sha256} = leaf
  return {subject, issuer, notAfter, sha256}
}
