import * as v from 'valibot'
import {byLevel, finding, outcome, PROBE_SCHEMA, text} from '../probe-schema.ts'

/** Documents about what runs: the relay, its queue, mail that is sent, the lab. */

const listeners = v.array(
  v.object({address: v.string(), port: v.number(), tls: v.picklist(['starttls', 'implicit', 'off'])}),
)
/** ISO 8601. */
const time = v.pipe(v.string(), v.isoTimestamp())

export const RELAY_DOCUMENTS = {
  'relay-start': v.looseObject({pid: v.number(), revision: v.string(), listeners}),
  'relay-stop': v.object({pid: v.number()}),
  'relay-reload': v.object({revision: v.string(), changed: v.boolean()}),
  'relay-tls': v.object({enabled: v.boolean(), revision: text}),
  'relay-logs': v.object({records: v.array(v.looseObject({time, event: v.string()}))}),
  'relay-status': v.union([
    v.object({running: v.literal(false)}),
    v.object({
      running: v.literal(true),
      pid: v.number(),
      logFile: text,
      revision: v.string(),
      hostname: v.string(),
      tls: v.boolean(),
      startedAt: time,
      /** Milliseconds. */
      uptime: v.number(),
      listeners,
      accepting: v.boolean(),
      counters: v.record(v.string(), v.number()),
      queue: v.nullable(
        v.object({
          messages: v.number(),
          recipients: v.number(),
          due: v.number(),
          held: v.number(),
          /** Octets. */
          size: v.number(),
        }),
      ),
    }),
  ]),
}

const entry = {
  id: v.string(),
  /** '' is the null sender. */
  reversePath: v.string(),
  /** Octets. */
  size: v.number(),
  receivedAt: time,
  recipients: v.array(
    v.object({
      address: v.string(),
      destination: v.string(),
      state: v.picklist(['waiting', 'leased', 'held', 'delivered', 'bounced']),
      attempts: v.number(),
      dueAt: time,
      status: text,
      reason: text,
    }),
  ),
}
const count = v.object({count: v.number()})

export const QUEUE_DOCUMENTS = {
  'queue-list': v.object({messages: v.array(v.object(entry)), cursor: text}),
  'queue-show': v.object({
    message: v.object({
      ...entry,
      origin: v.string(),
      options: v.looseObject({}),
      /** Oldest first. */
      history: v.array(
        v.object({
          at: time,
          address: v.string(),
          result: v.string(),
          status: text,
          reason: v.string(),
          evidence: v.unknown(),
        }),
      ),
    }),
  }),
  'queue-retry': count,
  'queue-hold': count,
  'queue-release': count,
  'queue-delete': count,
}

const sent = v.picklist(['delivered', 'deferred', 'bounced', 'queued'])

export const SEND_DOCUMENTS = {
  send: v.object({
    outcome: sent,
    /** The reply that decided, or the reason where there was none. */
    reply: v.string(),
    queue: text,
    recipients: v.array(v.object({address: v.string(), outcome: sent, status: text, reply: text, reason: v.string()})),
    path: v.nullable(
      v.object({
        domain: v.string(),
        status: v.picklist(['open', 'closed']),
        route: v.looseObject({source: v.string()}),
        taken: v.nullable(v.looseObject({host: v.string(), address: v.string(), port: v.number(), outcome})),
        attempts: v.array(
          v.object({
            host: v.string(),
            address: v.string(),
            port: v.number(),
            outcome,
            status: text,
            findings: v.array(finding),
          }),
        ),
        findings: v.array(finding),
      }),
    ),
    exit: v.number(),
  }),
}

const hijack = v.object({domain: v.string(), mx: v.string(), by: v.string(), address: v.string()})
const lab = {
  pid: v.number(),
  dns: v.string(),
  ports: v.object({smtp: v.number(), smtps: v.number()}),
  configDir: v.string(),
  dataDir: v.string(),
}

export const LAB_DOCUMENTS = {
  'lab-start': v.looseObject({...lab, partners: v.array(v.looseObject({name: v.string(), domain: v.string()}))}),
  'lab-stop': v.object({pid: v.number()}),
  'lab-hijack': hijack,
  'lab-restore': hijack,
  'lab-mail': v.object({
    domains: v.record(v.string(), v.number()),
    partners: v.record(v.string(), v.number()),
    messages: v.array(
      v.object({
        at: time,
        partner: v.string(),
        from: v.string(),
        to: v.array(v.string()),
        tls: text,
        file: v.string(),
        size: v.number(),
      }),
    ),
  }),
  'lab-list': v.object({
    lab: v.nullable(v.object(lab)),
    partners: v.array(
      v.object({
        name: v.string(),
        domain: v.string(),
        trouble: v.string(),
        levels: byLevel,
        findings: v.array(v.string()),
        mx: v.string(),
        address: text,
        hijackedBy: text,
      }),
    ),
  }),
}

const named = {change: v.string()}

export const STORY_DOCUMENTS = {
  setup: v.object({
    written: v.boolean(),
    ca: v.nullable(v.object({name: v.string(), ...named})),
    identity: v.object({name: v.string(), ...named}),
    profile: v.object({name: v.string(), ...named}),
    rule: v.object({id: v.string(), ...named}),
    commands: v.array(v.string()),
    probe: PROBE_SCHEMA.entries.results.item,
  }),
  demo: v.object({
    told: v.boolean(),
    broken: text,
    partners: v.array(v.object({target: v.string(), trouble: v.string(), levels: byLevel, told: v.boolean()})),
  }),
  finding: v.object({findings: v.array(v.looseObject({code: v.string(), severity: v.string(), title: v.string()}))}),
}
