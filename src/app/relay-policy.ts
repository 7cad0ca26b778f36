import {type MatchInput, matchRules} from '../policy/match.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import type {RelayPolicy} from '../relay/snapshot.ts'
import type {Configuration} from '../state/configuration.ts'
import type {EffectivePolicy} from './effective-policy.ts'

/** The policy in the relay's terms, which also asks what may apply before everything is known. */
export function relayPolicy(config: Configuration, policy: EffectivePolicy): RelayPolicy {
  const {rules} = config
  const match = (input: MatchInput) => matchRules(rules, input)
  const byRule = (id: string): EffectiveProfile => {
    const rule = rules.find((other) => other.id === id)!
    return {...policy.profile(rule.profile), rule: id}
  }
  const isRehearsal = (id: string) => rules.find((rule) => rule.id === id)?.mode === 'rehearse'
  return {
    delivery: (input) => policy.delivery(input),
    deliveryKey(input) {
      const {trace} = match({direction: 'delivery', ...input})
      // What matched, and what would match at some address: together they settle the profile at every address.
      const open = trace.filter(({result}) => ['matched', 'rehearsed', 'undecided'].includes(result))
      return open.map(({rule}) => rule).join(' ')
    },
    mayRehearse(input) {
      const {trace} = match({direction: 'delivery', ...input})
      const ids = trace.filter(
        ({rule, result}) => result === 'rehearsed' || (result === 'undecided' && isRehearsal(rule)),
      )
      return ids.map(({rule}) => byRule(rule))
    },
    receiving(input) {
      const {rule, rehearsed, trace} = match({direction: 'receiving', ...input})
      const undecided = trace.filter(({rule: id, result}) => result === 'undecided' && !isRehearsal(id))
      const profile = rule && byRule(rule.id)
      return {
        profile,
        rejects: rule?.action === 'reject',
        decided: undecided.length === 0,
        possible: [...undecided.map(({rule: id}) => byRule(id)), ...(profile ? [profile] : [])],
        rehearsed: rehearsed.map(({id, action}) => ({profile: byRule(id), rejects: action === 'reject'})),
      }
    },
  }
}
