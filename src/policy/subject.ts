import ipaddr from 'ipaddr.js'
import {Domain, printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import type {CertificateFacts} from '../pki/certificate.ts'
import {matchesIdentifier} from '../pki/identifiers.ts'
import type {SubjectCheck} from './profile.ts'

/** What was compared, and how it came out. An empty `matchedBy` means that no check was met. */
export interface SubjectMatch {
  /** The checks that the certificate meets. */
  matchedBy: SubjectCheck[]
  /** What was looked for, one text for each check. */
  reference: string[]
  /** dNSName and iPAddress entries of the leaf; the common name is never looked at (RFC 9525 §2). */
  presented: string[]
}

/**
 * Reads `mx`, `domain`, `any`, `contains:TEXT`, `exact:NAME` or `wildcard:PATTERN`.
 * Throws `subject-check-invalid` (exit 64).
 */
export function parseSubjectCheck(text: string): SubjectCheck {
  if (text === 'mx' || text === 'domain' || text === 'any') return {kind: text}
  const colon = text.indexOf(':')
  const kind = text.slice(0, Math.max(colon, 0))
  const value = text.slice(colon + 1).trim()
  if (kind === 'contains' && value !== '') return {kind, value: value.toLowerCase()}
  if (kind === 'exact') return {kind, value: exactName(value) ?? invalid(text)}
  if (kind === 'wildcard' && isWildcardPattern(value)) return {kind, value: value.toLowerCase()}
  return invalid(text)
}

/** The text that `parseSubjectCheck` reads. */
export function formatSubjectCheck(check: SubjectCheck): string {
  return 'value' in check ? `${check.kind}:${check.value}` : check.kind
}

/** An empty list stands for `mx`, so that a profile that names no check still has one. */
export function effectiveSubject(checks: readonly SubjectCheck[]): readonly SubjectCheck[] {
  return checks.length > 0 ? checks : [{kind: 'mx'}]
}

/**
 * Compares a leaf with the checks, which are alternatives. `names.host` is the MX host as it was dialled, `names.domain`
 * the recipient's domain; either may be an address literal in brackets. No leaf meets no check but `any`.
 */
export function evaluateSubject(
  checks: readonly SubjectCheck[],
  leaf: Pick<CertificateFacts, 'dnsNames' | 'ipAddresses'> | null,
  names: {host: string; domain: string},
): SubjectMatch {
  const presented = {dnsNames: leaf?.dnsNames ?? [], ipAddresses: leaf?.ipAddresses ?? []}
  const wanted = effectiveSubject(checks)
  return {
    matchedBy: wanted.filter((check) => meets(check, presented, names)),
    reference: wanted.map((check) => referenceText(check, names)),
    presented: [...presented.dnsNames, ...presented.ipAddresses],
  }
}

function referenceText(check: SubjectCheck, names: {host: string; domain: string}): string {
  if (check.kind === 'mx') return names.host
  if (check.kind === 'domain') return names.domain
  return formatSubjectCheck(check)
}

function meets(check: SubjectCheck, leaf: Presented, names: {host: string; domain: string}): boolean {
  switch (check.kind) {
    case 'any':
      return true
    case 'mx':
      return namesReference(leaf, names.host)
    case 'domain':
      return namesReference(leaf, names.domain)
    case 'exact':
      return namesReference(leaf, check.value)
    case 'contains':
      return leaf.dnsNames.some((name) => name.toLowerCase().includes(check.value.toLowerCase()))
    case 'wildcard':
      return leaf.dnsNames.some((name) => matchesWildcard(check.value, name))
  }
}

type Presented = Pick<CertificateFacts, 'dnsNames' | 'ipAddresses'>

/** RFC 9525 §6: a reference IP address is compared with iPAddress entries only, a reference name with dNSName only. */
function namesReference(leaf: Presented, reference: string): boolean {
  const ip = literalAddress(reference)
  if (ip !== null) return leaf.ipAddresses.some((presented) => sameAddress(presented, ip))
  return leaf.dnsNames.some((presented) => matchesIdentifier(presented, reference))
}

function literalAddress(text: string): string | null {
  const bare = text.replace(/^\[(IPv6:)?|\]$/gi, '')
  return ipaddr.IPv4.isValidFourPartDecimal(bare) || ipaddr.IPv6.isValid(bare) ? bare : null
}

function sameAddress(one: string, other: string): boolean {
  return ipaddr.isValid(one) && ipaddr.parse(one).toNormalizedString() === ipaddr.parse(other).toNormalizedString()
}

// The pattern is the administrator's own, so `*` and `?` may stand inside a label; like the wildcard of RFC 9525 §6.3 they
// never cross a dot. A presented wildcard is taken as it is written: only a `*` of the pattern covers it.
function matchesWildcard(pattern: string, presented: string): boolean {
  const labels = pattern.toLowerCase().split('.')
  const names = presented.toLowerCase().replace(/\.$/, '').split('.')
  return labels.length === names.length && labels.every((label, i) => matchesLabel(label, names[i] ?? ''))
}

function matchesLabel(pattern: string, label: string): boolean {
  if (pattern === '*') return label === '*' || /^[^*]+$/.test(label)
  const source = pattern.replace(/[*?]+/g, (run) => (run.includes('*') ? '[^*]*' : '[^*]'.repeat(run.length)))
  return label.length <= 63 && new RegExp(`^${source}$`).test(label)
}

function exactName(value: string): string | null {
  return literalAddress(value) ?? Domain.tryParse(value)?.ascii ?? null
}

// At most two stars in a label keep the comparison cheap whatever the label is.
function isWildcardPattern(value: string): boolean {
  const labels = value.split('.')
  const sound = labels.every((label) => /^[a-z0-9_*?-]{1,63}$/i.test(label) && (label.match(/\*/g)?.length ?? 0) <= 2)
  return sound && labels.length >= 2 && /[*?]/.test(value)
}

function invalid(text: string): never {
  throw new PosternError('subject-check-invalid', `"${printable(text)}" is not a subject check`, {
    exit: Exit.usage,
    hints: ['use mx, domain, contains:TEXT, exact:NAME, wildcard:PATTERN (such as wildcard:*.example.mil) or any'],
  })
}
