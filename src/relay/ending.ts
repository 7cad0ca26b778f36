import {printable} from '../mail/domain.ts'
import {enhancedStatus, type Reply, replyText} from '../mail/reply.ts'
import type {MailPath} from '../path/path.ts'
import type {Finding, PathEvidence, PathVerdict} from '../policy/evidence.ts'
import {presentedLeaf} from '../policy/reading.ts'
import type {LeasedRecipient} from '../queue/store.ts'
import type {RecipientResult, TransactionResult} from '../smtp/client.ts'
import type {SmtpError} from '../smtp/error.ts'
import type {RecipientFate} from './fate.ts'
import {hostFailures} from './host-failure.ts'
import type {PathFacts} from './log.ts'

/** No path was open: the judge's word on it is the fate of all (docs/outcomes.md, 'From attempts to a fate'). */
export function fatesOfClosedPath(
  recipients: readonly LeasedRecipient[],
  {evidence, verdict}: Pick<MailPath, 'evidence' | 'verdict'>,
): RecipientFate[] {
  const last = lastRefusing(evidence, verdict)
  return recipients.map(({id, address, options}) => ({
    id,
    address,
    options,
    result: verdict.fate === 'bounced' ? 'bounced' : 'deferred',
    status: verdict.status ?? '4.4.0',
    reason: verdict.reason,
    remote: last && {host: last.host, address: last.address},
    reply: null,
    findings: errors(verdict),
    failures: hostFailures(evidence, verdict),
    dsnHandedOn: false,
    evidence: history(evidence, verdict),
  }))
}

/** The destination could not be reached a while ago, and is left alone: for what falls due meanwhile nobody is asked. */
export function fatesOfWaiting(
  recipients: readonly LeasedRecipient[],
  {status, reason}: {status: string; reason: string},
): RecipientFate[] {
  return recipients.map((recipient) => withoutPath(recipient, {result: 'deferred', status, reason, evidence: null}))
}

/** A fate that was settled without a word from any host. */
export function withoutPath(
  {id, address, options}: LeasedRecipient,
  settled: Pick<RecipientFate, 'result' | 'status' | 'reason' | 'evidence'>,
): RecipientFate {
  const nothing = {remote: null, reply: null, findings: [], failures: [], dsnHandedOn: false}
  return {id, address, options, ...settled, ...nothing}
}

/** Another message has found out what the policy refuses there, and this one would meet the same. */
export function fatesOfRefused(recipients: readonly LeasedRecipient[], found: RecipientFate): RecipientFate[] {
  return recipients.map(({id, address, options}) => ({...found, id, address, options, evidence: null}))
}

/**
 * Every recipient has a reply of its own. `dsnOffered`: the next hop takes over who asked for a DSN (RFC 3461 §5.2).
 */
export function fatesOfTransaction(
  recipients: readonly LeasedRecipient[],
  result: TransactionResult,
  path: PathFacts,
  evidence: PathEvidence,
  dsnOffered: boolean,
): RecipientFate[] {
  return recipients.map((recipient, i) => ({
    ...fateOfReply(recipient, result.recipients[i]!, path, evidence),
    dsnHandedOn: dsnOffered,
  }))
}

/** The session was lost on the way. What the peer had settled stands; of the rest nobody knows, so it is tried again. */
export function fatesOfLostSession(
  recipients: readonly LeasedRecipient[],
  error: SmtpError,
  path: PathFacts,
  evidence: PathEvidence,
): RecipientFate[] {
  return recipients.map((recipient, i) => {
    const settled = error.settled[i]
    if (settled) return fateOfReply(recipient, settled, path, evidence)
    const reason = `the session with ${path.host}[${path.address}] was lost${whereTo(error)}: ${printable(error.message)}`
    // RFC 3463 §3.5: bad connection.
    return {...common(recipient, path, evidence), result: 'deferred', status: '4.4.2', reason, reply: null}
  })
}

/**
 * A host lacks what the message needs, and was not asked. Another may have it: as long as one was not reached at any of
 * its addresses, the message waits for it.
 */
export function deferUnasked(fate: RecipientFate, {route, attempts}: PathEvidence): RecipientFate {
  const reached = new Set(attempts.filter(({reach}) => reach.status === 'reached').map(({host}) => host))
  const missing = route.hosts.find(({name, addresses, failure}) => {
    return !reached.has(name) && (addresses.length > 0 || failure?.kind.startsWith('dns-'))
  })
  if (!missing || fate.result !== 'bounced') return fate
  const reason = `${fate.reason}; ${missing.name}, which may, was not reached`
  return {...fate, result: 'deferred', status: fate.status.replace(/^5/, '4'), reason}
}

// RFC 5321 §4.5.3.2.6: who gets no answer to the end of the message has to send it again.
function whereTo({mayHaveArrived}: SmtpError): string {
  return mayHaveArrived ? ' behind the whole message, which may have arrived and may arrive again' : ''
}

/** The fault is ours. A message that is damaged can never be delivered; anything else may pass. */
export function failedFates(recipients: readonly LeasedRecipient[], error: unknown, path: PathFacts): RecipientFate[] {
  const damaged = (error as {code?: string}).code === 'body-corrupt'
  const reason = damaged ? 'the message is damaged in our queue' : `local error: ${printable(String(error))}`
  return recipients.map((recipient) => ({
    ...common(recipient, path, null),
    result: damaged ? 'bounced' : 'deferred',
    status: damaged ? '5.3.0' : '4.3.0',
    reason,
    remote: null,
    reply: null,
  }))
}

function fateOfReply(
  recipient: LeasedRecipient,
  {accepted, reply, command, unasked}: RecipientResult,
  path: PathFacts,
  evidence: PathEvidence,
): RecipientFate {
  const result = accepted ? 'delivered' : reply.code >= 500 ? 'bounced' : 'deferred'
  const reason = unasked ? reply.lines.join(' ') : printable(replyText(reply), 500)
  return {
    ...common(recipient, path, evidence),
    result,
    status: statusOf(reply),
    reason,
    reply: unasked ? null : {reply, command},
  }
}

// RFC 3463 §3.6: x.5.0, other protocol status, where the peer gave none.
function statusOf(reply: Reply): string {
  const family = String(reply.code)[0]
  return enhancedStatus(reply) ?? (family === '2' ? '2.0.0' : `${family}.5.0`)
}

function common({id, address, options}: LeasedRecipient, path: PathFacts, evidence: PathEvidence | null) {
  const remote = {host: path.host, address: path.address}
  const route = evidence && {source: evidence.route.source, status: evidence.route.status}
  return {
    id,
    address,
    options,
    remote,
    findings: [],
    failures: [],
    dsnHandedOn: false,
    evidence: {route, attempts: [path]},
  }
}

function lastRefusing({attempts}: PathEvidence, verdict: PathVerdict) {
  const last = verdict.attempts.findLastIndex(({outcome}) => outcome === 'refused')
  return attempts[last] ?? null
}

/** What refused, each once; below that, what the route itself lacks. */
function errors(verdict: PathVerdict): Finding[] {
  const all = [...verdict.attempts.flatMap(({findings}) => findings), ...verdict.findings]
  const found = new Map(all.filter(({severity}) => severity === 'error').map((finding) => [finding.message, finding]))
  return [...found.values()].slice(0, 10)
}

/** What of the evidence the queue keeps: enough to tell the story, not every certificate. */
function history({route, attempts}: PathEvidence, verdict: PathVerdict) {
  const {source, status, hosts, failure} = route
  return {
    route: {source, status, failure, hosts: hosts.map(({name, addresses}) => ({name, addresses}))},
    attempts: attempts.map(({host, address, port, startedAt, handshake, failedAttempts}, i) => ({
      host,
      address,
      port,
      startedAt,
      outcome: verdict.attempts[i]?.outcome,
      status: verdict.attempts[i]?.status,
      findings: verdict.attempts[i]?.findings.map(({code, message}) => ({code, message})),
      failedAttempts,
      fingerprint: presentedLeaf({handshake})?.sha256 ?? null,
    })),
  }
}
