import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {BUILTIN_PROFILES} from '../../src/policy/builtin.ts'
import {lintProfile, lintRules} from '../../src/policy/lint.ts'
import {spoofOf} from '../../src/policy/lint-profile.ts'
import {matchRules} from '../../src/policy/match.ts'
import {LEVELS, type Profile, type Rule} from '../../src/policy/profile.ts'
import {evaluateSubject, parseSubjectCheck} from '../../src/policy/subject.ts'
import {rule} from '../support/rule.ts'

const profiles = new Map<string, Profile>(Object.entries(BUILTIN_PROFILES))
const ruleCodes = (...rules: Rule[]) => lintRules(rules, profiles).map((item) => item.code)
const profileCodes = (change: Partial<Profile>) =>
  lintProfile({...BUILTIN_PROFILES.encrypt, ...change}).map((item) => item.code)

describe('lint of rules', () => {
  test.each<[string, Partial<Rule>, Partial<Rule>, boolean]>([
    ['everything before anything', {}, {recipients: ['example.mil']}, true],
    ['the same twice', {recipients: ['example.mil']}, {recipients: ['*@example.mil']}, true],
    ['a domain before its user', {recipients: ['example.mil']}, {recipients: ['user@example.mil']}, true],
    ['a user before his domain', {recipients: ['user@example.mil']}, {recipients: ['example.mil']}, false],
    ['a narrower sender', {recipients: ['example.mil'], senders: ['a.example']}, {recipients: ['example.mil']}, false],
    ['a wider network', {destinations: ['10.0.0.0/8']}, {destinations: ['10.1.0.0/16', '::ffff:10.2.0.0/112']}, true],
    ['a narrower network', {destinations: ['10.1.0.0/16']}, {destinations: ['10.0.0.0/8']}, false],
    ['the other direction', {direction: 'receiving', profile: 'none'}, {}, false],
    ['a rehearsing rule', {mode: 'rehearse'}, {}, false],
    ['an enforcing rule before a rehearsing one', {}, {mode: 'rehearse'}, true],
  ])('%s: %#', (_, first, second, hidden) => {
    const found = lintRules([rule('a', first), rule('b', second)], profiles).filter(
      (item) => item.code === 'rule-unreachable',
    )
    expect(found.map((item) => item.message)).toEqual(
      hidden ? ['rule b is never reached: rule a before it matches everything that it matches'] : [],
    )
  })

  test('never calls a rule unreachable that something reaches', () => {
    const list = fc.subarray(['example.mil', '.example.mil', 'user@example.mil', '*', '/user/'], {maxLength: 2})
    const nets = fc.subarray(['127.0.0.0/8', '127.0.0.2', '10.0.0.0/8'], {maxLength: 2})
    const anyRule = fc.record({
      recipients: list,
      senders: list,
      destinations: nets,
      mode: fc.constantFrom<Rule['mode']>('enforce', 'rehearse'),
    })
    const input = fc.record({
      direction: fc.constant('delivery' as const),
      recipient: fc.constantFrom('user@example.mil', 'a@example.mil', 'user@x.example.mil', 'z@example.org'),
      sender: fc.constantFrom('', 'user@example.mil', 'z@example.org'),
      address: fc.constantFrom(undefined, '127.0.0.2', '127.0.0.3', '10.0.0.1', '192.0.2.1'),
    })
    fc.assert(
      fc.property(fc.array(anyRule, {minLength: 2, maxLength: 4}), input, (changes, seen) => {
        const rules = changes.map((change, i) => rule(`r${i}`, change))
        const hidden = lintRules(rules, profiles).filter((item) => item.code === 'rule-unreachable')
        const match = matchRules(rules, seen)
        const reached = [match.rule, ...match.rehearsed].flatMap((found) => (found ? [found.id] : []))
        for (const id of reached) expect(hidden.some((item) => item.message.startsWith(`rule ${id} is`))).toBe(false)
      }),
      {numRuns: 1500},
    )
  })

  test.each<[string, Partial<Rule>, boolean]>([
    ['of everybody', {}, true],
    ['of every IPv4 client, spelt out', {clients: ['0.0.0.0/0'], senders: ['*']}, true],
    ['of known clients', {clients: ['192.0.2.0/24']}, false],
    ['of known senders', {senders: ['example.mil']}, false],
    ['of nobody', {profile: 'preferred'}, false],
  ])('TLS required %s: %#', (_, change, warned) => {
    const found = ruleCodes(rule('a', {direction: 'receiving', profile: 'encrypt', ...change}))
    expect(found.includes('receiving-requires-tls')).toBe(warned)
  })

  test('names the profile that is not there', () => {
    expect(ruleCodes(rule('a', {profile: 'gone'}))).toEqual(['rule-profile-missing'])
  })

  test('warns of a regular expression without an end', () => {
    expect(ruleCodes(rule('a', {recipients: ['/@example\\.mil/']}))).toEqual(['regex-unanchored'])
    expect(ruleCodes(rule('a', {recipients: ['/@example\\.mil$/', '/@(a|b$)/']}))).toEqual([])
  })

  test('has nothing to say of sound rules', () => {
    expect(ruleCodes(rule('a', {recipients: ['example.mil']}), rule('b', {recipients: ['example.org']}))).toEqual([])
  })
})

describe('lint of a profile', () => {
  test.each<[string, Partial<Profile>, string[]]>([
    ['sound at encrypt', {}, []],
    ['fewer than 112 bits', {minStrength: 111}, ['min-strength-too-low']],
    ['112 bits', {minStrength: 112}, []],
    ['no number of bits', {minStrength: Number.NaN}, ['min-strength-too-low']],
    ['more than 256 bits', {minStrength: 257}, ['min-strength-unattainable']],
    ['TLS 1.1', {minTls: '1.1' as never}, ['min-tls-too-low']],
    ['a substring', {subject: [{kind: 'contains', value: 'example.mil'}]}, ['subject-contains']],
    ['any name at secure', {level: 'secure', subject: [{kind: 'any'}]}, ['subject-any']],
    ['any name at encrypt', {subject: [{kind: 'any'}]}, []],
    ['the MX name at secure', {level: 'secure'}, ['mx-name-unauthenticated']],
    ['no name at secure, which is the MX name', {level: 'secure', subject: []}, ['mx-name-unauthenticated']],
    ['the domain at secure', {level: 'secure', subject: [{kind: 'domain'}]}, []],
    ['a wildcard over a top-level domain', {subject: [{kind: 'wildcard', value: '*.mil'}]}, ['subject-wildcard-wide']],
    ['a wildcard below a domain', {subject: [{kind: 'wildcard', value: '*.example.mil'}]}, []],
    ['imported CAs, none named', {trust: 'imported'}, ['no-trust-anchor']],
    ['imported CAs, one named', {trust: 'imported', ca: ['partner']}, []],
    ['DANE mandatory', {dane: 'mandatory'}, ['mandatory-not-looked-up']],
    ['MTA-STS mandatory', {mtaSts: 'mandatory'}, ['mandatory-not-looked-up']],
    ['mandatory without TLS', {level: 'none', dane: 'mandatory'}, ['mandatory-without-tls']],
  ])('%s', (_, change, codes) => {
    expect(profileCodes(change)).toEqual(codes)
  })

  test('names a spoof that the substring check really lets pass', () => {
    for (const text of ['example.mil', '.example.mil', 'mil.', 'mx']) {
      const spoof = spoofOf(text)
      const leaf = {dnsNames: [spoof], ipAddresses: []}
      const match = evaluateSubject([parseSubjectCheck(`contains:${text}`)], leaf, {
        host: 'h.example',
        domain: 'd.example',
      })
      expect(match.matchedBy).toHaveLength(1)
      expect(spoof).toMatch(/(^|\.)attacker\.net$/)
    }
    const [item] = lintProfile({...BUILTIN_PROFILES.encrypt, subject: [{kind: 'contains', value: 'example.mil'}]})
    expect(item?.message).toContain('example.mil.attacker.net')
  })

  test('finds no error in the built-in profiles', () => {
    for (const level of LEVELS)
      expect(lintProfile(BUILTIN_PROFILES[level]).filter((item) => item.severity !== 'info')).toEqual([])
  })
})
