import {ruleCovers} from './cover.ts'
import type {Finding} from './evidence.ts'
import {finding} from './findings.ts'
import type {Profile, Rule} from './profile.ts'

export {lintProfile} from './lint-profile.ts'

/** What is wrong, or weaker than it looks, in the rules as they stand in order. Rules must be well-formed. */
export function lintRules(rules: readonly Rule[], profiles: ReadonlyMap<string, Profile>): Finding[] {
  return rules.flatMap((rule, index) => [
    ...missingProfile(rule, profiles),
    ...unreachable(rule, rules.slice(0, index)),
    ...requiredOfEverybody(rule, profiles),
    ...unanchored(rule),
  ])
}

function missingProfile(rule: Rule, profiles: ReadonlyMap<string, Profile>): Finding[] {
  if (profiles.has(rule.profile)) return []
  const message = `rule ${rule.id} names profile ${rule.profile}, which does not exist`
  return [finding('rule-profile-missing', message, `create it: postern profile create ${rule.profile} --level secure`)]
}

/** A rehearsing rule hides nothing: the search goes on behind it. */
function unreachable(rule: Rule, earlier: readonly Rule[]): Finding[] {
  const cover = earlier.find((candidate) => candidate.mode === 'enforce' && ruleCovers(candidate, rule))
  if (!cover) return []
  const message = `rule ${rule.id} is never reached: rule ${cover.id} before it matches everything that it matches`
  return [finding('rule-unreachable', message, `postern policy move ${rule.id} --before ${cover.id}`)]
}

/** RFC 3207 §4: a publicly referenced server must not require TLS; a rule for known clients or senders may. */
function requiredOfEverybody(rule: Rule, profiles: ReadonlyMap<string, Profile>): Finding[] {
  const level = profiles.get(rule.profile)?.level
  if (rule.direction !== 'receiving' || (level !== 'encrypt' && level !== 'secure')) return []
  if (!isCatchAll(rule)) return []
  const message = `rule ${rule.id} requires TLS of every client; a public server on port 25 must not (RFC 3207 §4)`
  return [finding('receiving-requires-tls', message, 'limit it to the partner: --client CIDR or --from PATTERN')]
}

const EVERYTHING: Rule = {
  id: 'everything',
  direction: 'receiving',
  recipients: ['*@*'],
  senders: ['*@*'],
  destinations: [],
  clients: ['0.0.0.0/0'],
  profile: 'none',
  mode: 'enforce',
  comment: null,
}

// Every IPv4 client with any address is everybody who matters, however it is spelt.
function isCatchAll(rule: Rule): boolean {
  return ruleCovers({...rule, destinations: []}, EVERYTHING)
}

/** `/@example\.mil/` also matches user@example.mil.attacker.net. */
function unanchored(rule: Rule): Finding[] {
  const loose = [...rule.recipients, ...rule.senders].filter(
    (text) => /^\/.*\/$/.test(text) && !/(\$|\\z)\)*\/$/.test(text),
  )
  return loose.map((text) => {
    const message = `${text} in rule ${rule.id} also matches addresses of longer domains, such as one below attacker.net`
    return finding('regex-unanchored', message, 'end it with $')
  })
}
