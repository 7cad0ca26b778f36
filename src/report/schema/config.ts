import * as v from 'valibot'
import {certificate, finding, outcome, text} from '../probe-schema.ts'

/** Documents about the config directory: CAs, identities, profiles, rules. */

const findings = v.array(finding)
const level = v.picklist(['none', 'preferred', 'encrypt', 'secure'])
const change = v.picklist(['created', 'updated', 'unchanged'])
const names = v.array(v.string())

const authority = v.object({...certificate.entries, role: v.picklist(['root', 'intermediate'])})

const ca = v.object({
  name: v.string(),
  certificates: v.array(authority),
  /** Every certificate leads to a root of the same set. */
  complete: v.boolean(),
  missing: v.array(v.looseObject({issuer: v.string(), keyId: text})),
  /** Profiles that name it. */
  profiles: names,
})

export const CA_DOCUMENTS = {
  'ca-list': v.object({cas: v.array(ca)}),
  'ca-show': v.object({ca}),
  'ca-delete': v.object({ca}),
  'ca-export': v.object({name: v.string(), pem: v.string()}),
  'ca-import': v.object({change: v.picklist(['imported', 'extended', 'unchanged']), ca, remarks: names}),
}

const identity = v.object({
  name: v.string(),
  state: v.picklist(['ready', 'requested']),
  certificates: v.array(certificate),
  inUse: v.boolean(),
})

export const IDENTITY_DOCUMENTS = {
  'identity-list': v.object({identities: v.array(identity)}),
  'identity-show': v.object({identity}),
  'identity-create': v.object({change: v.literal('created'), identity}),
  'identity-import': v.object({change: v.picklist(['imported', 'renewed', 'unchanged']), identity, remarks: names}),
  'identity-use': v.object({change: v.picklist(['updated', 'unchanged']), identity}),
  'identity-request': v.object({
    name: v.string(),
    /** PKCS#10, PEM. */
    request: v.string(),
    dnsNames: names,
    key: v.picklist(['kept', 'made']),
  }),
}

const profile = v.object({
  name: v.string(),
  level,
  onFailure: v.picklist(['tempfail', 'fail']),
  ca: names,
  trust: v.picklist(['imported', 'system', 'both']),
  /** As on the command line: `mx`, `exact:mx1.example.mil`. */
  subject: names,
  minTls: v.picklist(['1.2', '1.3']),
  minStrength: v.number(),
  fallbackAfter: v.union([v.number(), v.literal('never')]),
  dane: v.picklist(['off', 'opportunistic', 'mandatory']),
  mtaSts: v.picklist(['off', 'opportunistic', 'mandatory']),
  comment: text,
})
/** And where it is used. */
const use = {builtin: v.boolean(), rules: names}

export const PROFILE_DOCUMENTS = {
  'profile-list': v.object({profiles: v.array(v.object({...profile.entries, ...use}))}),
  'profile-show': v.object({profile, ...use, findings}),
  'profile-create': v.object({change, profile, findings}),
  'profile-set': v.object({change, profile, findings}),
  'profile-delete': v.object({profile}),
}

const rule = v.object({
  id: v.string(),
  direction: v.picklist(['delivery', 'receiving']),
  recipients: names,
  senders: names,
  destinations: names,
  clients: names,
  profile: v.string(),
  mode: v.picklist(['enforce', 'rehearse']),
  comment: text,
})
const placed = {change, rule, position: v.number(), findings}

const trace = v.object({
  rule: v.string(),
  profile: v.string(),
  /** The condition that did not hold. */
  condition: text,
  result: v.string(),
  sentence: v.string(),
})

const predicted = v.object({
  finding: v.string(),
  title: v.string(),
  failures: v.number(),
  outcome,
  fate: v.picklist(['delivered', 'deferred', 'bounced']),
  status: text,
})

export const POLICY_DOCUMENTS = {
  'policy-list': v.object({rules: v.array(rule), findings}),
  'policy-show': v.object({rule, position: v.number(), profile, findings}),
  'policy-move': v.object(placed),
  'policy-delete': v.object({rule}),
  /** One rule, or with --file the differences. */
  'policy-apply': v.union([
    v.object({...placed, probed: v.optional(v.array(v.looseObject({domain: v.string()})))}),
    v.object({
      changes: v.array(v.looseObject({})),
      rules: v.array(rule),
      written: v.boolean(),
      dryRun: v.boolean(),
      findings,
    }),
  ]),
  'policy-explain': v.object({
    input: v.looseObject({direction: v.picklist(['delivery', 'receiving'])}),
    revision: v.string(),
    trace: v.array(trace),
    rule: v.nullable(rule),
    rehearsed: v.array(v.looseObject({})),
    profile,
    predicted: v.array(predicted),
    notes: findings,
    /** With --live: the evidence and the verdict. */
    live: v.optional(v.looseObject({domain: v.string()})),
  }),
}

export const CONFIG_DOCUMENTS = {
  'config-path': v.object({configDir: v.string(), dataDir: v.string()}),
  'config-check': v.object({
    configDir: v.string(),
    revision: v.string(),
    counts: v.object({profiles: v.number(), rules: v.number(), cas: v.number(), identities: v.number()}),
    findings,
  }),
}
