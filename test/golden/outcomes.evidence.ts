import type {AttemptEvidence, PathEvidence, PublishedEvidence} from '../../src/policy/evidence.ts'
import type {EffectiveProfile} from '../../src/policy/profile.ts'
import {attempt, certificate, failedAttempt, handshake, pathOf, unreachable, untrusted} from '../support/evidence.ts'

/** What each situation of outcomes.txt looks like on the wire, and what the profile says beside its level. */
export interface Seen {
  path: PathEvidence
  profile?: Partial<EffectiveProfile>
}

const one = (seen: AttemptEvidence, profile: Partial<EffectiveProfile> = {}): Seen => ({path: pathOf([seen]), profile})
const refusedBy = (reply: string, failures = 1) =>
  attempt({
    starttls: {advertised: true, accepted: false, reply, injected: false},
    handshake: null,
    failedAttempts: failures,
  })
const injected = (failures: number) =>
  attempt({starttls: {advertised: true, accepted: true, reply: null, injected: true}, failedAttempts: failures})
const published = (what: Partial<PublishedEvidence>, seen: AttemptEvidence = attempt()) => ({
  ...seen,
  published: {mtaSts: null, dane: null, ...what},
})
const noCommonVersion = failedAttempt(1, {
  handshake: {status: 'failed', reason: 'no common version', code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'},
})
const plain = attempt({
  starttls: {advertised: false, accepted: null, reply: null, injected: false},
  handshake: null,
  extensions: {clear: ['SIZE'], secure: null},
})
const selfSigned = attempt({handshake: untrusted('DEPTH_ZERO_SELF_SIGNED_CERT')})
const otherName = attempt({handshake: handshake({presented: [certificate({dnsNames: ['mx.attacker.net']})]})})
const enforce = (mxMatches = true) => ({mode: 'enforce', id: '1', mxMatches}) as const
const testing = (mxMatches = true) => ({mode: 'testing', id: '1', mxMatches}) as const
const usable = (matches = true) => ({status: 'usable', matches}) as const
const bogus = {status: 'bogus', reason: 'signature expired'} as const
const requiring = (seen: AttemptEvidence) => ({...seen, requireTls: true})
const offering = attempt({extensions: {clear: ['STARTTLS'], secure: ['SIZE 1000', 'REQUIRETLS']}})

export const SEEN: Record<string, Seen> = {
  good: one(attempt()),
  'starttls-not-supported': one(plain),
  'starttls-answered-4xx, failure 1 of 1': one(refusedBy('454 4.7.0 not now')),
  'starttls-answered-4xx, failure 1 of 2': one(refusedBy('454 4.7.0 not now'), {fallbackAfter: 2}),
  'starttls-answered-4xx, failure 2 of 2': one(refusedBy('454 4.7.0 not now', 2), {fallbackAfter: 2}),
  'starttls-answered-5xx, fallback never': one(refusedBy('502 5.5.1 what', 9), {fallbackAfter: 'never'}),
  'handshake-fails, failure 1 of 1': one(failedAttempt()),
  'handshake-fails, failure 1 of 2': one(failedAttempt(1), {fallbackAfter: 2}),
  'handshake-fails, failure 2 of 2': one(failedAttempt(2), {fallbackAfter: 2}),
  'handshake-fails, fallback never': one(failedAttempt(9), {fallbackAfter: 'never'}),
  'handshake-stalls, failure 1 of 1': one(
    failedAttempt(1, {handshake: {status: 'failed', reason: 'silence for 30 s', code: 'timeout'}}),
  ),
  'peer-speaks-only-tls-1.1, failure 1 of 1': one(
    attempt({handshake: handshake({version: 'TLSv1.1'}), failedAttempts: 1}),
  ),
  'peer-lacks-minimum-tls-1.3, failure 1 of 1': one(noCommonVersion, {minTls: '1.3'}),
  'peer-shares-no-version, failure 1 of 1': one(noCommonVersion),
  'self-signed': one(selfSigned),
  'unknown-issuer': one(attempt({handshake: untrusted('UNABLE_TO_GET_ISSUER_CERT_LOCALLY')})),
  'missing-intermediate': one(attempt({handshake: untrusted('UNABLE_TO_VERIFY_LEAF_SIGNATURE')})),
  'issuer-is-no-ca': one(attempt({handshake: untrusted('INVALID_CA')})),
  'bad-signature': one(attempt({handshake: untrusted('CERT_SIGNATURE_FAILURE')})),
  'not-verified-under-these-anchors': one(attempt({handshake: handshake({verification: {}})})),
  'certificate-expired': one(attempt({handshake: untrusted('CERT_HAS_EXPIRED')})),
  'certificate-not-yet-valid': one(attempt({handshake: untrusted('CERT_NOT_YET_VALID')})),
  'certificate-revoked': one(attempt({handshake: untrusted('CERT_REVOKED')})),
  'issuer-not-of-profile': one(attempt(), {
    ca: ['other'],
    anchors: {id: 'anchors', certificates: [], issuers: ['d'.repeat(64)]},
  }),
  'certificate-host-mismatch': one(otherName),
  'version-below-minimum': one(attempt({handshake: handshake({version: 'TLSv1.2'})}), {minTls: '1.3'}),
  'cipher-below-minimum': one(attempt({handshake: handshake({bits: 128})}), {minStrength: 256}),
  'plaintext-injected, failure 1 of 1': one(injected(1)),
  'plaintext-injected, failure 1 of 2': one(injected(1), {fallbackAfter: 2}),
  'clear-text-fallback': one(attempt({handshake: null, fallback: true})),

  'sts-enforce, good': one(published({mtaSts: enforce()})),
  'sts-enforce, mx not listed': one(published({mtaSts: enforce(false)})),
  'sts-enforce, starttls-not-supported': one(published({mtaSts: enforce()}, plain)),
  'sts-enforce, self-signed': one(published({mtaSts: enforce()}, selfSigned)),
  'sts-enforce, certificate-host-mismatch': one(published({mtaSts: enforce()}, otherName)),
  'sts-enforce but off in the profile, self-signed': one(published({mtaSts: enforce()}, selfSigned), {mtaSts: 'off'}),
  'sts-testing, mx not listed': one(published({mtaSts: testing(false)})),
  'sts-testing, starttls-not-supported': one(published({mtaSts: testing()}, plain)),
  'sts-none, good': one(published({mtaSts: {mode: 'none', id: '1', mxMatches: false}})),
  'sts-fetch-error, good': one(published({mtaSts: {mode: 'error', reason: 'HTTP 404'}})),
  'sts-mandatory, not looked up': one(attempt(), {mtaSts: 'mandatory'}),
  'sts-mandatory, testing': one(published({mtaSts: testing()}), {mtaSts: 'mandatory'}),
  'sts-mandatory, enforce': one(published({mtaSts: enforce()}), {mtaSts: 'mandatory'}),
  'dane-usable, matches': one(published({dane: usable()})),
  'dane-usable, matches, self-signed': one(published({dane: usable()}, selfSigned)),
  'dane-usable, no match': one(published({dane: usable(false)})),
  'dane-usable, starttls-not-supported': one(published({dane: usable(false)}, plain)),
  'dane-usable and sts-enforce, mx not listed': one(published({dane: usable(), mtaSts: enforce(false)})),
  'dane-unusable, good': one(published({dane: {status: 'unusable'}})),
  'dane-unusable, handshake-fails': one(published({dane: {status: 'unusable'}}, failedAttempt())),
  'dane-bogus': one(published({dane: bogus})),
  'dane-bogus, starttls-not-supported': one(published({dane: bogus}, plain)),
  'dane-bogus but off in the profile': one(published({dane: bogus}), {dane: 'off'}),
  'dane-mandatory, not looked up': one(attempt(), {dane: 'mandatory'}),
  'dane-mandatory, absent': one(published({dane: {status: 'absent'}}), {dane: 'mandatory'}),
  'dane-mandatory, unusable': one(published({dane: {status: 'unusable'}}), {dane: 'mandatory'}),
  'dane-mandatory, usable and matches': one(published({dane: usable()}), {dane: 'mandatory'}),
  'requiretls, good and offered': one(requiring(offering)),
  'requiretls, good and not offered': one(requiring(attempt())),
  'requiretls, starttls-not-supported': one(requiring(plain)),
  'requiretls, self-signed': one(requiring({...offering, handshake: selfSigned.handshake})),

  'null MX': {path: pathOf([], {nullMx: true})},
  NXDOMAIN: {path: pathOf([], {failure: {kind: 'nxdomain', reason: 'NXDOMAIN'}})},
  'no address': {path: pathOf([], {failure: {kind: 'no-address', reason: 'no A, no AAAA'}})},
  'no host has an address': {path: pathOf([], {hosts: [hostWithout('no-address'), hostWithout('nxdomain')]})},
  'DNS failed': {path: pathOf([], {failure: {kind: 'dns-failed', reason: 'SERVFAIL'}})},
  'DNS bogus': {path: pathOf([], {failure: {kind: 'dns-bogus', reason: 'signature expired'}})},
  'DNS failed for the only host': {path: pathOf([], {hosts: [hostWithout('dns-failed')]})},
  'all unreachable': {path: pathOf([unreachable(), unreachable({address: '127.0.0.3'})])},
  '4xx greeting': {
    path: pathOf([
      unreachable({reach: {status: 'unreachable', stage: 'greeting', reason: 'busy', reply: '421 4.3.2 busy'}}),
    ]),
  },
  'refused, then unreachable': {path: pathOf([selfSigned, unreachable({address: '127.0.0.3'})])},
  'refused, and a host whose DNS failed': withHost(pathOf([selfSigned]), hostWithout('dns-failed')),
  'refused, and an address not tried': withHost(pathOf([selfSigned]), {
    name: 'mx2.example.mil',
    preference: 20,
    addresses: ['127.0.0.9'],
    failure: null,
  }),
  'refused, then verified': {path: pathOf([selfSigned, attempt({address: '127.0.0.3'})])},
  'unreachable, then verified': {path: pathOf([unreachable(), attempt({address: '127.0.0.3'})])},
  'refused twice': {path: pathOf([selfSigned, {...plain, address: '127.0.0.3'}])},
}

function hostWithout(kind: 'no-address' | 'nxdomain' | 'dns-failed') {
  return {name: `mx-${kind}.example.mil`, preference: 20, addresses: [], failure: {kind, reason: kind}}
}

function withHost(path: PathEvidence, host: PathEvidence['route']['hosts'][number]): Seen {
  return {path: {...path, route: {...path.route, hosts: [...path.route.hosts, host]}}}
}
