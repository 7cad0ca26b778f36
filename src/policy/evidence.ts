import type {EnhancedStatus} from '../mail/reply.ts'
import type {CertificateFacts, ChainExplanation, Verification} from '../pki/certificate.ts'
import type {OcspAnswer} from '../pki/ocsp.ts'

/**
 * What was seen on the way to a domain: plain JSON, so that it can be recorded and judged again under another policy.
 * The engine fills it in and draws no conclusion from it; `judge.ts` draws them and sees nothing else.
 */
export interface PathEvidence {
  /** The recipient's domain: A-labels, or a bracketed literal. */
  domain: string
  route: RouteEvidence
  attempts: AttemptEvidence[]
}

export interface RouteEvidence {
  source: 'mx' | 'implicit' | 'static' | 'literal'
  /** DNSSEC status of the answer that named the hosts. */
  status: 'secure' | 'insecure' | 'bogus' | 'unknown'
  nullMx: boolean
  hosts: HostEvidence[]
  /** Where a CNAME at the domain leads. Absent: there is none. */
  canonicalName?: string
  /** A null MX stood beside other MX records, where it means nothing. */
  strayNullMx?: boolean
  /** MX hosts beyond those that are looked at. */
  hostsLeftOut?: number
  /** Why there is no host to try. */
  failure: {kind: 'null-mx' | 'nxdomain' | 'no-address' | 'dns-failed' | 'dns-bogus'; reason: string} | null
}

export interface HostEvidence {
  /** A-labels; for an address literal its bracketed text. */
  name: string
  preference: number | null
  addresses: string[]
  /** Where a CNAME at the host's name leads. Absent: there is none. */
  canonicalName?: string
  /** The addresses come from an answer that was validated. */
  signed?: boolean
  /** Addresses beyond those that are looked at. */
  addressesLeftOut?: number
  /** It is this relay itself, or no better than it: a relay passes it over (RFC 5321 §5.1). Absent: it does not. */
  passedOver?: 'ourselves' | 'behind-ourselves'
  /** Why it has no addresses. */
  failure: {kind: 'nxdomain' | 'no-address' | 'dns-failed' | 'dns-bogus'; reason: string} | null
}

/** One look at one address. A clear-text fallback is a second attempt at the same address. */
export interface AttemptEvidence {
  host: string
  preference: number | null
  address: string
  port: number
  mode: 'starttls' | 'implicit'
  /** ISO 8601. */
  startedAt: string
  /** Whether SMTP was reached at all; unreachable is never a TLS result. */
  reach:
    | {status: 'reached'}
    | {status: 'unreachable'; stage: 'dns' | 'connect' | 'greeting' | 'ehlo'; reason: string; reply: string | null}
  banner: string | null
  /** How the peer spoke in clear text. Absent: it was not listened to, or said nothing. */
  speech?: SpeechEvidence
  /** EHLO keywords with their parameters, upper-case keyword first, before and after TLS. */
  extensions: {clear: string[]; secure: string[] | null}
  starttls: {
    /** null: implicit TLS, or the session never got that far. */
    advertised: boolean | null
    /** null: STARTTLS was not sent. */
    accepted: boolean | null
    /** The reply that refused it. */
    reply: string | null
    /** What it said to a STARTTLS that it had not offered. Absent: that was not tried. */
    unoffered?: string
    /** Plaintext followed the 220; it was discarded (CVE-2011-0411). */
    injected: boolean
  }
  /** null: no handshake was started. */
  handshake: HandshakeEvidence | null
  /** TLS failures in a row at this address, this one included; 0 when this one did not fail. */
  failedAttempts: number
  /** The engine came here in clear text on purpose, after TLS failed at this address. */
  fallback: boolean
  /** What the domain publishes, when it was looked up. Absent: not looked up. */
  published?: PublishedEvidence
  /** The message asks for REQUIRETLS (RFC 8689); `unadvertised`: it is a DSN, which a host without the keyword may have. */
  requireTls?: boolean | 'unadvertised'
  /** Milliseconds spent in each stage that was entered. */
  timings: Partial<Record<'connect' | 'greeting' | 'ehlo' | 'starttls' | 'handshake' | 'ehloAfterTls', number>>
}

/** Manners of an SMTP peer before TLS. */
export interface SpeechEvidence {
  /** Lines of the greeting. */
  greetingLines: number
  /** The lines of the reply to EHLO behind the first, as sent. */
  helloLines: string[]
  /** Octets of that reply. */
  helloOctets: number
  /** EHLO was refused, and HELO taken. */
  helo: boolean
  /** Some line ended in LF alone (RFC 5321 §2.3.8). */
  bareLineFeeds: boolean
}

export type HandshakeEvidence =
  | {
      status: 'completed'
      /** `TLSv1.2`, `TLSv1.3`. */
      version: string
      /** IANA name. */
      cipher: string
      bits: number
      /** `X25519MLKEM768`, `X25519`, `prime256v1` …; null where it is not known. */
      group: string | null
      /** A session was resumed; the certificates are those of the handshake that it came from. Absent: a full handshake. */
      resumed?: boolean
      /** SNI that was sent; null: none (address literals). */
      serverName: string | null
      /** By trust anchors id. */
      verification: Record<string, Verification>
      /** The chain: as presented where the wire was tapped, else as the TLS library holds it. Leaf first. */
      presented: CertificateFacts[]
      /** As OpenSSL built it, leaf first, ending at the anchor when trusted. */
      built: CertificateFacts[]
      explanation: ChainExplanation
      /** What a stapled OCSP response says of the leaf. Absent: none was stapled. */
      ocsp?: OcspAnswer
    }
  | {
      status: 'failed'
      /** One sentence. */
      reason: string
      /** Node's or OpenSSL's code: `ERR_SSL_WRONG_VERSION_NUMBER`, `ECONNRESET`, `timeout` … */
      code: string
    }

export interface PublishedEvidence {
  mtaSts:
    | {mode: 'none' | 'testing' | 'enforce'; id: string; mxMatches: boolean}
    | {mode: 'error'; reason: string}
    | null
  dane:
    | {status: 'usable'; matches: boolean}
    | {status: 'unusable'}
    | {status: 'absent'}
    | {status: 'bogus'; reason: string}
    | null
}

export type Outcome = 'clear' | 'tls' | 'verified' | 'refused' | 'unreachable'
export type Fate = 'delivered' | 'deferred' | 'bounced'

export interface Finding {
  /** Stable; an RFC 8460 §4.3 result type where there is one. */
  code: string
  severity: 'error' | 'warning' | 'info'
  /** One sentence: what is so, on which host. */
  message: string
  /** What to do about it. */
  hint: string
  /** `RFC 8460 §4.3.1`. */
  section?: string
}

export interface AttemptVerdict {
  outcome: Outcome
  findings: Finding[]
  /** For `refused` and `unreachable`: x.7.4, x.7.5, x.7.6 … with the class of the profile's action. */
  status: EnhancedStatus | null
}

export interface PathVerdict {
  fate: Fate
  status: EnhancedStatus | null
  /** One verdict for each attempt of the evidence, in order. */
  attempts: AttemptVerdict[]
  /** One sentence that explains the fate. */
  reason: string
  /** Findings about the route itself (null MX, NXDOMAIN …). */
  findings: Finding[]
}
