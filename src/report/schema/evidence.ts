import * as v from 'valibot'
import {finding, outcome, text} from '../probe-schema.ts'

/** What was met on the way to a domain, as `policy explain --live`, `policy apply --probe` and `send` show it. */

export const fate = v.picklist(['delivered', 'deferred', 'bounced'])
const why = ['null-mx', 'nxdomain', 'no-address', 'dns-failed', 'dns-bogus'] as const
const failure = v.nullable(v.strictObject({kind: v.picklist(why), reason: v.string()}))

const host = v.strictObject({
  name: v.string(),
  preference: v.nullable(v.number()),
  addresses: v.array(v.string()),
  canonicalName: v.optional(v.string()),
  signed: v.optional(v.boolean()),
  addressesLeftOut: v.optional(v.number()),
  passedOver: v.optional(v.picklist(['ourselves', 'behind-ourselves'])),
  /** Why it has no addresses. */
  failure,
})

export const route = v.strictObject({
  source: v.picklist(['mx', 'implicit', 'static', 'literal']),
  status: v.picklist(['secure', 'insecure', 'bogus', 'unknown']),
  nullMx: v.boolean(),
  hosts: v.array(host),
  canonicalName: v.optional(v.string()),
  strayNullMx: v.optional(v.boolean()),
  hostsLeftOut: v.optional(v.number()),
  failure,
})

const attempt = v.object({
  host: v.string(),
  preference: v.nullable(v.number()),
  address: v.string(),
  port: v.number(),
  mode: v.picklist(['starttls', 'implicit']),
  startedAt: v.pipe(v.string(), v.isoTimestamp()),
  verdict: v.strictObject({outcome, findings: v.array(finding), status: text}),
})

/** The rest of the evidence is for reading: what is not named above may change. */
const evidence: v.GenericSchema<v.InferOutput<typeof attempt>> = v.looseObject(attempt.entries)

export const livePath = v.strictObject({
  domain: v.string(),
  verdict: v.strictObject({fate, status: text, reason: v.string(), findings: v.array(finding)}),
  attempts: v.array(evidence),
  route,
  exit: v.number(),
})
