import type {AttemptEvidence, Finding, PathEvidence} from '../evidence.ts'
import {finding} from '../findings.ts'
import {clockRemarks} from './clock.ts'

/** What a look at this machine and its network brought to light, each only where it was in question. */
export interface LocalFacts {
  /** An address at which nobody can be took a connection. */
  proxied: boolean
  /** SMTP was reached at some public address in this run. */
  smtpReached: boolean
  /** `address:port` of a mail host that answers, though not at the SMTP port. */
  otherPort: string | null
  /** The DNS server, asked for something else. */
  resolver: 'works' | 'silent' | 'broken' | null
  /** When the newest of the files that a living machine writes was written; milliseconds since the epoch. */
  newestFile: number | null
  /** Milliseconds since the epoch. */
  now: number
}

/** Causes that are ours, told apart from the partner's. */
export function localRemarks(evidence: PathEvidence, facts: LocalFacts): Finding[] {
  return [
    ...resolverRemarks(facts),
    ...noIpv6(evidence.attempts),
    ...blocked(evidence.attempts, facts),
    ...(facts.proxied ? [proxied()] : []),
    ...clockRemarks(evidence.attempts, facts),
  ]
}

/** The system has no way to an IPv6 address, whoever has it: what `connect` ended with says so. */
export function lacksIpv6(address: string, stage: string | null, reason: string | null): boolean {
  const isNoRoute = /ENETUNREACH|EADDRNOTAVAIL|EAFNOSUPPORT/.test(reason ?? '')
  return address.includes(':') && stage === 'connect' && isNoRoute
}

function isWithoutIpv6({address, reach}: AttemptEvidence): boolean {
  return reach.status === 'unreachable' && lacksIpv6(address, reach.stage, reach.reason)
}

function noIpv6(attempts: readonly AttemptEvidence[]): Finding[] {
  const unreached = attempts.filter(isWithoutIpv6)
  if (unreached.length === 0) return []
  const addresses = [...new Set(unreached.map(({address}) => address))].join(', ')
  const hint = 'give this machine IPv6, or look from one that has it'
  return [finding('local-no-ipv6', `this machine has no IPv6 route, so that ${addresses} was not looked at`, hint)]
}

function blocked(attempts: readonly AttemptEvidence[], {smtpReached, otherPort}: LocalFacts): Finding[] {
  const dialled = attempts.filter((attempt) => !isWithoutIpv6(attempt))
  const port = dialled[0]?.port
  const forbidden = dialled.some(({reach}) => reach.status === 'unreachable' && /EACCES|EPERM/.test(reach.reason))
  if (forbidden) {
    const hint = 'see the firewall of this machine: iptables, nftables, or the security software'
    return [finding('local-port-blocked', `this machine itself forbids connections to port ${port}`, hint)]
  }
  if (smtpReached || otherPort === null || !dialled.every(isLostInSilence)) return []
  const message = `no mail host answers at port ${port}, while ${otherPort} answers: port ${port} looks blocked here`
  const hint = 'ask whoever runs this network to let port 25 out, or look from another one'
  return [finding('local-port-blocked', message, hint)]
}

/** No refusal, no answer: as a packet filter does it. */
export function isLostInSilence({reach}: AttemptEvidence): boolean {
  return (
    reach.status === 'unreachable' &&
    reach.stage === 'connect' &&
    /no answer within|ETIMEDOUT|the time for/.test(reach.reason)
  )
}

function proxied(): Finding {
  const message = 'a connection to port 25 of 192.0.2.1, where nobody can be (RFC 5737), was taken'
  const hint = 'switch off the SMTP proxy of this network for this machine, or look from another one'
  return finding('local-proxy', message, hint)
}

function resolverRemarks({resolver}: LocalFacts): Finding[] {
  if (resolver === 'silent') {
    const hint = 'check the DNS servers (relay.yaml dns, /etc/resolv.conf), or name one with --resolver'
    return [finding('local-resolver-down', 'no DNS server of this machine answers anything', hint)]
  }
  if (resolver !== 'broken') return []
  const message = 'the DNS server of this machine answers, and fails for other names too'
  return [
    finding('local-resolver-broken', message, 'check the DNS server and its way out, or name another with --resolver'),
  ]
}
