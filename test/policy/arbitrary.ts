import fc from 'fast-check'
import type {CertificateFacts} from '../../src/pki/certificate.ts'
import type {AttemptEvidence, HandshakeEvidence, PublishedEvidence} from '../../src/policy/evidence.ts'
import {type EffectiveProfile, LEVELS, type SubjectCheck} from '../../src/policy/profile.ts'
import {attempt, CA, type Completed, certificate, FAILED, handshake, profileAt} from '../support/evidence.ts'

/** Any evidence and any profile, contradictory ones included: a recorded file may hold anything. */
const error = fc.constantFrom(
  'CERT_HAS_EXPIRED',
  'CERT_REVOKED',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
)

const verification = fc.oneof<fc.Arbitrary<Completed['verification']>[]>(
  fc.constant({anchors: {trusted: true, error: null, by: 'handshake' as const}}),
  error.map((text) => ({anchors: {trusted: false, error: text, by: 'handshake' as const}})),
  fc.constant({}),
)

const presented = fc.constantFrom<CertificateFacts[][]>(
  [],
  [certificate()],
  [certificate({dnsNames: ['*.example.mil', 'example.mil']})],
  [certificate({dnsNames: ['mx.attacker.net']})],
  [certificate({notAfter: '2026-05-01T00:00:00.000Z'})],
)

const completed = fc
  .record({
    version: fc.constantFrom('TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'),
    bits: fc.constantFrom(56, 112, 128, 256),
    verification,
    presented,
  })
  .map((change) => handshake(change))

const anyHandshake: fc.Arbitrary<HandshakeEvidence | null> = fc.oneof(
  {weight: 4, arbitrary: completed},
  {weight: 2, arbitrary: fc.constant(handshake())},
  {weight: 1, arbitrary: fc.constant(FAILED)},
  {weight: 1, arbitrary: fc.constant(null)},
)

const anyPublished: fc.Arbitrary<PublishedEvidence | undefined> = fc.option(
  fc.record<PublishedEvidence>({
    mtaSts: fc.constantFrom(
      null,
      {mode: 'error' as const, reason: 'HTTP 404'},
      ...(['none', 'testing', 'enforce'] as const).flatMap((mode) =>
        [true, false].map((mxMatches) => ({mode, id: '1', mxMatches})),
      ),
    ),
    dane: fc.constantFrom(
      null,
      {status: 'absent' as const},
      {status: 'unusable' as const},
      {status: 'usable' as const, matches: true},
      {status: 'usable' as const, matches: false},
      {status: 'bogus' as const, reason: 'signature expired'},
    ),
  }),
  {nil: undefined},
)

export const anyAttempt: fc.Arbitrary<AttemptEvidence> = fc
  .record({
    mode: fc.constantFrom('starttls' as const, 'starttls' as const, 'implicit' as const),
    reach: fc.oneof<fc.MaybeWeightedArbitrary<AttemptEvidence['reach']>[]>(
      {weight: 9, arbitrary: fc.constant({status: 'reached' as const})},
      {
        weight: 1,
        arbitrary: fc.constant({status: 'unreachable' as const, stage: 'connect' as const, reason: 'no', reply: null}),
      },
    ),
    extensions: fc.constantFrom<AttemptEvidence['extensions'][]>(
      {clear: ['STARTTLS'], secure: ['REQUIRETLS']},
      {clear: [], secure: null},
    ),
    starttls: fc.record({
      advertised: fc.constantFrom(true, true, true, false, null),
      accepted: fc.constantFrom(true, true, true, false, null),
      reply: fc.constantFrom(null, '454 not now'),
      injected: fc.constantFrom(false, false, false, true),
    }),
    handshake: anyHandshake,
    failedAttempts: fc.nat(4),
    fallback: fc.constantFrom(false, false, false, true),
    published: anyPublished,
    requireTls: fc.constantFrom(undefined, false, false, true),
  })
  .map((change) => attempt(change))

const subject: fc.Arbitrary<SubjectCheck> = fc.constantFrom(
  {kind: 'mx'},
  {kind: 'domain'},
  {kind: 'any'},
  {kind: 'contains', value: 'example.mil'},
  {kind: 'exact', value: 'mx1.example.mil'},
  {kind: 'wildcard', value: '*.example.mil'},
)

const standard = fc.constantFrom('off' as const, 'opportunistic' as const, 'mandatory' as const)

export const anyProfile: fc.Arbitrary<EffectiveProfile> = fc
  .record({
    level: fc.constantFrom(...LEVELS),
    onFailure: fc.constantFrom('tempfail' as const, 'fail' as const),
    trust: fc.constantFrom('imported' as const, 'system' as const, 'both' as const),
    subject: fc.array(subject, {maxLength: 3}),
    minTls: fc.constantFrom('1.2' as const, '1.3' as const),
    minStrength: fc.constantFrom(112, 128, 256),
    fallbackAfter: fc.constantFrom(1, 2, 3, 'never' as const),
    dane: standard,
    mtaSts: standard,
    anchors: fc
      .constantFrom<(string[] | null)[]>(null, [CA], ['d'.repeat(64)])
      .map((issuers) => ({id: 'anchors', certificates: [] as string[], issuers})),
  })
  .map((change) => profileAt(change.level, change))

const STANDARDS = ['off', 'opportunistic', 'mandatory'] as const
const FALLBACKS = [1, 2, 3, 'never'] as const

/** The same profile, at least as strict in every respect. */
export function strengthened(profile: EffectiveProfile): fc.Arbitrary<EffectiveProfile> {
  const from = <T>(scale: readonly T[], value: T) => fc.constantFrom(...scale.slice(scale.indexOf(value)))
  const anchors = profile.anchors.issuers ? [profile.anchors] : [profile.anchors, {...profile.anchors, issuers: [CA]}]
  return fc.record({
    name: fc.constant(profile.name),
    rule: fc.constant(null),
    comment: fc.constant(null),
    ca: fc.constant(profile.ca),
    trust: fc.constant(profile.trust),
    onFailure: fc.constant(profile.onFailure),
    level: from(LEVELS, profile.level),
    // Alternatives can only be taken away; none left would mean `mx` again, which may be more than was there.
    subject: profile.subject.length === 0 ? fc.constant(profile.subject) : fc.subarray(profile.subject, {minLength: 1}),
    minTls: from(['1.2', '1.3'] as const, profile.minTls),
    minStrength: from([112, 128, 256], profile.minStrength),
    fallbackAfter: from(FALLBACKS, profile.fallbackAfter as (typeof FALLBACKS)[number]),
    dane: from(STANDARDS, profile.dane),
    mtaSts: from(STANDARDS, profile.mtaSts),
    anchors: fc.constantFrom(...anchors),
  })
}
