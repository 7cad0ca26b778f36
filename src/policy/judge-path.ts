import {printable} from '../mail/domain.ts'
import type {EnhancedStatus} from '../mail/reply.ts'
import type {
  AttemptEvidence,
  AttemptVerdict,
  Fate,
  Finding,
  HostEvidence,
  PathEvidence,
  PathVerdict,
} from './evidence.ts'
import {type FindingCode, finding} from './findings.ts'
import {judgeAttempt} from './judge-attempt.ts'
import type {EffectiveProfile} from './profile.ts'
import {passes} from './reading.ts'

type Settled = Pick<PathVerdict, 'fate' | 'status' | 'reason' | 'findings'>

/**
 * From attempts to a fate (docs/outcomes.md): what becomes of a recipient when these are all the attempts there were. The first
 * attempt that lets mail pass decides; `delivered` means that policy stands in its way nowhere, not that the host took it.
 */
export function judgePath(
  evidence: PathEvidence,
  profileFor: (attempt: AttemptEvidence) => EffectiveProfile,
): PathVerdict {
  const attempts = evidence.attempts.map((attempt) => judgeAttempt(attempt, evidence, profileFor(attempt)))
  const settled = withoutHosts(evidence) ?? passing(evidence, attempts) ?? withheld(evidence, attempts)
  return {...settled, attempts}
}

type RouteFailure = NonNullable<PathEvidence['route']['failure']>['kind'] | 'mail-loop'

const ROUTE: Record<RouteFailure, {fate: Fate; status: EnhancedStatus; code: FindingCode; says: string; hint: string}> =
  {
    'null-mx': {
      fate: 'bounced',
      status: '5.1.10',
      code: 'null-mx',
      says: 'publishes a null MX: it takes no mail',
      hint: 'check the spelling of the address; the domain itself says that it takes no mail',
    },
    nxdomain: {
      fate: 'bounced',
      status: '5.1.2',
      code: 'domain-not-found',
      says: 'does not exist',
      hint: 'check the spelling of the domain',
    },
    'no-address': {
      fate: 'bounced',
      status: '5.4.4',
      code: 'no-address',
      says: 'has no mail host with an address',
      hint: 'the partner has to publish an MX host with an A or AAAA record',
    },
    'mail-loop': {
      fate: 'bounced',
      status: '5.4.6',
      code: 'mail-loop',
      says: 'has no mail host that is preferred to this relay: mail would go round',
      hint: 'add a route for the domain in relay.yaml, or correct its MX record',
    },
    'dns-failed': {
      fate: 'deferred',
      status: '4.4.3',
      code: 'dns-failed',
      says: 'could not be looked up',
      hint: 'it is tried again; check the DNS servers of this machine',
    },
    'dns-bogus': {
      fate: 'deferred',
      status: '4.4.3',
      code: 'dnssec-invalid',
      says: 'has a DNS answer that fails DNSSEC validation',
      hint: 'the partner has to repair its DNSSEC, or somebody forges answers',
    },
  }

/** Fates that no host had a part in; null where there was somebody to dial. */
function withoutHosts({domain, route, attempts}: PathEvidence): Settled | null {
  const kind = route.nullMx
    ? 'null-mx'
    : (route.failure?.kind ?? (attempts.length === 0 ? hostsFailure(route.hosts) : null))
  return kind && routeFate(domain, kind, route.failure?.reason ?? lookupReason(route.hosts, kind))
}

function routeFate(domain: string, kind: RouteFailure, detail?: string): Settled {
  const {fate, status, code, says, hint} = ROUTE[kind]
  const reason = `${domain} ${says}`
  // What a null MX or an NXDOMAIN of the domain itself has for a reason is what was just said.
  const saysMore = detail !== undefined && kind !== 'null-mx' && detail !== reason
  const message = saysMore ? `${reason}: ${printable(detail)}` : reason
  return {
    fate,
    status,
    reason,
    findings: [{...finding(code, message, hint), severity: fate === 'bounced' ? 'error' : 'warning'}],
  }
}

/** Of a host that could not be looked up. */
function lookupReason(hosts: readonly HostEvidence[], kind: RouteFailure): string | undefined {
  return isLookupFailure(kind) ? hosts.find(({failure}) => failure?.kind === kind)?.failure?.reason : undefined
}

/** Why there is no host to dial. Only certain knowledge bounces: hosts that nobody looked up leave the question open. */
function hostsFailure(hosts: readonly HostEvidence[]): RouteFailure | null {
  const kinds = hosts.map((host): RouteFailure | null => {
    if (host.passedOver) return 'mail-loop'
    return host.addresses.length > 0 ? null : (host.failure?.kind ?? null)
  })
  if (kinds.length === 0 || kinds.includes(null)) return null
  return kinds.find(isLookupFailure) ?? kinds.find((kind) => kind === 'mail-loop') ?? 'no-address'
}

function isLookupFailure(kind: RouteFailure | null): kind is 'dns-failed' | 'dns-bogus' {
  return kind === 'dns-failed' || kind === 'dns-bogus'
}

function passing(evidence: PathEvidence, verdicts: readonly AttemptVerdict[]): Settled | null {
  const first = verdicts.findIndex(
    (verdict, i) => passes(verdict.outcome) && !supersededByFallback(evidence.attempts, i),
  )
  const attempt = evidence.attempts[first]
  if (!attempt) return null
  const manner = {clear: 'in clear text', tls: 'over TLS, peer not authenticated', verified: 'over verified TLS'}
  const how = manner[verdicts[first]?.outcome as keyof typeof manner]
  return {
    fate: 'delivered',
    status: null,
    reason: `mail may pass at ${attempt.host} ${how}`,
    findings: hostFindings(evidence),
  }
}

/** A failed handshake that allows clear text passes nothing itself: the new connection that followed it does, or does not. */
function supersededByFallback(attempts: readonly AttemptEvidence[], index: number): boolean {
  const attempt = attempts[index]
  if (!attempt || attempt.fallback) return false
  return attempts
    .slice(index + 1)
    .some(
      (later) =>
        later.fallback &&
        later.host === attempt.host &&
        later.address === attempt.address &&
        later.port === attempt.port,
    )
}

/** Nothing passed: refused everywhere bounces where the profile says so, and anything left open defers. */
function withheld(evidence: PathEvidence, verdicts: readonly AttemptVerdict[]): Settled {
  const counted = verdicts.filter(({outcome}) => !passes(outcome))
  const refused = counted.filter((verdict) => verdict.outcome === 'refused')
  const open = [...hostFindings(evidence), ...untried(evidence)]
  const certain = refused.length > 0 && refused.length === counted.length && open.length === 0
  const bounced = certain && refused.every((verdict) => verdict.status?.startsWith('5'))
  // The last TLS finding is the one a DSN names; without any, why nobody could be asked.
  const status = refused.at(-1)?.status ?? counted.at(-1)?.status ?? '4.4.1'
  return {
    fate: bounced ? 'bounced' : 'deferred',
    status: bounced ? status : (status.replace(/^5/, '4') as EnhancedStatus),
    reason: refusal(refused, bounced) ?? unasked(evidence, [...open, ...counted.flatMap(({findings}) => findings)]),
    findings: open,
  }
}

function refusal(refused: readonly AttemptVerdict[], bounced: boolean): string | null {
  const last = refused.at(-1)?.findings.find((item) => item.severity === 'error')
  return last ? `${last.message}; the mail ${bounced ? 'is returned' : 'waits'}` : null
}

/** What was seen last says whether it is the network, DNS or the host. */
function unasked({domain}: PathEvidence, findings: readonly Finding[]): string {
  const last = findings.at(-1)
  return `no mail host of ${domain} could be asked${last ? `: ${last.message}` : ''}; it is tried again`
}

function hostFindings({route}: PathEvidence): Finding[] {
  return route.hosts.flatMap(({name, failure}) => {
    if (!failure || !isLookupFailure(failure.kind)) return []
    return routeFate(name, failure.kind, failure.reason).findings
  })
}

function untried({route, attempts}: PathEvidence): Finding[] {
  const tried = new Set(attempts.map((attempt) => attempt.address))
  return route.hosts.flatMap(({name, addresses, passedOver}) => {
    if (passedOver) return []
    const left = addresses.filter((address) => !tried.has(address))
    if (left.length === 0) return []
    return [finding('address-not-tried', `${name} was not tried at ${left.join(', ')}`, 'it is tried again')]
  })
}
