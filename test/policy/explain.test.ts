import {describe, expect, test} from 'vitest'
import {BUILTIN_PROFILES} from '../../src/policy/builtin.ts'
import {explainPolicy, predictOutcomes} from '../../src/policy/explain.ts'
import {LEVELS, type Level, type Profile} from '../../src/policy/profile.ts'
import {goldenRows} from '../golden/render-outcomes.ts'
import {rule} from '../support/rule.ts'

const profiles = new Map<string, Profile>(Object.entries(BUILTIN_PROFILES))
const input = {direction: 'delivery', recipient: 'user@example.mil', sender: 'me@example.org'} as const

// The finding of an explanation, and the situation of the law that it is.
const SITUATION: Record<string, string> = {
  none: 'good',
  'starttls-not-supported': 'starttls-not-supported',
  'starttls-refused': 'starttls-answered-4xx, failure 1 of 1',
  'validation-failure': 'handshake-fails, failure 1 of 1',
  'certificate-not-trusted': 'unknown-issuer',
  'certificate-expired': 'certificate-expired',
  'certificate-revoked': 'certificate-revoked',
  'certificate-issuer-mismatch': 'issuer-not-of-profile',
  'certificate-host-mismatch': 'certificate-host-mismatch',
  'tls-version-too-low': 'version-below-minimum',
  'cipher-too-weak': 'cipher-below-minimum',
  'plaintext-injected': 'plaintext-injected, failure 1 of 1',
}

describe('an explanation', () => {
  test.each(LEVELS.flatMap((level) => (['tempfail', 'fail'] as const).map((action) => [level, action] as const)))(
    'predicts the rows of the law at %s with %s',
    (level, onFailure) => {
      const profile: Profile = {...BUILTIN_PROFILES[level], onFailure, ca: ['partner'], minTls: '1.3'}
      const predicted = predictOutcomes(profile, 'example.mil').filter(({finding}) => finding !== 'host-unreachable')
      const told = predicted.map(({finding, outcome, fate, status}) => [finding, outcome, fate, status ?? '-'])
      const law = Object.entries(SITUATION).map(([finding, situation]) => {
        const row = goldenRows().find((r) => r.situation === situation && r.level === level && r.action === onFailure)
        return [finding, row?.outcome, row?.fate, row?.status]
      })
      expect(told.sort()).toEqual(law.sort())
    },
  )

  test('says that an unreachable host waits at every level', () => {
    for (const level of LEVELS) {
      const rows = predictOutcomes({...BUILTIN_PROFILES[level], onFailure: 'fail'}, 'example.mil')
      expect(rows.find(({finding}) => finding === 'host-unreachable')).toMatchObject({
        outcome: 'unreachable',
        fate: 'deferred',
      })
    }
  })

  test('tells the first failure from the one that leads to clear text', () => {
    const rows = predictOutcomes({...BUILTIN_PROFILES.preferred, fallbackAfter: 3}, 'example.mil')
    const told = rows
      .filter(({finding}) => finding === 'validation-failure')
      .map((row) => [row.failures, row.outcome, row.fate])
    expect(told).toEqual([
      [1, 'refused', 'deferred'],
      [3, 'clear', 'delivered'],
    ])
  })

  test('leaves out what cannot happen under the profile', () => {
    const findings = (change: Partial<Profile>) =>
      predictOutcomes({...BUILTIN_PROFILES.secure, ...change}, 'example.mil').map(({finding}) => finding)
    expect(findings({})).not.toContain('certificate-issuer-mismatch')
    expect(findings({})).not.toContain('tls-version-too-low')
    expect(findings({subject: [{kind: 'any'}]})).not.toContain('certificate-host-mismatch')
  })

  test.each([
    {kind: 'mx'},
    {kind: 'domain'},
    {kind: 'any'},
    {kind: 'contains', value: 'example'},
    {kind: 'exact', value: 'mx1.example.mil'},
    {kind: 'exact', value: '192.0.2.9'},
    {kind: 'wildcard', value: 'mx?.*.example.mil'},
  ] as const)('knows a certificate that passes %j', (check) => {
    const rows = predictOutcomes({...BUILTIN_PROFILES.secure, subject: [check]}, 'example.mil')
    expect(rows.find(({finding}) => finding === 'none')?.outcome).toBe('verified')
    const mismatch = rows.find(({finding}) => finding === 'certificate-host-mismatch')?.outcome
    expect(mismatch).toBe(check.kind === 'any' ? undefined : 'refused')
  })

  test('says that a mandatory standard refuses even a good host while it is not looked up', () => {
    const rows = predictOutcomes({...BUILTIN_PROFILES.secure, dane: 'mandatory'}, 'example.mil')
    expect(rows.find(({finding}) => finding === 'none')).toMatchObject({outcome: 'refused', fate: 'deferred'})
  })

  test('carries trace, rule, profile and what is weak in it', () => {
    const rules = [
      rule('a', {recipients: ['other.example']}),
      rule('b', {mode: 'rehearse'}),
      rule('c', {profile: 'encrypt'}),
    ]
    const told = explainPolicy(rules, profiles, input)
    expect(told.trace.map(({result}) => result)).toEqual(['not-matched', 'rehearsed', 'matched'])
    expect([told.rule?.id, told.profile?.name, told.rehearsed.map(({id}) => id)]).toEqual(['c', 'encrypt', ['b']])
    expect(explainPolicy([rule('a')], profiles, input).notes.map(({code}) => code)).toEqual(['mx-name-unauthenticated'])
  })

  test('falls back on the built-in profile preferred', () => {
    const told = explainPolicy([], profiles, input)
    expect([told.rule, told.profile?.level]).toEqual([null, 'preferred' satisfies Level])
  })

  test('predicts no delivery for a receiving client', () => {
    const told = explainPolicy([rule('a', {direction: 'receiving'})], profiles, {
      direction: 'receiving',
      client: '192.0.2.1',
    })
    expect([told.rule?.id, told.predicted]).toEqual(['a', []])
  })

  test('refuses a rule without its profile: it never means no policy', () => {
    expect(() => explainPolicy([rule('a', {profile: 'gone'})], profiles, input)).toThrow(
      expect.objectContaining({code: 'profile-missing', exit: 78}),
    )
  })
})
