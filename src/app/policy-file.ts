import {Exit} from '../mail/error.ts'
import type {Finding} from '../policy/evidence.ts'
import {lintRules} from '../policy/lint.ts'
import type {Rule} from '../policy/profile.ts'
import type {Configuration} from '../state/configuration.ts'
import {writeRules} from '../state/edit.ts'
import {withLock} from '../state/files.ts'
import {readConfiguration} from '../state/load.ts'
import {freshId, type PolicyFile, readPolicy, type UnnamedRule} from '../state/policy-file.ts'
import {nearest} from '../state/suggest.ts'
import {diffRules, type RuleChange, sameConditions} from './rule-diff.ts'
import type {AppWorld} from './world.ts'

export interface PolicyFileResult {
  changes: RuleChange[]
  /** The rules as they are, or would be, in order. */
  rules: Rule[]
  /** False for a dry run, and where nothing differs. */
  written: boolean
  findings: Finding[]
}

/**
 * Makes the rules of a file the rules, in its order: what is not in it goes. Rules without an id keep that of the rule with
 * the same conditions, or get a fresh one. Throws (65) with file and line when the file is not sound.
 */
export async function applyPolicyFile(
  {configDir}: Pick<AppWorld, 'configDir'>,
  source: {path: string; text: string},
  options: {dryRun: boolean},
): Promise<PolicyFileResult> {
  return withLock(configDir, async () => {
    const {configuration} = await readConfiguration(configDir)
    const rules = rulesOf(source, configuration)
    const changes = diffRules(configuration.rules, rules)
    const written = changes.length > 0 && !options.dryRun
    if (written) await writeRules(configDir, rules)
    return {changes, rules, written, findings: lintRules(rules, configuration.profiles)}
  })
}

/**
 * The rules of a file as they would stand in this configuration: every profile known, every rule with its id. Throws
 * (65) with file and line when the file is not sound.
 */
export function rulesOf(source: {path: string; text: string}, configuration: Configuration): Rule[] {
  const policy = readPolicy({...source, exit: Exit.badData})
  refuseUnknownProfiles(policy, configuration)
  return withIds(policy.rules, configuration.rules)
}

function refuseUnknownProfiles({file, rules, at}: PolicyFile, {profiles}: Configuration): void {
  const index = rules.findIndex(({profile}) => !profiles.has(profile))
  const missing = rules[index]?.profile
  if (missing === undefined) return
  const meant = nearest(missing, profiles.keys())
  const hint = meant ? `did you mean ${meant}?` : `create it first: postern profile create ${missing} --level secure`
  throw file.complain([...at(index), 'profile'], `expected an existing profile; there is no ${missing}`, hint)
}

function withIds(wanted: readonly UnnamedRule[], existing: readonly Rule[]): Rule[] {
  const taken = new Set(wanted.flatMap(({id}) => id ?? []))
  return wanted.map((rule) => {
    const same = existing.find((other) => !taken.has(other.id) && sameConditions(other, rule))
    const id = rule.id ?? same?.id ?? freshId([...existing, ...[...taken].map((used) => ({id: used}))])
    taken.add(id)
    return {...rule, id}
  })
}
