import type {SetupResult} from '../app/setup.ts'
import type {Rehearsal} from '../app/setup-rehearsal.ts'
import {Exit} from '../mail/error.ts'
import type {ProbeResult} from '../report/probe-schema.ts'
import {ruleLine} from './rule-text.ts'

/** What is, or would be, written; one line each, none where it is all there. */
export function changeLines({ca, identity, profile, rule}: SetupResult, replaced: Rehearsal['replaced']): string[] {
  const count = ca?.certificates.length ?? 0
  const was = replaced === null ? '' : `, which was → ${replaced}`
  const all: [string, string][] = [
    [ca?.change ?? 'unchanged', `CA ${ca?.name}, ${count} certificate${count === 1 ? '' : 's'}`],
    [profile.change, `profile ${profile.profile.name}, level ${profile.profile.level}`],
    [rule.change, `rule ${ruleLine(rule.rule)}${was}`],
    [identity.change, `identity ${identity.name}, self-signed, for the relay`],
  ]
  return all.filter(([change]) => change !== 'unchanged').map(([change, what]) => `  ${change.padEnd(9)} ${what}`)
}

/** Why one may not want to write it, a sentence; null: nothing speaks against it. */
export function objectionTo({probe, deciding}: Pick<Rehearsal, 'probe' | 'deciding'>): string | null {
  if (probe.exit === Exit.noHost) return 'This domain takes no mail now.'
  if (probe.verdict === 'fail') return 'The policy is not met now.'
  if (probe.verdict === 'undetermined') return 'Whether the policy is met cannot be told now.'
  return deciding.length > 0 ? 'It is not in force for every address.' : null
}

/** Rules that stand before ours, and are about addresses. */
export function decidingLines(deciding: readonly string[]): string[] {
  if (deciding.length === 0) return []
  const who = deciding.length === 1 ? `rule ${deciding[0]} decides` : `rules ${deciding.join(', ')} decide`
  return [`${who} for addresses of this partner, not the rule of this policy; postern policy list shows the order`]
}

/** How it stands with what is in force now, beyond "written"; '' where all is well. */
export function standingText({target, verdict, summary}: ProbeResult): string {
  if (verdict === 'pass') return ''
  if (verdict === 'fail') return `The policy is in force, and ${target} does not meet it now: ${summary}`
  return `The policy is in force; whether ${target} meets it could not be told now: ${summary}. Again: postern probe ${target}`
}
