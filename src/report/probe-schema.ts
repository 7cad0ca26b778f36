import * as v from 'valibot'

/** `postern.probe/1`, the document that CI jobs and scripts rely on. Fields may be added, none may change. */

export const outcome = v.picklist(['clear', 'tls', 'verified', 'refused', 'unreachable'])
export const byLevel = v.strictObject({none: outcome, preferred: outcome, encrypt: outcome, secure: outcome})
export const text = v.nullable(v.string())

export const finding = v.strictObject({
  code: v.string(),
  severity: v.picklist(['error', 'warning', 'info']),
  message: v.string(),
  hint: v.string(),
  section: v.optional(v.string()),
})

export const certificate = v.strictObject({
  subject: v.string(),
  issuer: v.string(),
  sha256: v.string(),
  serial: v.string(),
  notBefore: v.string(),
  notAfter: v.string(),
  dnsNames: v.array(v.string()),
  ipAddresses: v.array(v.string()),
  key: v.string(),
  /** SHA-256 of the public key (SubjectPublicKeyInfo). */
  publicKey: v.optional(v.string()),
  isCa: v.boolean(),
  selfSigned: v.boolean(),
  keyId: text,
  authorityKeyId: text,
  aia: v.array(v.string()),
})

const profile = v.strictObject({
  name: v.string(),
  level: v.picklist(['none', 'preferred', 'encrypt', 'secure']),
  /** Id of the rule that chose it; null: no rule matched, or it was named on the command line. */
  rule: text,
})

const chain = v.strictObject({
  /** OpenSSL's verdict under the trust anchors of the profile. */
  trusted: v.boolean(),
  /** X509_V_ERR, as Node names it; null when trusted. */
  error: text,
  /** Subject of the trust anchor it ends at. */
  anchor: text,
  /** What is the matter, in one sentence. */
  summary: v.string(),
  /** In the order of the wire. */
  presented: v.array(certificate),
  /** As OpenSSL put it together, leaf first. */
  built: v.array(certificate),
  missing: v.array(
    v.strictObject({
      issuer: v.string(),
      keyId: text,
      aia: v.array(v.string()),
      /** Who has to act: the peer sends it, our store lacks it, or it cannot be told. */
      fault: v.picklist(['peer', 'local', 'unknown']),
    }),
  ),
  /** Of `--fetch-missing`: what was fetched. It proves nothing, and the verdict does not follow it. */
  issuers: v.optional(
    v.strictObject({
      fetched: v.array(v.strictObject({url: v.string(), subject: text, sha256: text, error: text})),
      /** With what was fetched among the anchors; null: something lacks all the same. */
      wouldPass: v.nullable(v.boolean()),
    }),
  ),
})

const tls = v.strictObject({
  version: v.string(),
  cipher: v.string(),
  bits: v.number(),
  group: text,
  serverName: text,
  signatureAlgorithm: text,
  /** null: the mailer offers none, since no name is registered for SMTP; what a host makes of one is told by --full. */
  alpn: text,
  /** The peer stapled an OCSP response. */
  ocspStapled: v.boolean(),
  /** What it says of the leaf; the signature is looked at, its dates too. */
  ocsp: v.nullable(
    v.strictObject({
      status: v.picklist(['good', 'revoked', 'unknown', 'other', 'unreadable']),
      thisUpdate: text,
      nextUpdate: text,
      revokedAt: text,
      stale: v.boolean(),
      signed: v.boolean(),
      /** It carries signed certificate timestamps. */
      scts: v.boolean(),
    }),
  ),
  /** The group is a hybrid of a classic and a post-quantum key exchange, or a post-quantum one alone. */
  postQuantum: v.boolean(),
  /** The peer sent signed certificate timestamps in an extension of TLS. */
  scts: v.boolean(),
  /** Such timestamps lie in the certificate itself. */
  embeddedScts: v.boolean(),
  /** A client certificate was asked for; the CAs it may come from, none: any. */
  clientCertificate: v.nullable(v.strictObject({authorities: v.array(v.string())})),
  sessionTickets: v.number(),
})

const maybe = v.nullable(v.boolean())

/** Of `--full`: what the host takes when it is offered little. */
const rankOfSuite = v.picklist(['good', 'discouraged', 'forbidden'])

const enumeration = v.strictObject({
  /** Connections that it took. */
  connections: v.number(),
  /** Why it ended before everything was asked; null: it did not. */
  stopped: text,
  versions: v.array(v.strictObject({version: v.string(), taken: maybe})),
  ciphers: v.array(
    v.strictObject({
      version: v.string(),
      /** In the order in which they were found; the rank by RFC 9325. */
      suites: v.array(v.strictObject({name: v.string(), rank: rankOfSuite})),
      complete: v.boolean(),
      /** Where it is not complete: there may be more of these. */
      unseen: v.array(rankOfSuite),
    }),
  ),
  /** Of TLS 1.3, and what was seen of older versions; complete: no other one of TLS 1.3. */
  groups: v.strictObject({names: v.array(v.string()), complete: v.boolean()}),
  compression: maybe,
  secureRenegotiation: maybe,
  /** The certificate that is shown to who sends no SNI. */
  withoutSni: v.nullable(v.picklist(['same', 'other', 'refused'])),
  /** What came of offering `smtp` by ALPN in TLS 1.2, which is no registered name; null: not found out. */
  alpn: v.nullable(v.strictObject({answer: v.picklist(['chosen', 'ignored', 'refused']), protocol: text})),
  /** SCTs came in the handshake of TLS 1.2, where they can be asked for; null: not found out. */
  scts: maybe,
  /** A command sent in clear text behind STARTTLS is answered inside TLS. */
  commandInjection: maybe,
  /** Octets followed the 220 of STARTTLS in clear text. */
  responseInjection: maybe,
})

const handshakeFailure = v.strictObject({
  reason: v.string(),
  /** Node's or OpenSSL's code. */
  code: v.string(),
  /** Version of the peer's ServerHello, where it came to that. */
  serverVersion: text,
  alerts: v.array(
    v.strictObject({
      from: v.picklist(['peer', 'us']),
      level: v.picklist(['warning', 'fatal']),
      number: v.number(),
      name: v.string(),
    }),
  ),
  /** What came in the place of TLS. */
  nonTls: text,
})

const address = v.strictObject({
  address: v.string(),
  port: v.number(),
  mode: v.picklist(['starttls', 'implicit']),
  outcome: byLevel,
  /** Under the profile in force for this address. */
  policy: v.strictObject({profile, outcome, status: text}),
  reach: v.strictObject({
    reached: v.boolean(),
    stage: v.nullable(v.picklist(['dns', 'connect', 'greeting', 'ehlo'])),
    reason: text,
    reply: text,
  }),
  banner: text,
  extensions: v.strictObject({clear: v.array(v.string()), secure: v.nullable(v.array(v.string()))}),
  starttls: v.strictObject({
    advertised: v.nullable(v.boolean()),
    accepted: v.nullable(v.boolean()),
    reply: text,
    /** What it said to a STARTTLS that it had not offered. */
    unoffered: v.optional(v.string()),
    injected: v.boolean(),
  }),
  tls: v.nullable(tls),
  handshakeFailure: v.nullable(handshakeFailure),
  chain: v.nullable(chain),
  subject: v.nullable(
    v.strictObject({
      matched: v.boolean(),
      reference: v.array(v.string()),
      presented: v.array(v.string()),
      /** Of the profile in force and of each that is stored: its checks, alternatives to each other. */
      profiles: v.optional(
        v.array(
          v.strictObject({
            name: v.string(),
            matched: v.boolean(),
            checks: v.array(v.strictObject({check: v.string(), matched: v.boolean()})),
          }),
        ),
      ),
    }),
  ),
  enumeration: v.optional(enumeration),
  findings: v.array(finding),
  /** Where the look came to grief, and what to do; null: nowhere. */
  failure: v.nullable(
    v.strictObject({
      stage: v.picklist([
        'dns',
        'connect',
        'greeting',
        'ehlo',
        'starttls',
        'handshake',
        'ehlo-after-tls',
        'certificate',
      ]),
      /** What the peer said to it. */
      reply: text,
      /** The alert that ended it, and who sent it: `the peer sent handshake_failure (40)`. */
      alert: text,
      /** Of the finding that says it best. */
      code: v.string(),
      fix: v.string(),
      /** A command of OpenSSL that shows the same. */
      reproduce: v.string(),
    }),
  ),
  /** Milliseconds of one round trip, by the time that TCP took to connect. */
  rtt: v.nullable(v.number()),
  /** Milliseconds by stage. */
  timings: v.record(v.string(), v.number()),
})

const host = v.strictObject({
  name: v.string(),
  /** The name as people read it, where that is another one. */
  unicode: text,
  /** How its name and addresses were learned, in words. */
  learned: v.string(),
  preference: v.nullable(v.number()),
  /** Why it has no addresses. */
  failure: text,
  addresses: v.array(address),
})

const result = v.strictObject({
  target: v.string(),
  /** The name as people read it, where that is another one. */
  unicode: text,
  verdict: v.picklist(['pass', 'fail', 'undetermined']),
  /** 64: a line of a list that is no domain. */
  exit: v.picklist([0, 1, 64, 68, 75]),
  /** One sentence: what becomes of mail. */
  summary: v.string(),
  profile,
  /** What one can rely on: the worst outcome over every address (`--any`: the best). */
  levels: byLevel,
  /** What the relay would do now: the first path that works, in MX order. */
  delivery: byLevel,
  /** Of a recipient there, under the profile in force. */
  fate: v.picklist(['delivered', 'deferred', 'bounced']),
  status: text,
  /** The time for this target was over before all was seen. */
  timedOut: v.boolean(),
  route: v.strictObject({
    source: v.picklist(['mx', 'implicit', 'static', 'literal']),
    status: v.picklist(['secure', 'insecure', 'bogus', 'unknown']),
    nullMx: v.boolean(),
    failure: text,
  }),
  mtaSts: v.strictObject({}),
  dane: v.strictObject({}),
  tlsRpt: v.strictObject({}),
  hosts: v.array(host),
  /** About the route itself. */
  findings: v.array(finding),
  /** Milliseconds for the whole look. */
  elapsed: v.number(),
})

export const PROBE_SCHEMA = v.strictObject({
  schema: v.literal('postern.probe/1'),
  /** ISO 8601. */
  startedAt: v.string(),
  results: v.array(result),
})

export type ProbeDocument = v.InferOutput<typeof PROBE_SCHEMA>
export type ProbeResult = v.InferOutput<typeof result>
export type HostResult = v.InferOutput<typeof host>
export type AddressResult = v.InferOutput<typeof address>
export type ChainResult = v.InferOutput<typeof chain>
