import {Exit, type ExitCode} from '../mail/error.ts'
import {replyText} from '../mail/reply.ts'
import type {Finding, Outcome, PathEvidence, PathVerdict} from '../policy/evidence.ts'
import type {Delivered} from '../relay/deliver.ts'
import type {RecipientFate} from '../relay/fate.ts'
import type {PathFacts} from '../relay/log.ts'

export type SendOutcome = 'delivered' | 'deferred' | 'bounced' | 'queued'

/** `postern.send/1`. */
export interface SendResult {
  schema: 'postern.send/1'
  /** The worst of all recipients. */
  outcome: SendOutcome
  /** The reply that decided it, or our own reason where no host was asked. */
  reply: string
  /** Id in the relay's queue; null with `--direct`. */
  queue: string | null
  recipients: {address: string; outcome: SendOutcome; status: string; reply: string | null; reason: string}[]
  /** null: our own relay answered, whose certificate is no matter of the mail. */
  path: SentPath | null
  exit: ExitCode
}

/** The way that the message took, or could not take. */
export interface SentPath {
  domain: string
  status: 'open' | 'closed'
  route: PathEvidence['route']
  /** The address that took it; null: none. */
  taken: PathFacts | null
  attempts: {
    host: string
    address: string
    port: number
    outcome: Outcome
    status: string | null
    findings: Finding[]
  }[]
  findings: Finding[]
}

const WORSE: SendOutcome[] = ['queued', 'delivered', 'deferred', 'bounced']

/** One result of one or several deliveries. `queued`: what took it is our own relay. */
export function sendResult(deliveries: Delivered[], queued: boolean): SendResult {
  const all = deliveries.flatMap(({fates, ...delivery}) => fates.map((fate) => ({fate, delivery})))
  const outcomeOf = ({result}: RecipientFate): SendOutcome => (result === 'delivered' && queued ? 'queued' : result)
  const worst = all.toSorted((a, b) => WORSE.indexOf(outcomeOf(b.fate)) - WORSE.indexOf(outcomeOf(a.fate)))[0]!
  const reply = worst.fate.reply ? replyText(worst.fate.reply.reply) : worst.fate.reason
  return {
    schema: 'postern.send/1',
    outcome: outcomeOf(worst.fate),
    reply,
    queue: queued ? (/queued as (\S+)/.exec(reply)?.[1] ?? null) : null,
    recipients: all.map(({fate}) => ({
      address: fate.address,
      outcome: outcomeOf(fate),
      status: fate.status,
      reply: fate.reply && replyText(fate.reply.reply),
      reason: fate.reason,
    })),
    path: queued && worst.fate.reply ? null : sentPath(worst.delivery),
    exit: worstExit(all.map(({fate, delivery}) => exitOf(fate, delivery.seen))),
  }
}

function sentPath({seen: {evidence, verdict}, path}: Omit<Delivered, 'fates'>): SentPath {
  return {
    domain: evidence.domain,
    status: path ? 'open' : 'closed',
    route: evidence.route,
    taken: path,
    attempts: evidence.attempts.map(({host, address, port}, i) => {
      const {outcome = 'unreachable', status = null, findings = []} = verdict.attempts[i] ?? {}
      return {host, address, port, outcome, status, findings}
    }),
    findings: verdict.findings,
  }
}

function exitOf(fate: RecipientFate, {evidence, verdict}: {evidence: PathEvidence; verdict: PathVerdict}): ExitCode {
  if (fate.result === 'delivered') return Exit.ok
  if (fate.reply) return fate.reply.reply.code >= 500 ? Exit.refused : Exit.tryAgain
  // The host lacks what the message needs, and was not asked.
  if (fate.result === 'bounced' && verdict.fate === 'delivered') return Exit.refused
  if (verdict.attempts.some(({outcome}) => outcome === 'refused') && verdict.fate !== 'delivered') return Exit.no
  if (fate.result === 'deferred') return Exit.tryAgain
  // It was reached, and lacks what the message needs.
  return evidence.attempts.length === 0 ? Exit.noHost : Exit.refused
}

/** A plain no is worse than a failed look, which is worse than nothing. */
function worstExit(exits: ExitCode[]): ExitCode {
  const order: ExitCode[] = [Exit.no, Exit.refused, Exit.noHost, Exit.tryAgain]
  return order.find((exit) => exits.includes(exit)) ?? Exit.ok
}
