import {printable} from '../mail/domain.ts'
import type {EnhancedStatus} from '../mail/reply.ts'
import type {Demand} from './demand.ts'
import {demandsOn} from './demands.ts'
import type {AttemptEvidence, AttemptVerdict, Finding, Outcome, RouteEvidence} from './evidence.ts'
import {finding} from './findings.ts'
import {type Problem, peerName} from './problem.ts'
import type {EffectiveProfile} from './profile.ts'
import {presentedLeaf} from './reading.ts'
import {evaluateSubject} from './subject.ts'

/**
 * The law of docs/outcomes.md for one look at one address. Pure: equal evidence and profile give an equal verdict, and neither
 * is changed. Probe, relay, rehearsal and explanation all ask this function.
 */
export function judgeAttempt(
  attempt: AttemptEvidence,
  path: {domain: string; route: RouteEvidence},
  profile: EffectiveProfile,
): AttemptVerdict {
  if (attempt.reach.status === 'unreachable' && !isTakenInClear(attempt, profile)) {
    return unreachable(attempt, attempt.reach)
  }
  const judged = demandsOn(attempt, path.domain, profile).map((demand) => ({
    demand,
    outcome: outcomeUnder(demand, attempt, profile),
  }))
  const refusing = judged.filter(({outcome}) => outcome === 'refused').map(({demand}) => demand)
  const findings = collect(
    judged.map(({demand}) => demand),
    attempt,
    profile,
  )
  if (refusing.length > 0) return {outcome: 'refused', findings, status: refusalStatus(refusing, attempt, profile)}
  const outcome = strongest(judged.map(({outcome}) => outcome))
  return {outcome, findings: [...findings, ...nameRemark(outcome, attempt, path, profile)], status: null}
}

/**
 * The peer had answered EHLO and STARTTLS, and sent us away after that. At level none STARTTLS is not sent, so that a
 * mailer never gets there; nor does anything else that was published or asked for matter to it.
 */
function isTakenInClear(attempt: AttemptEvidence, {level}: EffectiveProfile): boolean {
  const {reach, starttls, handshake, requireTls, published} = attempt
  const afterTls = reach.status === 'unreachable' && reach.stage === 'ehlo' && handshake?.status === 'completed'
  return level === 'none' && afterTls && starttls.accepted === true && !requireTls && published === undefined
}

/** What one demand makes of its problems. */
function outcomeUnder(demand: Demand, attempt: AttemptEvidence, profile: EffectiveProfile): Outcome {
  if (demand.refusals.length > 0) return 'refused'
  // On an implicit-TLS port there is no clear text to go on in.
  if (demand.level === 'none') return lacksImplicitTls(attempt) ? 'refused' : demand.best
  const outcomes = demand.problems.map((problem) => problemOutcome(problem, demand, attempt, profile))
  if (outcomes.includes('refused')) return 'refused'
  return outcomes.includes('clear') ? 'clear' : demand.best
}

function problemOutcome(
  {law, failures}: Problem,
  demand: Demand,
  attempt: AttemptEvidence,
  profile: EffectiveProfile,
): Outcome {
  if (demand.level === 'none') return 'clear'
  const cell = law[demand.level]
  if (cell !== 'fallback') return cell
  const allowed = profile.fallbackAfter !== 'never' && failures >= profile.fallbackAfter
  return allowed && attempt.mode === 'starttls' ? 'clear' : 'refused'
}

function lacksImplicitTls(attempt: AttemptEvidence): boolean {
  return attempt.mode === 'implicit' && attempt.handshake?.status !== 'completed'
}

const STRENGTH: readonly Outcome[] = ['clear', 'tls', 'verified']

function strongest(outcomes: readonly Outcome[]): Outcome {
  return STRENGTH[Math.max(...outcomes.map((outcome) => STRENGTH.indexOf(outcome)))] ?? 'refused'
}

/**
 * Action applies at encrypt and secure only; below, a refusal is always tried again. The first demand that refuses names the
 * status, and one that only ever defers keeps the action from bouncing.
 */
function refusalStatus(refusing: Demand[], attempt: AttemptEvidence, profile: EffectiveProfile): EnhancedStatus {
  const [demand] = refusing as [Demand]
  const byAction = (profile.level === 'encrypt' || profile.level === 'secure') && profile.onFailure === 'fail'
  const waits = refusing.some(({persistence}) => persistence === 'temporary')
  const permanent = demand.persistence === 'permanent' || (byAction && !waits)
  const culprit = demand.problems.find((problem) => problemOutcome(problem, demand, attempt, profile) === 'refused')
  const detail = demand.refusals.length > 0 ? demand.detail : (culprit?.law.detail ?? demand.detail)
  return `${permanent ? 5 : 4}.7.${detail}`
}

/** Each finding once, as an error where it refuses and as a warning where the mail passes in spite of it. */
function collect(demands: Demand[], attempt: AttemptEvidence, profile: EffectiveProfile): Finding[] {
  const found = new Map<string, Finding>()
  const add = (item: Finding) => {
    if (item.severity === 'error' || !found.has(item.code)) found.set(item.code, item)
  }
  for (const demand of demands) {
    for (const problem of demand.problems) {
      const refused = problemOutcome(problem, demand, attempt, profile) === 'refused'
      add(refused ? problem.finding : {...problem.finding, severity: 'warning'})
    }
    for (const item of [...demand.refusals, ...demand.remarks]) add(item)
  }
  return [...found.values()]
}

/**
 * RFC 7672 §1.3.2: with MX answers that nobody signed, a certificate for the MX host name proves only that the peer is who
 * DNS said. Where the profile trusts its own CAs alone this costs an attacker a certificate of theirs.
 */
function nameRemark(
  outcome: Outcome,
  attempt: AttemptEvidence,
  path: {domain: string; route: RouteEvidence},
  profile: EffectiveProfile,
): Finding[] {
  const {source, status} = path.route
  if (outcome !== 'verified' || source !== 'mx' || status === 'secure' || profile.trust === 'imported') return []
  const match = evaluateSubject(profile.subject, presentedLeaf(attempt), {host: attempt.host, domain: path.domain})
  if (!match.matchedBy.every((check) => check.kind === 'mx')) return []
  const message = `the name ${attempt.host} comes from DNS that was not authenticated`
  return [finding('mx-name-unauthenticated', message, `pin it: --subject domain or --subject exact:${attempt.host}`)]
}

function unreachable(
  attempt: AttemptEvidence,
  reach: Extract<AttemptEvidence['reach'], {status: 'unreachable'}>,
): AttemptVerdict {
  const reply = reach.reply ? ` ("${printable(reach.reply)}")` : ''
  const message = `SMTP at ${peerName(attempt)} was not reached: ${printable(reach.reason)}${reply}`
  const item = finding('host-unreachable', message, unreachableHint(attempt, reach))
  // RFC 3463 §3.5: no answer from host, bad connection, directory server failure.
  const status = {dns: '4.4.3', connect: '4.4.1', greeting: '4.4.2', ehlo: '4.4.2'} as const
  return {outcome: 'unreachable', findings: [item], status: status[reach.stage]}
}

/** A stall behind the connection is no matter of blocked ports, and only port 25 is what providers block. */
function unreachableHint(
  {port, handshake}: AttemptEvidence,
  {stage, reply}: Extract<AttemptEvidence['reach'], {status: 'unreachable'}>,
): string {
  if (stage === 'dns') return 'it is tried again; ask another DNS server to see whether the fault is here'
  if (stage === 'connect') {
    const blocked = port === 25 ? ', and whether outgoing port 25 is blocked here' : ''
    return `it is tried again; check that a mail server listens at port ${port}${blocked}`
  }
  if (reply !== null) return 'it is tried again; the reply is what the partner says of it'
  if (handshake !== null) return 'it is tried again; the session ended inside TLS: the log of the partner says why'
  return 'it is tried again; the connection is taken, so that the cause lies behind it: ask the partner'
}
