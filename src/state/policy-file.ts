import * as v from 'valibot'
import {parseNetwork} from '../policy/cidr.ts'
import {parsePattern} from '../policy/pattern.ts'
import type {Rule} from '../policy/profile.ts'
import {isName} from './names.ts'
import {checkedText, comment, listOf, word} from './schema.ts'
import {YamlFile, type YamlPath, type YamlSource} from './yaml-file.ts'

const name = (what: string) =>
  checkedText(`${what} of letters, digits, dots, hyphens or underscores`, (text) => isName(text) || null)
const patterns = v.optional(listOf(checkedText('user@domain, domain, .domain, /regex/, * or <>', parsePattern)), [])
const networks = v.optional(listOf(checkedText('a network such as 192.0.2.0/24 or 2001:db8::/32', parseNetwork)), [])

/** One rule as `policy.yaml` writes it. */
const RULE_SCHEMA = v.strictObject(
  {
    id: v.optional(name('an id')),
    direction: v.optional(word(['delivery', 'receiving'] as const), 'delivery'),
    recipients: patterns,
    senders: patterns,
    destinations: networks,
    clients: networks,
    profile: name('the name of a profile'),
    action: v.optional(word(['accept', 'reject'] as const)),
    mode: v.optional(word(['enforce', 'rehearse'] as const), 'enforce'),
    comment,
  },
  'expected a mapping with profile: …',
)

/** `policy.yaml`: the rules in order. */
const POLICY_SCHEMA = v.strictObject(
  {rules: v.array(RULE_SCHEMA, 'expected a list of rules; [] for none')},
  'expected rules: and the rules in order',
)

/** A rule that has no id yet. */
export type UnnamedRule = Omit<Rule, 'id'> & {id?: string | undefined}

/** A policy file, with the way back to its lines. */
export interface PolicyFile {
  file: YamlFile
  rules: UnnamedRule[]
  /** Where the rule at this index stands. */
  at(index: number): YamlPath
}

/**
 * Reads the rules: a mapping `rules: […]`, or the bare list. An empty file is refused, because a file that lost its content
 * must not mean "no policy". Throws with file and line.
 */
export function readPolicy(source: YamlSource): PolicyFile {
  const file = new YamlFile(source)
  const value = file.value
  const bare = Array.isArray(value)
  const {rules} = bare ? {rules: file.read(POLICY_SCHEMA.entries.rules)} : file.read(POLICY_SCHEMA)
  const policy = {file, rules, at: (index: number): YamlPath => (bare ? [index] : ['rules', index])}
  for (const [index, rule] of rules.entries()) checkRule(rule, index, policy)
  return policy
}

/** As `readPolicy`, for policy.yaml itself, where every rule must have its id. */
export function readRules(source: YamlSource): PolicyFile & {rules: Rule[]} {
  const policy = readPolicy(source)
  const nameless = policy.rules.findIndex(({id}) => id === undefined)
  if (nameless < 0) return policy as PolicyFile & {rules: Rule[]}
  const hint = `add id: ${freshId(policy.rules)}`
  throw policy.file.complain(policy.at(nameless), 'expected the key id, which is missing', hint)
}

/** r1, r2 …: the first number above all that are in use. */
export function freshId(rules: readonly {id?: string | undefined}[]): string {
  const numbers = rules.map(({id}) => Number(/^r(\d{1,9})$/.exec(id ?? '')?.[1] ?? 0))
  return `r${Math.max(0, ...numbers) + 1}`
}

function checkRule(rule: UnnamedRule, index: number, {file, rules, at}: PolicyFile): void {
  const twin = rules.findIndex(({id}) => id !== undefined && id === rule.id)
  if (rule.id !== undefined && twin < index) {
    throw file.complain(
      [...at(index), 'id'],
      `expected an id of its own; rule ${twin + 1} is ${rule.id} too`,
      `use ${freshId(rules)}`,
    )
  }
  const misplaced = misplacedCondition(rule)
  if (misplaced) throw file.complain([...at(index), misplaced.key], misplaced.message, misplaced.hint)
}

/** A condition that can never be known in the rule's direction, so that the rule would never match. */
export function misplacedCondition(rule: Pick<Rule, 'direction' | 'clients' | 'destinations' | 'action'>) {
  if (rule.direction === 'delivery' && rule.action === 'reject') {
    return {
      key: 'action',
      message: 'expected no action: reject in a delivery rule',
      hint: 'use direction: receiving; what is in the queue was accepted',
    }
  }
  if (rule.direction === 'delivery' && rule.clients.length > 0) {
    return {
      key: 'clients',
      message: 'expected no clients in a delivery rule',
      hint: 'use direction: receiving, or destinations',
    }
  }
  if (rule.direction === 'receiving' && rule.destinations.length > 0) {
    return {
      key: 'destinations',
      message: 'expected no destinations in a receiving rule',
      hint: 'use clients, or direction: delivery',
    }
  }
  return null
}
