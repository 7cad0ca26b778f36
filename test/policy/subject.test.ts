import {describe, expect, test} from 'vitest'
import {evaluateSubject, formatSubjectCheck, parseSubjectCheck} from '../../src/policy/subject.ts'

const names = {host: 'mx1.example.mil', domain: 'example.mil'}
const meets = (check: string, dnsNames: string[], ipAddresses: string[] = [], under = names) =>
  evaluateSubject([parseSubjectCheck(check)], {dnsNames, ipAddresses}, under).matchedBy.length > 0

describe('a subject check', () => {
  test.each([
    'mx',
    'domain',
    'any',
    'contains:example.mil',
    'exact:mx1.example.mil',
    'exact:192.0.2.1',
    'wildcard:*.example.mil',
    'wildcard:mx?-*.example.mil',
  ])('%s is written as it was read', (text) => {
    expect(formatSubjectCheck(parseSubjectCheck(text))).toBe(text)
  })

  test.each([
    '',
    'MX',
    'contains:',
    'exact:',
    'exact:*.example.mil',
    'exact:a b',
    'wildcard:',
    'wildcard:example.mil',
    'wildcard:*',
    'wildcard:a***b*c.example.mil',
    'regex:x',
    ':x',
    'mx:',
  ])('is refused: "%s"', (text) => {
    expect(() => parseSubjectCheck(text)).toThrow(expect.objectContaining({code: 'subject-check-invalid', exit: 64}))
  })

  test.each<[string, string[], boolean]>([
    ['mx', ['mx1.example.mil'], true],
    ['mx', ['MX1.Example.MIL'], true],
    ['mx', ['*.example.mil'], true],
    ['mx', ['example.mil'], false],
    ['mx', ['mx*.example.mil'], false],
    ['domain', ['example.mil'], true],
    ['domain', ['*.example.mil'], false],
    ['exact:mx1.example.mil', ['other.example.mil', 'mx1.example.mil'], true],
    ['exact:mx2.example.mil', ['mx1.example.mil'], false],
    ['exact:xn--bcher-kva.example', ['xn--bcher-kva.example'], true],
    ['contains:Example.mil', ['mx1.EXAMPLE.mil'], true],
    ['contains:example.mil', ['example.mil.attacker.net'], true],
    ['contains:example.mil', ['mx1.example.org'], false],
    ['wildcard:*.example.mil', ['mx1.example.mil'], true],
    ['wildcard:*.example.mil', ['*.example.mil'], true],
    ['wildcard:*.example.mil', ['a.b.example.mil'], false],
    ['wildcard:*.example.mil', ['example.mil'], false],
    ['wildcard:*.example.mil', ['example.mil.attacker.net'], false],
    ['wildcard:mx*.example.mil', ['mx12.example.mil'], true],
    ['wildcard:mx*.example.mil', ['*.example.mil'], false],
    ['wildcard:mx*.example.mil', ['mx*.example.mil'], false],
    ['wildcard:*.example.mil', ['mx*.example.mil'], false],
    ['wildcard:mx?.example.mil', ['mx12.example.mil'], false],
    ['any', ['mx.attacker.net'], true],
    ['mx', [], false],
  ])('%s against %j: %s', (check, presented, met) => {
    expect(meets(check, presented)).toBe(met)
  })

  test('compares an address literal with iPAddress entries only', () => {
    const literal = {host: '[192.0.2.1]', domain: '[192.0.2.1]'}
    expect(meets('mx', [], ['192.0.2.1'], literal)).toBe(true)
    expect(meets('mx', ['192.0.2.1'], [], literal)).toBe(false)
    expect(meets('mx', [], ['2001:DB8:0:0:0:0:0:1'], {...literal, host: '[IPv6:2001:db8::1]'})).toBe(true)
    expect(meets('exact:192.0.2.1', [], ['192.0.2.2'])).toBe(false)
  })

  test('stands for mx where a profile names none', () => {
    const match = evaluateSubject([], {dnsNames: ['mx1.example.mil'], ipAddresses: []}, names)
    expect(match).toEqual({matchedBy: [{kind: 'mx'}], reference: ['mx1.example.mil'], presented: ['mx1.example.mil']})
  })

  test('is one of several alternatives', () => {
    const checks = ['domain', 'exact:mx9.example.org', 'mx'].map(parseSubjectCheck)
    const match = evaluateSubject(checks, {dnsNames: ['mx1.example.mil'], ipAddresses: []}, names)
    expect(match.matchedBy).toEqual([{kind: 'mx'}])
    expect(match.reference).toEqual(['example.mil', 'exact:mx9.example.org', 'mx1.example.mil'])
  })

  test('is met by nobody without a certificate', () => {
    expect(evaluateSubject([{kind: 'mx'}], null, names).matchedBy).toEqual([])
  })
})
