import {printable} from '../mail/domain.ts'
import {type AddressForm, addressForm} from './address-form.ts'
import {type Network, networkContains, parseNetwork} from './cidr.ts'
import {type Pattern, parsePattern, patternMatches} from './pattern.ts'
import type {Direction, Rule} from './profile.ts'

/** What a rule is held against. A field that is absent is not known (yet); a rule that asks for it cannot match. */
export interface MatchInput {
  direction: Direction
  /** `user@domain`, or a bare domain. */
  recipient?: string | undefined
  /** '' or `<>` is the null sender. */
  sender?: string | undefined
  /** The address that is dialled. */
  address?: string | undefined
  /** The address of the client that connects (receiving). */
  client?: string | undefined
}

export interface RuleTrace {
  rule: string
  profile: string
  /**
   * `matched` chose the profile; `rehearsed` matched, but only rehearses; `undecided` asks for something that is not known
   * here; `not-reached` comes after the rule that matched.
   */
  result: 'matched' | 'rehearsed' | 'not-matched' | 'undecided' | 'not-reached'
  /** The condition that failed. */
  condition: 'direction' | 'recipients' | 'senders' | 'destinations' | 'clients' | null
  /** One sentence. */
  sentence: string
}

export interface RuleMatch {
  /** The first enforcing rule that matches; null: none, so the built-in profile `preferred` applies. */
  rule: Rule | null
  /** Rehearsing rules that match before it. */
  rehearsed: Rule[]
  /** One entry for each rule, in order. */
  trace: RuleTrace[]
}

/** First match in order. Rules must be well-formed: a malformed pattern or network throws as its parser does. */
export function matchRules(rules: readonly Rule[], input: MatchInput): RuleMatch {
  const match: RuleMatch = {rule: null, rehearsed: [], trace: []}
  const known = knownFacts(input)
  for (const rule of rules) {
    const entry = match.rule ? notReached(rule, match.rule) : tryRule(rule, known)
    match.trace.push(entry)
    if (entry.result === 'matched') match.rule = rule
    if (entry.result === 'rehearsed') match.rehearsed.push(rule)
  }
  return match
}

/** A rule with its patterns and networks read. */
export interface CompiledRule {
  recipients: Pattern[]
  senders: Pattern[]
  destinations: Network[]
  clients: Network[]
}

const compiled = new WeakMap<Rule, CompiledRule>()

/** Reads a rule's patterns once; rules are never changed in place. */
export function compileRule(rule: Rule): CompiledRule {
  const known = compiled.get(rule)
  if (known) return known
  const fresh = {
    recipients: rule.recipients.map(parsePattern),
    senders: rule.senders.map(parsePattern),
    destinations: rule.destinations.map(parseNetwork),
    clients: rule.clients.map(parseNetwork),
  }
  compiled.set(rule, fresh)
  return fresh
}

interface KnownFacts {
  direction: Direction
  recipient: AddressForm | undefined
  /** null is the null sender, undefined is not known. */
  sender: AddressForm | null | undefined
  input: MatchInput
}

function knownFacts(input: MatchInput): KnownFacts {
  const {direction, recipient, sender} = input
  const nullSender = sender === '' || sender === '<>'
  return {
    direction,
    recipient: recipient === undefined ? undefined : addressForm(recipient),
    sender: nullSender ? null : sender === undefined ? undefined : addressForm(sender),
    input,
  }
}

type Miss = Pick<RuleTrace, 'result' | 'condition' | 'sentence'>

function tryRule(rule: Rule, known: KnownFacts): RuleTrace {
  const {id, profile, mode} = rule
  const miss = firstMiss(rule, known)
  if (miss) return {rule: id, profile, ...miss}
  const hit = {rule: id, profile, condition: null}
  const rejects = rule.action === 'reject'
  if (mode === 'enforce') {
    const outcome = rejects ? 'the mail is rejected' : `profile ${profile} applies`
    return {...hit, result: 'matched', sentence: `rule ${id} matches: ${outcome}`}
  }
  const rehearsal = rejects ? 'rejecting' : `profile ${profile}`
  const sentence = `rule ${id} matches, but only rehearses ${rehearsal}: the search goes on`
  return {...hit, result: 'rehearsed', sentence}
}

function firstMiss(rule: Rule, known: KnownFacts): Miss | null {
  if (rule.direction !== known.direction) {
    const sentence = `rule ${rule.id} is for ${rule.direction}, this is ${known.direction}`
    return {result: 'not-matched', condition: 'direction', sentence}
  }
  const {recipients, senders, destinations, clients} = compileRule(rule)
  const {recipient, sender} = known
  const {address, client} = known.input
  return (
    check(rule, 'recipients', recipients.length, known.input.recipient, () =>
      recipients.some((p) => patternMatches(p, recipient ?? null)),
    ) ??
    check(rule, 'senders', senders.length, known.input.sender, () =>
      senders.some((p) => patternMatches(p, sender ?? null)),
    ) ??
    check(rule, 'destinations', destinations.length, address, (ip) =>
      destinations.some((n) => networkContains(n, ip)),
    ) ??
    check(rule, 'clients', clients.length, client, (ip) => clients.some((n) => networkContains(n, ip)))
  )
}

type Condition = 'recipients' | 'senders' | 'destinations' | 'clients'

const NOUN: Record<Condition, string> = {
  recipients: 'recipient',
  senders: 'sender',
  destinations: 'destination address',
  clients: 'client address',
}

/** An empty list matches everything, also what is not known. */
function check(
  rule: Rule,
  condition: Condition,
  entries: number,
  value: string | undefined,
  matches: (value: string) => boolean,
): Miss | null {
  if (entries === 0) return null
  const list = printable(rule[condition].join(', '))
  if (value === undefined) {
    const sentence = `rule ${rule.id} asks for the ${NOUN[condition]} (${list}), which is not known here`
    return {result: 'undecided', condition, sentence}
  }
  if (matches(value)) return null
  const shown = value === '' ? '<>' : printable(value)
  const sentence = `rule ${rule.id} does not match: ${NOUN[condition]} ${shown} is not in ${list}`
  return {result: 'not-matched', condition, sentence}
}

function notReached(rule: Rule, winner: Rule): RuleTrace {
  const sentence = `rule ${rule.id} is not reached: rule ${winner.id} matched first`
  return {rule: rule.id, profile: rule.profile, result: 'not-reached', condition: null, sentence}
}
