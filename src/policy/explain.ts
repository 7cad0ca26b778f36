import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import type {EnhancedStatus} from '../mail/reply.ts'
import {addressForm} from './address-form.ts'
import {BUILTIN_PROFILES} from './builtin.ts'
import type {Fate, Finding, Outcome, PathEvidence, PathVerdict} from './evidence.ts'
import {judgePath} from './judge.ts'
import {lintProfile} from './lint.ts'
import {type MatchInput, matchRules, type RuleTrace} from './match.ts'
import type {EffectiveProfile, Profile, Rule} from './profile.ts'
import {madeUpAnchors, pathOf, type Situation, situationsFor} from './situation.ts'

/** What would happen to a message, told without dialling anybody. */
export interface Explanation {
  /** One entry for each rule, in order. */
  trace: RuleTrace[]
  /** The rule that chose the profile; null: the built-in profile `preferred` applies. */
  rule: Rule | null
  /** Rehearsing rules that match on the way. */
  rehearsed: Rule[]
  /** null: the rule rejects the mail, whatever its TLS. */
  profile: Profile | null
  /** One entry for each row of docs/outcomes.md that can happen under the profile; empty for receiving. */
  predicted: Prediction[]
  /** What is weaker in the profile than it looks. */
  notes: Finding[]
}

export interface Prediction {
  finding: Situation['finding']
  title: string
  /** TLS failures in a row, this one included, where that matters; else 0. */
  failures: number
  outcome: Outcome
  /** When every host and address comes out like this. */
  fate: Fate
  status: EnhancedStatus | null
}

/** Throws `profile-missing` (exit 78) when the rule that matches names no known profile. */
export function explainPolicy(
  rules: readonly Rule[],
  profiles: ReadonlyMap<string, Profile>,
  input: MatchInput,
): Explanation {
  const {rule, rehearsed, trace} = matchRules(rules, input)
  if (rule?.action === 'reject') return {trace, rule, rehearsed, profile: null, predicted: [], notes: []}
  const profile = rule ? profileOf(rule, profiles) : BUILTIN_PROFILES.preferred
  const domain = addressForm(input.recipient ?? 'partner.example').domain
  const predicted = input.direction === 'delivery' ? predictOutcomes(profile, domain) : []
  return {trace, rule, rehearsed, profile, predicted, notes: lintProfile(profile)}
}

/** The fate of mail to `domain` for each finding. */
export function predictOutcomes(profile: Profile, domain: string): Prediction[] {
  return predictPaths(profile, domain).map(({finding, title, failures, verdict: {attempts, fate, status}}) => {
    return {finding, title, failures, outcome: attempts[0]?.outcome ?? 'unreachable', fate, status}
  })
}

/** A path on which there is that one finding and nothing else, made up, and the judge's own word on it. */
export interface PredictedPath extends Pick<Prediction, 'finding' | 'title' | 'failures'> {
  evidence: PathEvidence
  verdict: PathVerdict
}

/** What each finding would make of mail to `domain` (A-labels) under the profile, by the judge that the relay asks. */
export function predictPaths(profile: Profile, domain: string): PredictedPath[] {
  const effective: EffectiveProfile = {...profile, rule: null, anchors: madeUpAnchors(profile)}
  return situationsFor(effective, domain).map(({finding, title, failures, attempt}) => {
    const evidence = pathOf(attempt, domain)
    return {finding, title, failures, evidence, verdict: judgePath(evidence, () => effective)}
  })
}

function profileOf(rule: Rule, profiles: ReadonlyMap<string, Profile>): Profile {
  const profile = profiles.get(rule.profile)
  if (profile) return profile
  throw new PosternError(
    'profile-missing',
    `rule ${printable(rule.id)} names profile ${printable(rule.profile)}, which does not exist`,
    {
      exit: Exit.badState,
      hints: [`create it: postern profile create ${printable(rule.profile)} --level secure`],
    },
  )
}
