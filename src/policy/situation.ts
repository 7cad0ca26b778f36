import type {CertificateFacts, TrustAnchors} from '../pki/certificate.ts'
import type {AttemptEvidence, HandshakeEvidence, PathEvidence} from './evidence.ts'
import {FINDINGS} from './findings.ts'
import type {LawCode} from './problem.ts'
import type {EffectiveProfile, Profile, SubjectCheck} from './profile.ts'
import {effectiveSubject} from './subject.ts'

/**
 * Made-up evidence for each row of the law, so that "what would happen" can be answered before anything is dialled, and by
 * the judge itself rather than by a second table.
 */
export interface Situation {
  /** Code of the finding, or `none` (all is well) or `host-unreachable`. */
  finding: LawCode | 'none' | 'host-unreachable'
  title: string
  /** TLS failures in a row, this one included, where that matters. */
  failures: number
  attempt: AttemptEvidence
}

const HOST = 'mx.partner.example'
const ADDRESS = '192.0.2.1'

/** The rows that can happen under this profile. `domain` is the recipient's: A-labels or a bracketed literal. */
export function situationsFor(profile: EffectiveProfile, domain: string): Situation[] {
  const good = goodHandshake(profile, domain)
  const handshake = (change: Partial<Completed>) => attemptWith({handshake: {...good, ...change}})
  const untrusted = (error: string) =>
    handshake({verification: {[profile.anchors.id]: {trusted: false, error, by: 'handshake'}}})
  const offered = {advertised: true, accepted: true, reply: null, injected: false}
  const rows: [Situation['finding'], AttemptEvidence][] = [
    ['none', handshake({})],
    ['starttls-not-supported', attemptWith({starttls: {...offered, advertised: false, accepted: null}})],
    ['starttls-refused', attemptWith({starttls: {...offered, accepted: false, reply: '454 4.7.0 TLS not available'}})],
    [
      'validation-failure',
      attemptWith({handshake: {status: 'failed', reason: 'the connection was closed', code: 'ECONNRESET'}}),
    ],
    ['certificate-not-trusted', untrusted('UNABLE_TO_GET_ISSUER_CERT_LOCALLY')],
    ['certificate-expired', untrusted('CERT_HAS_EXPIRED')],
    ['certificate-revoked', untrusted('CERT_REVOKED')],
    ['certificate-issuer-mismatch', handshake({built: [leaf([])]})],
    ['certificate-host-mismatch', handshake({presented: [leaf([])]})],
    ['tls-version-too-low', handshake({version: 'TLSv1.2'})],
    ['cipher-too-weak', handshake({bits: profile.minStrength - 1})],
    ['plaintext-injected', {...handshake({}), starttls: {...offered, injected: true}}],
    [
      'host-unreachable',
      {...attemptWith({}), reach: {status: 'unreachable', stage: 'connect', reason: 'timed out', reply: null}},
    ],
  ]
  return rows
    .filter(([code]) => canHappen(code, profile))
    .flatMap(([code, attempt]) => repeated(code, attempt, profile))
}

/** The path on which this attempt is the only one. */
export function pathOf(attempt: AttemptEvidence, domain: string): PathEvidence {
  const host = {name: HOST, preference: 10, addresses: [ADDRESS], failure: null}
  return {
    domain,
    route: {source: 'mx', status: 'insecure', nullMx: false, hosts: [host], failure: null},
    attempts: [attempt],
  }
}

/** Anchors for judging made-up evidence: only their id and whether there is an issuer check matter. */
export function madeUpAnchors(profile: Profile): TrustAnchors {
  const checksIssuer = profile.ca.length > 0 && profile.trust !== 'imported'
  return {id: 'made-up', certificates: [], issuers: checksIssuer ? [ISSUER] : null}
}

type Completed = Extract<HandshakeEvidence, {status: 'completed'}>

const ISSUER = 'a'.repeat(64)

function canHappen(code: Situation['finding'], profile: EffectiveProfile): boolean {
  if (code === 'certificate-issuer-mismatch') return profile.anchors.issuers !== null
  if (code === 'certificate-host-mismatch')
    return !effectiveSubject(profile.subject).some((check) => check.kind === 'any')
  // With a minimum of 1.2 anything lower is a failed handshake, which has its own row.
  return code !== 'tls-version-too-low' || profile.minTls === '1.3'
}

const COUNTED: readonly Situation['finding'][] = ['starttls-refused', 'validation-failure', 'plaintext-injected']

/** Where several failures are needed for clear text, the first failure and the one that suffices are two rows. */
function repeated(
  code: Situation['finding'],
  attempt: AttemptEvidence,
  {level, fallbackAfter}: EffectiveProfile,
): Situation[] {
  const title = code === 'none' ? 'TLS in order, certificate passes every check' : FINDINGS[code].title
  if (!COUNTED.includes(code)) return [{finding: code, title, failures: 0, attempt}]
  const counts = level === 'preferred' && fallbackAfter !== 'never' && fallbackAfter > 1 ? [1, fallbackAfter] : [1]
  return counts.map((failures) => ({finding: code, title, failures, attempt: {...attempt, failedAttempts: failures}}))
}

function attemptWith(change: Partial<AttemptEvidence>): AttemptEvidence {
  return {
    host: HOST,
    preference: 10,
    address: ADDRESS,
    port: 25,
    mode: 'starttls',
    startedAt: '2026-01-01T00:00:00.000Z',
    reach: {status: 'reached'},
    banner: null,
    extensions: {clear: ['STARTTLS'], secure: null},
    starttls: {advertised: true, accepted: true, reply: null, injected: false},
    handshake: null,
    failedAttempts: 0,
    fallback: false,
    timings: {},
    ...change,
  }
}

function goodHandshake(profile: EffectiveProfile, domain: string): Completed {
  const certificate = leaf(effectiveSubject(profile.subject).map((check) => nameMeeting(check, domain)))
  const issuers = profile.anchors.issuers?.slice(0, 1) ?? []
  return {
    status: 'completed',
    version: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    bits: 256,
    group: null,
    serverName: HOST,
    verification: {[profile.anchors.id]: {trusted: true, error: null, by: 'handshake'}},
    presented: [certificate],
    built: [certificate, ...issuers.map((sha256) => ({...leaf([]), subject: 'CN=Partner CA', sha256, isCa: true}))],
    explanation: {summary: 'its chain ends at no trust anchor', missing: [], anchor: 'CN=Partner CA'},
  }
}

function nameMeeting(check: SubjectCheck, domain: string): string {
  if (check.kind === 'mx' || check.kind === 'any') return HOST
  if (check.kind === 'domain') return domain
  return check.value.replace(/[*?]/g, 'x')
}

function leaf(names: string[]): CertificateFacts {
  const bare = names.map((name) => name.replace(/^\[(IPv6:)?|\]$/gi, ''))
  return {
    subject: `CN=${HOST}`,
    issuer: 'CN=Partner CA',
    sha256: 'b'.repeat(64),
    serial: '01',
    notBefore: '2025-01-01T00:00:00.000Z',
    notAfter: '2027-01-01T00:00:00.000Z',
    dnsNames: bare.filter((name) => !isAddress(name)),
    ipAddresses: bare.filter(isAddress),
    key: 'ec-256',
    isCa: false,
    selfSigned: false,
    keyId: null,
    authorityKeyId: null,
    aia: [],
  }
}

function isAddress(text: string): boolean {
  return text.includes(':') || /^\d+(\.\d+){3}$/.test(text)
}
