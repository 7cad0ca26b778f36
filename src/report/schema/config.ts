import * as v from 'valibot'
import {certificate, finding, outcome, text} from '../probe-schema.ts'
import {fate, livePath} from './evidence.ts'

/** Documents about the config directory: CAs, identities, profiles, rules. */

const findings = v.array(finding)
const level = v.picklist(['none', 'preferred', 'encrypt', 'secure'])
const change = v.picklist(['created', 'updated', 'unchanged'])
const names = v.array(v.string())

const authority = v.strictObject({...certificate.entries, role: v.picklist(['root', 'intermediate'])})

const missing = v.strictObject({
  issuer: v.string(),
  keyId: text,
  aia: names,
  /** Subject of the certificate that it issued. */
  issued: v.string(),
  /** Where it is at hand all the same: another imported CA, the system's store, or nowhere. */
  heldBy: v.nullable(v.union([v.strictObject({ca: v.string()}), v.literal('system')])),
})

const ca = v.strictObject({
  name: v.string(),
  certificates: v.array(authority),
  /** Every certificate leads to a root of the same set. */
  complete: v.boolean(),
  missing: v.array(missing),
  /** Profiles that name it. */
  profiles: names,
})

const fault = v.picklist(['peer', 'local', 'unknown'])

const suggestion = v.strictObject({
  target: v.string(),
  chains: v.array(
    v.strictObject({
      host: v.string(),
      address: v.string(),
      port: v.number(),
      trusted: v.boolean(),
      summary: v.string(),
      /** With everything that is suggested imported; null: what nobody has here decides it. */
      wouldPass: v.nullable(v.boolean()),
      /** Why no certificate helps. */
      error: text,
    }),
  ),
  certificates: v.array(
    v.strictObject({
      subject: v.string(),
      issuer: v.string(),
      role: v.picklist(['root', 'intermediate', 'unknown']),
      fault,
      /** Where it is at hand; null: nowhere. */
      source: v.nullable(
        v.union([
          v.picklist(['presented', 'system']),
          v.strictObject({ca: v.string()}),
          v.strictObject({url: v.string()}),
        ]),
      ),
      sha256: text,
      keyId: text,
      notAfter: text,
      aia: names,
      hosts: names,
    }),
  ),
  fetched: v.array(v.strictObject({url: v.string(), error: text})),
  /** What to type, one word an entry, without the name of the program. */
  commands: v.array(names),
  /** Where the certificates that are at hand were written. */
  output: text,
  exit: v.number(),
})

export const CA_DOCUMENTS = {
  'ca-suggest': suggestion,
  'ca-list': v.strictObject({cas: v.array(ca)}),
  'ca-show': v.strictObject({ca}),
  'ca-delete': v.strictObject({ca}),
  'ca-export': v.strictObject({name: v.string(), pem: v.string()}),
  'ca-import': v.strictObject({change: v.picklist(['imported', 'extended', 'unchanged']), ca, remarks: names}),
}

const identity = v.strictObject({
  name: v.string(),
  state: v.picklist(['ready', 'requested']),
  certificates: v.array(certificate),
  inUse: v.boolean(),
})

export const IDENTITY_DOCUMENTS = {
  'identity-list': v.strictObject({identities: v.array(identity)}),
  'identity-show': v.strictObject({identity}),
  'identity-create': v.strictObject({change: v.literal('created'), identity}),
  'identity-import': v.strictObject({
    change: v.picklist(['imported', 'renewed', 'unchanged']),
    identity,
    remarks: names,
  }),
  'identity-use': v.strictObject({change: v.picklist(['updated', 'unchanged']), identity}),
  'identity-request': v.strictObject({
    name: v.string(),
    /** PKCS#10, PEM. */
    request: v.string(),
    dnsNames: names,
    key: v.picklist(['kept', 'made']),
  }),
}

const profile = v.strictObject({
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
  'profile-list': v.strictObject({profiles: v.array(v.strictObject({...profile.entries, ...use}))}),
  'profile-show': v.strictObject({profile, ...use, findings}),
  'profile-create': v.strictObject({change, profile, findings}),
  'profile-set': v.strictObject({change, profile, findings}),
  'profile-delete': v.strictObject({profile}),
}

const rule = v.strictObject({
  id: v.string(),
  direction: v.picklist(['delivery', 'receiving']),
  recipients: names,
  senders: names,
  destinations: names,
  clients: names,
  profile: v.string(),
  /** For receiving; absent: accept. */
  action: v.optional(v.picklist(['accept', 'reject'])),
  mode: v.picklist(['enforce', 'rehearse']),
  comment: text,
})
const placed = {change, rule, position: v.number(), findings}

const trace = v.strictObject({
  rule: v.string(),
  profile: v.string(),
  /** The condition that did not hold. */
  condition: v.nullable(v.picklist(['direction', 'recipients', 'senders', 'destinations', 'clients'])),
  result: v.picklist(['matched', 'rehearsed', 'not-matched', 'undecided', 'not-reached']),
  sentence: v.string(),
})

/** Positions are counted from 1. */
const difference = v.union([
  v.strictObject({change: v.picklist(['added', 'removed']), id: v.string(), rule}),
  v.strictObject({
    change: v.literal('changed'),
    id: v.string(),
    fields: v.array(v.strictObject({field: v.string(), before: v.unknown(), after: v.unknown()})),
  }),
  v.strictObject({change: v.literal('moved'), id: v.string(), before: v.number(), after: v.number()}),
])

const predicted = v.strictObject({
  finding: v.string(),
  title: v.string(),
  failures: v.number(),
  outcome,
  fate,
  status: text,
})

export const POLICY_DOCUMENTS = {
  'policy-list': v.strictObject({rules: v.pipe(v.array(rule), v.readonly()), findings}),
  'policy-show': v.strictObject({rule, position: v.number(), profile, findings}),
  'policy-move': v.strictObject(placed),
  'policy-delete': v.strictObject({rule}),
  /** One rule, or with --file the differences. */
  'policy-apply': v.union([
    v.strictObject({...placed, probed: v.optional(v.array(livePath))}),
    v.strictObject({
      changes: v.array(difference),
      rules: v.array(rule),
      written: v.boolean(),
      dryRun: v.boolean(),
      findings,
    }),
  ]),
  'policy-explain': v.strictObject({
    /** What was asked; null: not known. */
    input: v.strictObject({
      direction: v.picklist(['delivery', 'receiving']),
      recipient: text,
      sender: text,
      destination: text,
      client: text,
    }),
    revision: v.string(),
    trace: v.array(trace),
    rule: v.nullable(rule),
    rehearsed: v.array(rule),
    /** null: the rule rejects the mail, whatever its TLS. */
    profile: v.nullable(profile),
    predicted: v.array(predicted),
    notes: findings,
    /** With --live: the evidence and the verdict. */
    live: v.optional(livePath),
    /** With --dsn: what the sender would be sent, for each finding that keeps mail back; with --live, for that path. */
    dsns: v.optional(
      v.array(
        v.strictObject({
          /** null: the path as it was met. */
          finding: text,
          title: v.string(),
          fate,
          messages: v.array(
            v.strictObject({
              action: v.picklist(['failed', 'delayed', 'relayed']),
              /** Milliseconds from receiving the mail to this message. */
              after: v.number(),
              message: v.string(),
            }),
          ),
        }),
      ),
    ),
  }),
}

export const CONFIG_DOCUMENTS = {
  'config-path': v.strictObject({configDir: v.string(), dataDir: v.string()}),
  'config-export': v.strictObject({
    revision: v.string(),
    /** The text of each file by its path. */
    files: v.record(v.string(), v.string()),
    leftOut: v.array(v.string()),
  }),
  'config-import': v.strictObject({
    revision: v.string(),
    changes: v.array(v.strictObject({path: v.string(), change: v.picklist(['added', 'changed', 'removed'])})),
    written: v.boolean(),
    dryRun: v.boolean(),
    findings,
  }),
  'config-check': v.strictObject({
    configDir: v.string(),
    revision: v.string(),
    counts: v.strictObject({
      profiles: v.number(),
      rules: v.number(),
      cas: v.number(),
      identities: v.number(),
      users: v.number(),
    }),
    findings,
  }),
}
