import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {trustAnchors} from '../pki/anchors.ts'
import type {TrustAnchors} from '../pki/certificate.ts'
import {BUILTIN_PROFILES} from '../policy/builtin.ts'
import {type MatchInput, matchRules} from '../policy/match.ts'
import type {EffectiveProfile, Profile, Rule} from '../policy/profile.ts'
import type {Configuration, StoredCa} from '../state/configuration.ts'
import {nearest} from '../state/suggest.ts'

/** The policy of one configuration, ready to be asked: rules matched, trust anchors gathered. */
export interface EffectivePolicy {
  /** First match in order, else the built-in `preferred`; `sender` '' is the null sender, `address` what is dialled. */
  delivery(input: {recipient: string; sender: string; address: string}): {
    profile: EffectiveProfile
    rehearsed: EffectiveProfile[]
  }
  /** What is not known yet is left out. null: no rule matches, and TLS is offered and not required. */
  receiving(input: {client: string; sender?: string; recipient?: string}): EffectiveProfile | null
  /** By name, bound to no rule. Throws `profile-unknown` (66). */
  profile(name: string): EffectiveProfile
}

/** The configuration must have come from `loadConfiguration`: every profile and CA that is named exists. */
export function effectivePolicy(config: Configuration): EffectivePolicy {
  const anchors = new Map<string, TrustAnchors>()
  const bind = (profile: Profile, rule: Rule | null): EffectiveProfile => {
    const known = anchors.get(profile.name) ?? anchorsOf(profile, config.cas)
    anchors.set(profile.name, known)
    return {...profile, rule: rule?.id ?? null, anchors: known}
  }
  const byRule = (rule: Rule) => bind(findProfile(config, rule.profile), rule)
  const match = (input: MatchInput) => matchRules(config.rules, input)
  return {
    delivery(input) {
      const {rule, rehearsed} = match({direction: 'delivery', ...input})
      const profile = rule ? byRule(rule) : bind(BUILTIN_PROFILES.preferred, null)
      return {profile, rehearsed: rehearsed.map(byRule)}
    },
    receiving(input) {
      const {rule} = match({direction: 'receiving', ...input})
      return rule && byRule(rule)
    },
    profile: (name) => bind(findProfile(config, name), null),
  }
}

/** Throws `profile-unknown` (66), with the name that was probably meant. */
export function findProfile({profiles}: Pick<Configuration, 'profiles'>, name: string): Profile {
  const profile = profiles.get(name)
  if (profile) return profile
  const meant = nearest(name, profiles.keys())
  throw new PosternError('profile-unknown', `there is no profile ${printable(name)}`, {
    exit: Exit.missing,
    hints: [meant ? `did you mean ${meant}?` : 'postern profile list shows them all'],
  })
}

/**
 * `imported` trusts the CAs that the profile names, or every imported one where it names none; `system` the operating
 * system's; `both` both. Beside the system's store a named CA is also a demand: it must be in the chain.
 */
export function anchorsOf(profile: Pick<Profile, 'ca' | 'trust'>, cas: ReadonlyMap<string, StoredCa>): TrustAnchors {
  const named = profile.ca.flatMap((name) => cas.get(name)?.certificates ?? [])
  const all = [...cas.values()].flatMap(({certificates}) => certificates)
  const trusted = profile.trust === 'system' ? [] : profile.ca.length > 0 ? named : all
  const demanded = profile.ca.length > 0 && profile.trust !== 'imported'
  return trustAnchors({
    imported: trusted.map(({pem}) => pem),
    system: profile.trust !== 'imported',
    issuers: demanded ? named.map(({facts}) => facts.sha256) : null,
  })
}
