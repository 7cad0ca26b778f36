import {Exit, PosternError} from '../mail/error.ts'
import {parseNetwork} from '../policy/cidr.ts'
import type {Finding} from '../policy/evidence.ts'
import {lintProfile, lintRules} from '../policy/lint.ts'
import {parsePattern} from '../policy/pattern.ts'
import type {Direction, Profile, Rule, RuleAction} from '../policy/profile.ts'
import type {Configuration} from '../state/configuration.ts'
import {writeRules} from '../state/edit.ts'
import {withLock} from '../state/files.ts'
import {loadConfiguration, readConfiguration} from '../state/load.ts'
import {parseName} from '../state/names.ts'
import {freshId, misplacedCondition} from '../state/policy-file.ts'
import {findProfile} from './effective-policy.ts'
import {sameConditions, sameRule} from './rule-diff.ts'
import {findRule, type Position, placeRule} from './rule-position.ts'
import type {AppWorld} from './world.ts'

type Place = Pick<AppWorld, 'configDir'>

/** What `policy apply` was asked for. With the id of a rule that exists, what is absent stays as it is there. */
export interface RuleRequest {
  profile: string
  recipients?: string[] | undefined
  senders?: string[] | undefined
  destinations?: string[] | undefined
  clients?: string[] | undefined
  id?: string | undefined
  /** Default: receiving when clients are given, else delivery. */
  direction?: Direction | undefined
  action?: RuleAction | undefined
  mode?: Rule['mode'] | undefined
  comment?: string | undefined
  position?: Position | undefined
}

export interface RuleResult {
  rule: Rule
  change: 'created' | 'updated' | 'unchanged'
  /** Counted from 1. */
  position: number
  findings: Finding[]
}

/**
 * Puts one rule among the others. A rule is known by its id, or without one by its conditions: applying the same again
 * changes nothing, applying another profile to the same mail changes that rule. Throws as the parsers of patterns and
 * networks do (64), `profile-unknown` and `rule-unknown` (66).
 */
export async function applyPolicy({configDir}: Place, request: RuleRequest): Promise<RuleResult> {
  return withLock(configDir, async () => {
    const {configuration} = await readConfiguration(configDir)
    findProfile(configuration, request.profile)
    const {rules} = configuration
    const wanted = ruleOf(request, rules)
    const existing = rules.find(({id}) => id === wanted.id)
    const placed = placeRule(rules, wanted, request.position)
    if (!isSameOrder(rules, placed)) await writeRules(configDir, placed)
    const change = !existing ? 'created' : isSameOrder(rules, placed) ? 'unchanged' : 'updated'
    return {rule: wanted, change, ...standing(wanted, {...configuration, rules: placed})}
  })
}

/** Throws `rule-unknown` (66). */
export async function movePolicy({configDir}: Place, id: string, position: Position): Promise<RuleResult> {
  return withLock(configDir, async () => {
    const {configuration} = await readConfiguration(configDir)
    const {rules} = configuration
    const rule = findRule(rules, id)
    const placed = placeRule(rules, rule, position)
    const change = isSameOrder(rules, placed) ? 'unchanged' : 'updated'
    if (change === 'updated') await writeRules(configDir, placed)
    return {rule, change, ...standing(rule, {...configuration, rules: placed})}
  })
}

/** Throws `rule-unknown` (66). */
export async function deletePolicy({configDir}: Place, id: string): Promise<Rule> {
  return withLock(configDir, async () => {
    const {configuration} = await readConfiguration(configDir)
    const rule = findRule(configuration.rules, id)
    await writeRules(
      configDir,
      configuration.rules.filter((other) => other.id !== id),
    )
    return rule
  })
}

/** The rules in order, and what is wrong with them. */
export async function listPolicies({configDir}: Place): Promise<{rules: readonly Rule[]; findings: Finding[]}> {
  const {rules, profiles} = await loadConfiguration(configDir)
  return {rules, findings: lintRules(rules, profiles)}
}

/** Throws `rule-unknown` (66). */
export async function showPolicy(
  {configDir}: Place,
  id: string,
): Promise<{rule: Rule; position: number; profile: Profile; findings: Finding[]}> {
  const config = await loadConfiguration(configDir)
  const rule = findRule(config.rules, id)
  return {rule, profile: findProfile(config, rule.profile), ...standing(rule, config)}
}

function ruleOf(request: RuleRequest, rules: readonly Rule[]): Rule {
  const given = request.id === undefined ? undefined : rules.find(({id}) => id === request.id)
  const rule = {
    direction: request.direction ?? given?.direction ?? (request.clients?.length ? 'receiving' : 'delivery'),
    recipients: checked(request.recipients, parsePattern) ?? given?.recipients ?? [],
    senders: checked(request.senders, parsePattern) ?? given?.senders ?? [],
    destinations: checked(request.destinations, parseNetwork) ?? given?.destinations ?? [],
    clients: checked(request.clients, parseNetwork) ?? given?.clients ?? [],
    mode: request.mode ?? given?.mode ?? 'enforce',
    profile: request.profile,
    ...((request.action ?? given?.action) === 'reject' ? {action: 'reject' as const} : {}),
  } as const
  refuseMisplaced(rule)
  const known = given ?? (request.id === undefined ? rules.find((other) => sameConditions(other, rule)) : undefined)
  const id = known?.id ?? (request.id === undefined ? freshId(rules) : parseName('rule id', request.id))
  const comment = request.comment === undefined ? (known?.comment ?? null) : request.comment || null
  // Conditions that are the same but for order or case are left as they were written.
  const same = known && sameConditions(known, rule)
  if (!same) return {id, ...rule, comment}
  const {action, ...kept} = known
  const rejects = (request.action ?? action) === 'reject'
  return {...kept, profile: rule.profile, ...(rejects ? {action: 'reject'} : {}), comment}
}

function checked(list: string[] | undefined, parse: (text: string) => unknown): string[] | undefined {
  if (!list?.length) return undefined
  for (const text of list) parse(text)
  return [...new Set(list)]
}

function refuseMisplaced(rule: Pick<Rule, 'direction' | 'clients' | 'destinations' | 'action'>): void {
  const misplaced = misplacedCondition(rule)
  if (!misplaced) return
  const condition = misplaced.key === 'action' ? 'action' : 'client'
  const [flag, needed] = rule.direction === 'delivery' ? [condition, 'receiving'] : ['destination', 'delivery']
  throw new PosternError('condition-misplaced', `a ${rule.direction} rule cannot ask for the ${flag}`, {
    exit: Exit.usage,
    hints: [`use --direction ${needed}, or leave --${flag} out`],
  })
}

function isSameOrder(before: readonly Rule[], after: readonly Rule[]): boolean {
  return (
    before.length === after.length &&
    before.every((rule, index) => rule.id === after[index]!.id && sameRule(rule, after[index]!))
  )
}

/** Where the rule stands, what is wrong because of it, and what is weaker in its profile than it looks. */
function standing(rule: Rule, {rules, profiles}: Pick<Configuration, 'rules' | 'profiles'>) {
  const position = rules.findIndex(({id}) => id === rule.id) + 1
  const profile = profiles.get(rule.profile)
  const others = rules.filter(({id}) => id !== rule.id)
  const without = new Set(lintRules(others, profiles).map(({message}) => message))
  const caused = lintRules(rules, profiles).filter(({message}) => !without.has(message))
  return {position, findings: [...caused, ...(profile ? lintProfile(profile) : [])]}
}
