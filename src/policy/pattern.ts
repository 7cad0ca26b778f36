import {RE2JS} from 're2js'
import {mailDomainText, parseMailDomain} from '../mail/address.ts'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import type {AddressForm} from './address-form.ts'
import {fixedEnd, type Glob, globCovers, globMatches, parseGlob} from './glob.ts'

/**
 * Which senders or recipients a rule speaks of: `user@domain`, `*@domain`, `domain` (the same as `*@domain`), `.domain`
 * (its subdomains), `*` and `?` as in a shell but never across `@`, `/regex/`, and `<>` for the null sender. `*` alone is
 * everybody, the null sender included. Domains may be written with A-labels or U-labels; case never matters.
 */
export type Pattern = {text: string} & (
  | {kind: 'everybody'}
  | {kind: 'null-sender'}
  | {kind: 'address'; local: Glob; domain: DomainPattern}
  | {kind: 'regex'; regex: RE2JS}
)

export type DomainPattern = {kind: 'glob'; glob: Glob} | {kind: 'subdomains'; parent: string}

/** A pattern longer than this is refused: it is a mistake, and its size is what matching costs. */
const LONGEST = 1000

/** Throws `pattern-invalid` (exit 64). */
export function parsePattern(text: string): Pattern {
  if (text === '*') return {kind: 'everybody', text}
  if (text === '<>') return {kind: 'null-sender', text}
  if (text === '' || text.length > LONGEST) return invalid(text, `it must have 1 to ${LONGEST} characters`)
  if (text.length > 1 && text.startsWith('/') && text.endsWith('/')) return parseRegex(text)
  const at = text.lastIndexOf('@')
  const local = at < 0 ? '*' : text.slice(0, at)
  if (!/^[^\s@<>]+$/.test(local) && !/^"[^<>]*"$/.test(local)) return invalid(text, 'the part before @ is malformed')
  const domain = parseDomainPattern(text.slice(at + 1), at < 0)
  if (domain === null) return invalid(text, 'the domain is malformed')
  return {kind: 'address', text, local: parseGlob(local), domain}
}

/** `address` null is the null sender. */
export function patternMatches(pattern: Pattern, address: AddressForm | null): boolean {
  if (pattern.kind === 'everybody') return true
  if (pattern.kind === 'null-sender' || address === null) return pattern.kind === 'null-sender' && address === null
  if (pattern.kind === 'regex') return regexMatches(pattern.regex, address)
  return localMatches(pattern.local, address.local) && domainMatches(pattern.domain, address.domain)
}

/** True only when every address that `inner` matches is matched by `outer`; false where that cannot be told easily. */
export function patternCovers(outer: Pattern, inner: Pattern): boolean {
  if (outer.kind === 'everybody') return true
  if (outer.kind === 'regex' || inner.kind === 'regex') return outer.kind === inner.kind && outer.text === inner.text
  if (outer.kind !== 'address' || inner.kind !== 'address') return outer.kind === inner.kind
  return globCovers(outer.local, inner.local) && domainCovers(outer.domain, inner.domain)
}

function localMatches(glob: Glob, local: string | null): boolean {
  return local === null ? glob.text === '*' : globMatches(glob, local)
}

function domainMatches(pattern: DomainPattern, domain: string): boolean {
  return pattern.kind === 'subdomains' ? domain.endsWith(`.${pattern.parent}`) : globMatches(pattern.glob, domain)
}

function domainCovers(outer: DomainPattern, inner: DomainPattern): boolean {
  if (outer.kind === 'glob') return globCovers(outer.glob, inner.kind === 'glob' ? inner.glob : below(inner.parent))
  const end = inner.kind === 'glob' ? fixedEnd(inner.glob) : `.${inner.parent}`
  return end.endsWith(`.${outer.parent}`)
}

function below(parent: string): Glob {
  return {text: `*.${parent}`, literal: false}
}

// Both spellings are tried, so that a regex may be written with A-labels or with U-labels.
function regexMatches(regex: RE2JS, {local, domain, unicodeDomain}: AddressForm): boolean {
  if (local === null) return false
  const spellings = new Set([`${local}@${domain}`, `${local}@${unicodeDomain}`])
  return [...spellings].some((text) => regex.matcher(text).find())
}

// RE2 has no backtracking: time is linear in the address, so a pattern cannot be made to hang the relay.
function parseRegex(text: string): Pattern {
  try {
    return {kind: 'regex', text, regex: RE2JS.compile(text.slice(1, -1), RE2JS.CASE_INSENSITIVE)}
  } catch (cause) {
    return invalid(text, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function parseDomainPattern(text: string, mayBeSubdomains: boolean): DomainPattern | null {
  if (mayBeSubdomains && text.startsWith('.')) {
    const parent = parseMailDomain(text.slice(1))
    return parent && !('literal' in parent) ? {kind: 'subdomains', parent: parent.ascii} : null
  }
  if (/[*?]/.test(text)) {
    const ascii = /^[^\s@<>[\]/\\:"]+$/.test(text) ? asciiLabels(text) : null
    return ascii === null ? null : {kind: 'glob', glob: parseGlob(ascii)}
  }
  const domain = parseMailDomain(text)
  return domain && {kind: 'glob', glob: parseGlob(mailDomainText(domain))}
}

/** A-labels for each label; null where a wildcard stands in a label that has none (U-labels are not made of letters). */
function asciiLabels(text: string): string | null {
  const labels = text.split('.').map((label) => {
    if (label === '' || /^[\x21-\x7e]*$/.test(label)) return label
    const domain = parseMailDomain(label)
    return domain && mailDomainText(domain)
  })
  return labels.includes(null) ? null : labels.join('.')
}

function invalid(text: string, why: string, cause?: unknown): never {
  throw new PosternError('pattern-invalid', `"${printable(text)}" is not an address pattern: ${printable(why)}`, {
    exit: Exit.usage,
    hints: ['use user@domain, *@domain, domain, .domain, /regex/, * or ? as in a shell, or <> for the null sender'],
    cause,
  })
}
