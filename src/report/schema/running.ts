import * as v from 'valibot'
import {byLevel, finding, outcome, PROBE_SCHEMA, text} from '../probe-schema.ts'
import {route} from './evidence.ts'

/** Documents about what runs: the relay, its queue, mail that is sent, the lab. */

const listeners = v.array(
  v.strictObject({address: v.string(), port: v.number(), tls: v.picklist(['starttls', 'implicit', 'off'])}),
)
/** ISO 8601. */
const time = v.pipe(v.string(), v.isoTimestamp())

const named = v.object({time, event: v.string(), msg: v.optional(v.string())})
/** And what belongs to the event. */
const record: v.GenericSchema<v.InferOutput<typeof named>> = v.looseObject(named.entries)

/** Domains to which nothing goes at the moment. */
const suspension = v.strictObject({
  destination: v.string(),
  since: time,
  /** null: until it is resumed by hand. */
  until: v.nullable(time),
})

const certificate = v.strictObject({
  identity: v.string(),
  fingerprint: v.string(),
  notAfter: time,
  daysLeft: v.number(),
})

/** Since the relay started. */
const tally = v.strictObject({
  received: v.array(
    v.strictObject({tls: v.picklist(['clear', 'tls', 'verified']), messages: v.number(), octets: v.number()}),
  ),
  rejected: v.array(v.strictObject({command: v.string(), code: v.string(), count: v.number()})),
  recipients: v.array(
    v.strictObject({
      result: v.picklist(['delivered', 'deferred', 'bounced']),
      /** Of the path it took; null where none was open. */
      level: v.nullable(v.picklist(['none', 'preferred', 'encrypt', 'secure'])),
      outcome: text,
      count: v.number(),
    }),
  ),
  attempts: v.array(
    v.strictObject({
      level: v.picklist(['none', 'preferred', 'encrypt', 'secure']),
      outcome: v.string(),
      count: v.number(),
    }),
  ),
  wouldRefuse: v.number(),
  wouldReject: v.number(),
  connections: v.strictObject({accepted: v.number(), refused: v.number()}),
  dsns: v.array(v.strictObject({kind: v.string(), count: v.number()})),
  authFailures: v.number(),
  heldBack: v.number(),
  queueFailures: v.number(),
  reloadFailures: v.number(),
  faults: v.number(),
})

export const RELAY_DOCUMENTS = {
  /** Of one in the background once it listens; of one in the foreground at its end. */
  'relay-start': v.union([
    v.strictObject({pid: v.number(), logFile: v.string(), revision: v.string(), listeners}),
    v.strictObject({pid: v.number(), logFile: text, stopped: v.literal(true)}),
  ]),
  'relay-stop': v.strictObject({pid: v.number()}),
  'relay-reload': v.strictObject({revision: v.string(), changed: v.boolean()}),
  'relay-tls': v.strictObject({enabled: v.boolean(), revision: text}),
  /** With --follow one line for each record, as a document that holds that one. */
  'relay-logs': v.strictObject({records: v.array(record)}),
  /** Text of the units; `socket` is null without --socket. */
  'relay-unit': v.strictObject({service: v.string(), socket: text}),
  'relay-status': v.union([
    v.strictObject({running: v.literal(false)}),
    v.strictObject({
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
      /** Where metrics and health are served; null: nowhere. */
      metrics: v.nullable(v.strictObject({address: v.string(), port: v.number()})),
      accepting: v.boolean(),
      certificates: v.array(certificate),
      /** Of the identity that next hops are shown who ask for one; null: they get none. */
      clientCertificate: v.nullable(certificate),
      /** Why it should get no mail at the moment. */
      problems: v.array(v.string()),
      reloadFailure: v.nullable(v.strictObject({since: time, reason: v.string(), hints: v.array(v.string())})),
      tally,
      counters: v.strictObject({
        accepted: v.number(),
        delivered: v.number(),
        deferred: v.number(),
        bounced: v.number(),
        active: v.number(),
        sessions: v.number(),
        idleSessions: v.number(),
      }),
      queue: v.nullable(
        v.strictObject({
          messages: v.number(),
          recipients: v.number(),
          due: v.number(),
          held: v.number(),
          /** Octets. */
          size: v.number(),
          suspended: v.array(suspension),
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
    v.strictObject({
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
const count = v.strictObject({count: v.number()})

export const QUEUE_DOCUMENTS = {
  'queue-list': v.strictObject({
    /** In the order of arrival. */
    messages: v.array(v.strictObject(entry)),
    cursor: text,
    suspensions: v.array(suspension),
  }),
  'queue-summary': v.strictObject({
    /** Those with most messages first. */
    destinations: v.array(
      v.strictObject({
        destination: v.string(),
        messages: v.number(),
        recipients: v.number(),
        /** When the oldest came. */
        oldest: time,
        /** What most of the recipients that were tried have; null: none was. */
        status: text,
        reason: text,
      }),
    ),
    suspensions: v.array(suspension),
  }),
  'queue-show': v.strictObject({
    message: v.strictObject({
      ...entry,
      origin: v.string(),
      /** The header section, as far as it is whole. */
      headers: v.string(),
      /** Why the message is not delivered as it is stored; null: it is whole. */
      damage: text,
      options: v.strictObject({
        body: v.optional(v.picklist(['7bit', '8bitmime', 'binarymime'])),
        smtputf8: v.optional(v.boolean()),
        requireTls: v.optional(v.boolean()),
        ret: v.optional(v.picklist(['full', 'hdrs'])),
        envid: v.optional(v.string()),
      }),
      /** Oldest first. */
      history: v.array(
        v.strictObject({
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
  'queue-suspend': v.strictObject({destination: v.string(), until: v.nullable(time)}),
  'queue-resume': v.strictObject({destination: v.string()}),
  /** Recipients, and reports to their senders. */
  'queue-bounce': v.strictObject({count: v.number(), dsns: v.number()}),
  'queue-retry': count,
  'queue-hold': count,
  'queue-release': count,
  'queue-delete': count,
}

const sent = v.picklist(['delivered', 'deferred', 'bounced', 'queued'])

/** The address that took it. */
const taken = v.strictObject({
  host: v.string(),
  address: v.string(),
  port: v.number(),
  profile: v.string(),
  level: v.picklist(['none', 'preferred', 'encrypt', 'secure']),
  rule: text,
  outcome: v.string(),
  version: text,
  cipher: text,
  group: text,
  /** SHA-256 of the leaf. */
  fingerprint: text,
  /** Codes. */
  findings: v.array(v.string()),
  reason: text,
  reused: v.boolean(),
  resumed: v.boolean(),
})

export const SEND_DOCUMENTS = {
  send: v.strictObject({
    outcome: sent,
    /** The reply that decided, or the reason where there was none. */
    reply: v.string(),
    queue: text,
    recipients: v.array(
      v.strictObject({address: v.string(), outcome: sent, status: text, reply: text, reason: v.string()}),
    ),
    path: v.nullable(
      v.strictObject({
        domain: v.string(),
        status: v.picklist(['open', 'closed']),
        route,
        taken: v.nullable(taken),
        attempts: v.array(
          v.strictObject({
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

const hijack = v.strictObject({domain: v.string(), mx: v.string(), by: v.string(), address: v.string()})
const lab = {
  pid: v.number(),
  dns: v.string(),
  ports: v.strictObject({smtp: v.number(), smtps: v.number()}),
  configDir: v.string(),
  dataDir: v.string(),
}

const partners = v.array(v.strictObject({name: v.string(), domain: v.string(), mx: v.string(), address: v.string()}))

export const LAB_DOCUMENTS = {
  /** Of one in the background once it listens; of one in the foreground at its end. */
  'lab-start': v.union([
    v.strictObject({...lab, partners, logFile: v.string()}),
    v.strictObject({...lab, partners, ended: v.literal(true)}),
  ]),
  'lab-stop': v.strictObject({pid: v.number()}),
  'lab-hijack': hijack,
  'lab-restore': hijack,
  'lab-mail': v.strictObject({
    domains: v.record(v.string(), v.number()),
    partners: v.record(v.string(), v.number()),
    messages: v.array(
      v.strictObject({
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
  'lab-list': v.strictObject({
    lab: v.nullable(v.strictObject(lab)),
    partners: v.array(
      v.strictObject({
        name: v.string(),
        domain: v.string(),
        group: v.string(),
        trouble: v.string(),
        levels: byLevel,
        delivery: v.nullable(byLevel),
        findings: v.array(v.string()),
        remarks: v.array(v.string()),
        full: v.nullable(v.array(v.string())),
        transaction: v.nullable(v.picklist(['deferred', 'bounced'])),
        mx: v.string(),
        address: text,
        hijackedBy: text,
      }),
    ),
  }),
}

const done = {change: v.string()}

const sentences = v.pipe(v.array(v.string()), v.readonly())

/** A finding explained. */
const page = v.strictObject({
  code: v.string(),
  severity: v.picklist(['error', 'warning', 'info']),
  title: v.string(),
  section: text,
  explanation: v.string(),
  causes: sentences,
  remedy: sentences,
  /** Whose fault it is; `way`: somebody's between the two. */
  fault: v.picklist(['partner', 'here', 'either', 'way', 'sender', 'nobody']),
  /** A sentence as it is printed. */
  example: v.string(),
  /** What the mailer does at each level; null: it decides nothing by itself. */
  levels: v.nullable(
    v.strictObject({
      preferred: v.picklist(['clear', 'tls', 'fallback']),
      encrypt: v.picklist(['tls', 'refused']),
      secure: v.picklist(['refused']),
    }),
  ),
})

export const STORY_DOCUMENTS = {
  setup: v.strictObject({
    written: v.boolean(),
    ca: v.nullable(v.strictObject({name: v.string(), ...done})),
    identity: v.strictObject({name: v.string(), ...done}),
    profile: v.strictObject({name: v.string(), ...done}),
    rule: v.strictObject({id: v.string(), ...done}),
    commands: v.array(v.string()),
    /** About the rules as they stand then. */
    findings: v.array(finding),
    remarks: v.array(v.string()),
    probe: PROBE_SCHEMA.entries.results.item,
  }),
  demo: v.strictObject({
    told: v.boolean(),
    broken: text,
    partners: v.array(v.strictObject({target: v.string(), trouble: v.string(), levels: byLevel, told: v.boolean()})),
  }),
  finding: v.strictObject({findings: v.array(page)}),
}
