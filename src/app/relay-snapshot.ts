import {parseNetwork} from '../policy/cidr.ts'
import {type MatchInput, matchRules} from '../policy/match.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import type {RelayPolicy, RelaySnapshot} from '../relay/snapshot.ts'
import type {Configuration} from '../state/configuration.ts'
import {loadConfiguration} from '../state/load.ts'
import {type EffectivePolicy, effectivePolicy} from './effective-policy.ts'
import {pathWorld} from './path-world.ts'
import {relayIdentity} from './relay-identity.ts'
import type {AppWorld} from './world.ts'

/** The config directory as a relay runs by it: read whole, or throws as `loadConfiguration` and `relayIdentity` do. */
export async function relaySnapshot(world: AppWorld): Promise<RelaySnapshot> {
  const config = await loadConfiguration(world.configDir)
  const {settings} = config
  const needsIdentity = settings.tls.enabled && settings.listeners.some(({tls}) => tls !== 'off')
  return {
    revision: config.revision,
    hostname: settings.hostname,
    listeners: settings.listeners,
    tlsEnabled: settings.tls.enabled,
    identity: needsIdentity ? await relayIdentity(world.configDir, settings.tls.identity) : null,
    clients: settings.clients.map(parseNetwork),
    domains: new Set(settings.domains),
    routes: settings.routes,
    queue: settings.queue,
    limits: settings.limits,
    path: pathWorld(world, settings),
    policy: relayPolicy(config, effectivePolicy(config)),
  }
}

function relayPolicy(config: Configuration, policy: EffectivePolicy): RelayPolicy {
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
        decided: undecided.length === 0,
        possible: [...undecided.map(({rule: id}) => byRule(id)), ...(profile ? [profile] : [])],
        rehearsed: rehearsed.map(({id}) => byRule(id)),
      }
    },
  }
}
