import {createHash} from 'node:crypto'
import type {Finding, Outcome} from '../../src/policy/evidence.ts'
import {type FindingCode, finding} from '../../src/policy/findings.ts'
import type {AddressResult, ChainResult, HostResult, ProbeResult} from '../../src/report/probe-schema.ts'

export type Levels = ProbeResult['levels']
type Certificate = ChainResult['presented'][number]
type Missing = ChainResult['missing'][number]

/** Outcomes at the four levels, from none to secure. */
export const levels = (none: Outcome, preferred: Outcome, encrypt: Outcome, secure: Outcome): Levels => ({
  ...{none, preferred, encrypt, secure},
})
const VERIFIED = levels('clear', 'tls', 'tls', 'verified')
export const UNTRUSTED = levels('clear', 'tls', 'tls', 'refused')
export const NO_TLS = levels('clear', 'clear', 'refused', 'refused')
export const UNREACHABLE = levels('unreachable', 'unreachable', 'unreachable', 'unreachable')

const SECURE_MIL: ProbeResult['profile'] = {name: 'secure-mil', level: 'secure', rule: 'r1'}

export function certificate(subject: string, issuer: string, given: Partial<Certificate> = {}): Certificate {
  const digest = createHash('sha256').update(subject).digest('hex')
  return {
    ...{subject, issuer, sha256: digest, serial: digest.slice(0, 32), publicKey: digest.split('').reverse().join('')},
    ...{notBefore: '2026-09-20T00:00:00.000Z', notAfter: '2027-03-18T23:59:59.000Z'},
    ...{dnsNames: [], ipAddresses: [], key: 'ec-256', isCa: false, selfSigned: subject === issuer},
    ...{keyId: digest.slice(0, 40), authorityKeyId: null, aia: []},
    ...given,
  }
}

const ROOT_NAME = 'CN=Example Military Root CA G2,O=Example Department of Defence,C=US'
const ISSUING_NAME = 'CN=Example Military Mail CA 7,O=Example Department of Defence,C=US'
export const ROOT = certificate(ROOT_NAME, ROOT_NAME, {
  ...{notBefore: '2016-05-01T00:00:00.000Z', notAfter: '2041-05-01T00:00:00.000Z', key: 'rsa-4096', isCa: true},
})
export const ISSUING = certificate(ISSUING_NAME, ROOT_NAME, {
  ...{notBefore: '2023-02-01T00:00:00.000Z', notAfter: '2028-02-01T00:00:00.000Z', key: 'rsa-3072', isCa: true},
})

export const leaf = (name: string, given: Partial<Certificate> = {}) =>
  certificate(`CN=${name},O=Example Department of Defence`, ISSUING_NAME, {dnsNames: [name], ...given})

export function trusted(own: Certificate): ChainResult {
  return {
    ...{trusted: true, error: null, anchor: ROOT_NAME, summary: `the chain ends at the trust anchor ${ROOT_NAME}`},
    ...{presented: [own, ISSUING], built: [own, ISSUING, ROOT], missing: []},
  }
}

export function untrusted(
  error: string,
  summary: string,
  presented: Certificate[],
  given: {anchor?: string; built?: Certificate[]; missing?: Missing[]} = {},
): ChainResult {
  const {anchor = null, built = presented, missing = []} = given
  return {trusted: false, error, anchor, summary, presented, built, missing}
}

export const found = (code: FindingCode, message: string, hint: string, severity?: Finding['severity']): Finding => ({
  ...finding(code, message, hint),
  ...(severity && {severity}),
})

const EXTENSIONS = ['PIPELINING', 'SIZE 52428800', '8BITMIME', 'DSN', 'ENHANCEDSTATUSCODES']
export const TLS13: AddressResult['tls'] = {
  ...{version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', bits: 256, group: 'X25519MLKEM768', serverName: null},
  ...{signatureAlgorithm: 'ecdsa_secp256r1_sha256', alpn: null, postQuantum: true},
  ...{ocspStapled: false, ocsp: null, embeddedScts: false, scts: false},
  ...{clientCertificate: null, sessionTickets: 2},
}

/** One address of `name`, verified unless told otherwise. */
export function address(name: string, at: string, given: Partial<AddressResult> = {}): AddressResult {
  const outcome = given.outcome ?? VERIFIED
  return {
    ...{address: at, port: 25, mode: 'starttls', outcome},
    policy: {profile: SECURE_MIL, outcome: outcome.secure, status: outcome.secure === 'refused' ? '4.7.5' : null},
    reach: {reached: true, stage: null, reason: null, reply: null},
    banner: `220 ${name} ESMTP Postfix`,
    extensions: {clear: [...EXTENSIONS, 'STARTTLS'], secure: EXTENSIONS},
    starttls: {advertised: true, accepted: true, reply: null, injected: false},
    tls: {...TLS13!, serverName: name},
    handshakeFailure: null,
    chain: trusted(leaf(name)),
    subject: {matched: true, reference: [name], presented: [name]},
    ...{findings: [], failure: null, rtt: 12},
    timings: {connect: 12, greeting: 31, ehlo: 13, starttls: 13, handshake: 29, ehloAfterTls: 13},
    ...given,
  }
}

/** Fields of an address that never came to TLS. */
export const CLEAR: Partial<AddressResult> = {
  ...{outcome: NO_TLS, tls: null, chain: null, subject: null},
  extensions: {clear: EXTENSIONS, secure: null},
  starttls: {advertised: false, accepted: null, reply: null, injected: false},
  timings: {connect: 20, greeting: 44, ehlo: 21},
}

export function failed(
  stage: NonNullable<AddressResult['failure']>['stage'],
  {code, hint}: Finding,
  at: string,
  name: string,
  reply: string | null = null,
): AddressResult['failure'] {
  const reproduce = `openssl s_client -starttls smtp -connect ${at}:25 -servername ${name} -showcerts`
  return {stage, reply, alert: null, code, fix: hint, reproduce}
}

export function host(name: string, preference: number | null, addresses: AddressResult[]): HostResult {
  const learned = preference === null ? 'the domain itself' : `MX ${preference}, not signed; addresses not signed`
  return {name, unicode: null, learned, preference, failure: null, addresses}
}

export function result(target: string, hosts: HostResult[], given: Partial<ProbeResult> = {}): ProbeResult {
  return {
    ...{target, unicode: null, verdict: 'pass', exit: 0, summary: 'mail is delivered over verified TLS'},
    ...{profile: SECURE_MIL, levels: VERIFIED, delivery: VERIFIED, fate: 'delivered', status: null, timedOut: false},
    route: {source: 'mx', status: 'insecure', nullMx: false, failure: null},
    ...{mtaSts: {}, dane: {}, tlsRpt: {}, hosts, findings: [], elapsed: 311},
    ...given,
  }
}
