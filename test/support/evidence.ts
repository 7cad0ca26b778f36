import type {CertificateFacts} from '../../src/pki/certificate.ts'
import {BUILTIN_PROFILES} from '../../src/policy/builtin.ts'
import type {AttemptEvidence, HandshakeEvidence, PathEvidence, RouteEvidence} from '../../src/policy/evidence.ts'
import type {EffectiveProfile, Level} from '../../src/policy/profile.ts'

/** Evidence as the engine writes it, for tests of the judge: a good look at mx1.example.mil, changed where a test says so. */
export const CA = 'c'.repeat(64)

export function profileAt(level: Level, change: Partial<EffectiveProfile> = {}): EffectiveProfile {
  const anchors = {id: 'anchors', certificates: [], issuers: null}
  return {...BUILTIN_PROFILES[level], rule: null, anchors, ...change}
}

export function certificate(change: Partial<CertificateFacts> = {}): CertificateFacts {
  return {
    subject: 'CN=mx1.example.mil',
    issuer: 'CN=Example CA',
    sha256: '1'.repeat(64),
    serial: '01',
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: '2027-01-01T00:00:00.000Z',
    dnsNames: ['mx1.example.mil'],
    ipAddresses: [],
    key: 'ec-256',
    isCa: false,
    selfSigned: false,
    keyId: null,
    authorityKeyId: null,
    aia: [],
    ...change,
  }
}

export type Completed = Extract<HandshakeEvidence, {status: 'completed'}>

export function handshake(change: Partial<Completed> = {}): Completed {
  return {
    status: 'completed',
    version: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    bits: 256,
    group: 'X25519',
    serverName: 'mx1.example.mil',
    verification: {anchors: {trusted: true, error: null, by: 'handshake'}},
    presented: [certificate()],
    built: [certificate(), certificate({subject: 'CN=Example CA', sha256: CA, isCa: true})],
    explanation: {summary: 'the chain ends at CN=Example CA', missing: [], anchor: 'CN=Example CA'},
    ...change,
  }
}

export function untrusted(error: string, change: Partial<Completed> = {}): Completed {
  return handshake({verification: {anchors: {trusted: false, error, by: 'handshake'}}, ...change})
}

export function attempt(change: Partial<AttemptEvidence> = {}): AttemptEvidence {
  return {
    host: 'mx1.example.mil',
    preference: 10,
    address: '127.0.0.2',
    port: 25,
    mode: 'starttls',
    startedAt: '2026-06-01T00:00:00.000Z',
    reach: {status: 'reached'},
    banner: '220 mx1.example.mil ESMTP',
    extensions: {clear: ['STARTTLS'], secure: ['SIZE 1000']},
    starttls: {advertised: true, accepted: true, reply: null, injected: false},
    handshake: handshake(),
    failedAttempts: 0,
    fallback: false,
    timings: {},
    ...change,
  }
}

export const FAILED: HandshakeEvidence = {status: 'failed', reason: 'the connection was reset', code: 'ECONNRESET'}

export function failedAttempt(failures = 1, change: Partial<AttemptEvidence> = {}): AttemptEvidence {
  return attempt({
    handshake: FAILED,
    failedAttempts: failures,
    extensions: {clear: ['STARTTLS'], secure: null},
    ...change,
  })
}

export function unreachable(change: Partial<AttemptEvidence> = {}): AttemptEvidence {
  const reach = {status: 'unreachable', stage: 'connect', reason: 'connection refused', reply: null} as const
  return attempt({
    reach,
    handshake: null,
    starttls: {advertised: null, accepted: null, reply: null, injected: false},
    ...change,
  })
}

/** A path whose hosts are those of the attempts. */
export function pathOf(attempts: AttemptEvidence[], route: Partial<RouteEvidence> = {}): PathEvidence {
  const names = [...new Set(attempts.map(({host}) => host))]
  const hosts = names.map((name) => {
    const own = attempts.filter(({host}) => host === name)
    return {
      name,
      preference: own[0]?.preference ?? null,
      addresses: [...new Set(own.map((a) => a.address))],
      failure: null,
    }
  })
  const all: RouteEvidence = {source: 'mx', status: 'insecure', nullMx: false, hosts, failure: null, ...route}
  return {domain: 'example.mil', route: all, attempts}
}
