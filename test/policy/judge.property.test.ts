import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {AttemptEvidence, Outcome} from '../../src/policy/evidence.ts'
import {FINDINGS} from '../../src/policy/findings.ts'
import {judgeAttempt, judgePath} from '../../src/policy/judge.ts'
import type {EffectiveProfile} from '../../src/policy/profile.ts'
import {certificate, FAILED, pathOf, untrusted} from '../support/evidence.ts'
import {anyAttempt, anyProfile, strengthened} from './arbitrary.ts'

const judge = (seen: AttemptEvidence, profile: EffectiveProfile) => judgeAttempt(seen, pathOf([seen]), profile)

function holds(property: (seen: AttemptEvidence, profile: EffectiveProfile) => void, runs = 500) {
  fc.assert(fc.property(anyAttempt, anyProfile, property), {numRuns: runs})
}

const ORDER: readonly Outcome[] = ['clear', 'tls', 'verified', 'refused', 'unreachable']

describe('the judge', () => {
  test('never turns refused into clear when the profile is strengthened', () => {
    const pair = anyProfile.chain((profile) => strengthened(profile).map((strict) => ({profile, strict})))
    fc.assert(
      fc.property(anyAttempt, pair, (seen, {profile, strict}) => {
        const before = judge(seen, profile).outcome
        if (before !== 'clear' && before !== 'unreachable') expect(judge(seen, strict).outcome).not.toBe('clear')
      }),
      {numRuns: 1500},
    )
  })

  // Turning DANE on is left out: usable TLSA records take the place of MTA-STS, and may be met where the latter is not.
  test('never refuses less when the profile is strengthened at a level that wants TLS', () => {
    const pair = anyProfile.chain((profile) => strengthened(profile).map((strict) => ({profile, strict})))
    fc.assert(
      fc.property(anyAttempt, pair, (seen, {profile, strict}) => {
        fc.pre(profile.level !== 'none' && strict.dane === profile.dane)
        const before = judge(seen, profile).outcome
        if (before === 'refused') expect(judge(seen, strict).outcome).toBe('refused')
      }),
      {numRuns: 1500},
    )
  })

  test('never says clear or tls at secure', () => {
    holds((seen, profile) => {
      expect(['verified', 'refused', 'unreachable']).toContain(judge(seen, {...profile, level: 'secure'}).outcome)
    })
  })

  test('never says clear at encrypt', () => {
    holds((seen, profile) => {
      expect(judge(seen, {...profile, level: 'encrypt'}).outcome).not.toBe('clear')
    })
  })

  test('never says clear of a message that asks for REQUIRETLS', () => {
    holds((seen, profile) => {
      const {outcome} = judge({...seen, requireTls: true}, profile)
      expect(['verified', 'refused', 'unreachable']).toContain(outcome)
    })
  })

  test('does not look at the action at none and preferred', () => {
    holds((seen, profile) => {
      fc.pre(profile.level === 'none' || profile.level === 'preferred')
      const verdict = (onFailure: 'tempfail' | 'fail') => judgePath(pathOf([seen]), () => ({...profile, onFailure}))
      expect(verdict('fail')).toEqual(verdict('tempfail'))
    })
  })

  test('lets the action decide the class of the status and nothing else', () => {
    holds((seen, profile) => {
      const [soft, hard] = (['tempfail', 'fail'] as const).map((onFailure) => judge(seen, {...profile, onFailure}))
      expect({...hard, status: hard?.status?.slice(1)}).toEqual({...soft, status: soft?.status?.slice(1)})
    })
  })

  test('gives the same verdict twice and changes nothing', () => {
    holds((seen, profile) => {
      const before = structuredClone({seen, profile})
      expect(judge(seen, profile)).toEqual(judge(seen, profile))
      expect({seen, profile}).toEqual(before)
    })
  })

  test('calls an unreachable address unreachable under every profile', () => {
    holds((seen, profile) => {
      const reach = {status: 'unreachable', stage: 'greeting', reason: 'silence', reply: null} as const
      expect(judge({...seen, reach}, profile).outcome).toBe('unreachable')
      expect(judgePath(pathOf([{...seen, reach}]), () => profile).fate).toBe('deferred')
    })
  })

  const SPOIL: Record<string, (seen: AttemptEvidence) => AttemptEvidence> = {
    'a failed handshake': (seen) => ({...seen, handshake: FAILED}),
    'an untrusted chain': (seen) => ({...seen, handshake: untrusted('CERT_REVOKED')}),
    'another name': (seen) => change(seen, {presented: [certificate({dnsNames: ['mx.attacker.net']})]}),
    'TLS 1.1': (seen) => change(seen, {version: 'TLSv1.1'}),
    'no verification': (seen) => change(seen, {verification: {}}),
    'no certificate': (seen) => change(seen, {presented: []}),
    'injected plaintext': (seen) => ({...seen, starttls: {...seen.starttls, injected: true}}),
    'STARTTLS taken away': (seen) => ({...seen, mode: 'starttls', starttls: {...seen.starttls, advertised: false}}),
  }

  test.each(Object.entries(SPOIL))('refuses at secure after %s', (name, spoil) => {
    holds((seen, profile) => {
      // `any` asks for no name, and contains: or exact: may be met by another one.
      const subject = name === 'another name' ? [{kind: 'mx' as const}] : profile.subject
      fc.pre(name !== 'another name' || seen.handshake?.status === 'completed')
      fc.pre(seen.reach.status === 'reached')
      if (seen.handshake?.status !== 'completed' && /chain|TLS 1.1|verification|certificate/.test(name)) return
      expect(judge(spoil(seen), {...profile, level: 'secure', subject}).outcome).toBe('refused')
    }, 200)
  })

  test('gives every refusal an error, a known code, a sentence that names the host, and a status', () => {
    holds((seen, profile) => {
      const {outcome, findings, status} = judge(seen, profile)
      expect(outcome === 'refused' || outcome === 'unreachable').toBe(status !== null)
      if (outcome === 'refused' && !(seen.mode === 'implicit' && profile.level === 'none')) {
        expect(findings.some((item) => item.severity === 'error')).toBe(true)
      }
      if (outcome !== 'refused') expect(findings.filter((item) => item.severity === 'error')).toEqual([])
      expect(new Set(findings.map((item) => item.code)).size).toBe(findings.length)
      for (const item of findings) {
        expect(Object.keys(FINDINGS)).toContain(item.code)
        if (item.code !== 'sts-policy-fetch-error') expect(item.message).toContain('mx1.example.mil')
        expect(item.hint).not.toBe('')
        expect(item.section).toMatch(/^RFC \d+ §/)
      }
    })
  })

  test('says verified only of a completed handshake that nobody spoiled', () => {
    holds((seen, profile) => {
      if (judge(seen, profile).outcome !== 'verified') return
      expect(seen.handshake?.status).toBe('completed')
      expect(seen.starttls.injected || seen.fallback).toBe(false)
    })
  })

  test('never gets a better outcome from a path that another attempt is added to, and never bounces what it delivered', () => {
    fc.assert(
      fc.property(anyAttempt, anyAttempt, anyProfile, (first, second, profile) => {
        const later = {...second, address: '127.0.0.9', fallback: false}
        const alone = judgePath(pathOf([first]), () => profile)
        const both = judgePath(pathOf([first, later]), () => profile)
        expect(both.attempts[0]).toEqual(alone.attempts[0])
        if (alone.fate === 'delivered') expect(both.fate).toBe('delivered')
        if (both.fate === 'bounced') expect(alone.fate).toBe('bounced')
        expect(both.fate === 'delivered').toBe(both.attempts.some(({outcome}) => ORDER.indexOf(outcome) < 3))
      }),
      {numRuns: 800},
    )
  })
})

function change(seen: AttemptEvidence, by: Record<string, unknown>): AttemptEvidence {
  return seen.handshake?.status === 'completed' ? {...seen, handshake: {...seen.handshake, ...by}} : seen
}
