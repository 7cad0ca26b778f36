import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {addressForm} from '../../src/policy/address-form.ts'
import {parsePattern, patternCovers, patternMatches} from '../../src/policy/pattern.ts'

const matches = (pattern: string, address: string | null) =>
  patternMatches(parsePattern(pattern), address === null ? null : addressForm(address))

describe('an address pattern', () => {
  test.each<[string, string | null, boolean]>([
    ['user@example.mil', 'user@example.mil', true],
    ['user@example.mil', 'USER@Example.MIL', true],
    ['User@example.mil', 'user@example.mil.', true],
    ['user@example.mil', 'other@example.mil', false],
    ['user@example.mil', 'user@mx.example.mil', false],
    ['*@example.mil', 'anybody@example.mil', true],
    ['*@example.mil', '"a@b"@example.mil', true],
    ['example.mil', 'anybody@example.mil', true],
    ['example.mil', 'anybody@sub.example.mil', false],
    ['example.mil', 'anybody@example.mil.attacker.net', false],
    ['example.mil', 'example.mil', true],
    ['.example.mil', 'a@sub.example.mil', true],
    ['.example.mil', 'a@deep.sub.example.mil', true],
    ['.example.mil', 'a@example.mil', false],
    ['.example.mil', 'a@badexample.mil', false],
    ['*.example.mil', 'a@deep.sub.example.mil', true],
    ['*.example.mil', 'a@example.mil', false],
    ['sales-*@example.mil', 'sales-eu@example.mil', true],
    ['sales-*@example.mil', 'sales-eu@x@example.mil', true],
    ['sales*example.mil', 'sales@example.mil', false],
    ['us?r@example.mil', 'user@example.mil', true],
    ['us?r@example.mil', 'usr@example.mil', false],
    ['*@*', 'a@b.example', true],
    ['*@*', null, false],
    ['*', 'a@b.example', true],
    ['*', null, true],
    ['<>', null, true],
    ['<>', 'a@b.example', false],
    ['bücher.example', 'a@xn--bcher-kva.example', true],
    ['xn--bcher-kva.example', 'a@BÜCHER.example', true],
    ['*.bücher.example', 'a@mx.xn--bcher-kva.example', true],
    ['.bücher.example', 'a@mx.bücher.example', true],
    ['user@[192.0.2.1]', 'user@[192.0.2.1]', true],
    ['[IPv6:2001:db8::1]', 'user@[IPv6:2001:db8::1]', true],
    ['/^(a|b)@example\\.mil$/', 'B@EXAMPLE.mil', true],
    ['/@example\\.mil$/', 'a@example.mil.attacker.net', false],
    ['/@bücher\\.example$/', 'a@xn--bcher-kva.example', true],
    ['/./', null, false],
  ])('%s against %s: %s', (pattern, address, met) => {
    expect(matches(pattern, address)).toBe(met)
  })

  test('with a wildcard that would cross the @ takes the whole text for a domain', () => {
    expect(matches('sales*example.mil', 'x@sales.example.mil')).toBe(true)
  })

  test.each([
    '',
    '@',
    'user@',
    '@example.mil',
    'us er@example.mil',
    'a@b c',
    '<a@b>',
    '.',
    '..example.mil',
    'x@.example.mil',
    'a@-bad.example',
    '*ü.example',
    '/(/',
    '/(a)\\1/',
    '/((a{100}){100}){100}/',
    'x'.repeat(1001),
  ])('is refused: "%s"', (text) => {
    expect(() => parsePattern(text)).toThrow(expect.objectContaining({code: 'pattern-invalid', exit: 64}))
  })

  test('that would backtrack for ever elsewhere is done after one pass', () => {
    expect(matches('/^(a+)+$/', `${'a'.repeat(50_000)}@x.example`)).toBe(false)
    expect(matches(`${'*a'.repeat(300)}b@example.mil`, `${'a'.repeat(5000)}@example.mil`)).toBe(false)
  })
})

const label = fc.constantFrom('a', 'b', 'ab')
const domain = fc.array(label, {minLength: 1, maxLength: 3}).map((labels) => labels.join('.'))
const address = fc.oneof(
  {weight: 9, arbitrary: fc.tuple(label, domain).map(([local, host]) => `${local}@${host}`)},
  {weight: 1, arbitrary: fc.constant(null)},
)
const glob = fc
  .array(fc.constantFrom('a', 'b', '*', '?', 'ab'), {minLength: 1, maxLength: 3})
  .map((parts) => parts.join(''))
const domainGlob = fc.array(glob, {minLength: 1, maxLength: 3}).map((labels) => labels.join('.'))
const pattern = fc.oneof(
  fc.tuple(glob, domainGlob).map(([local, host]) => `${local}@${host}`),
  domainGlob,
  domain,
  domain.map((host) => `.${host}`),
  address.filter((text) => text !== null),
  fc.constantFrom('*', '*@*', '<>', '/a/', '/^ab?@/', '/b$/'),
)

describe('a pattern that covers another', () => {
  test('matches everything that the other matches', () => {
    fc.assert(
      fc.property(pattern, pattern, address, (outer, inner, text) => {
        fc.pre(patternCovers(parsePattern(outer), parsePattern(inner)))
        if (matches(inner, text)) expect(matches(outer, text)).toBe(true)
      }),
      {numRuns: 3000},
    )
  })

  test.each<[string, string, boolean]>([
    ['example.mil', 'user@example.mil', true],
    ['*@example.mil', 'example.mil', true],
    ['example.mil', '*@example.mil', true],
    ['.example.mil', '*.example.mil', true],
    ['*.example.mil', '.example.mil', true],
    ['.mil', '.example.mil', true],
    ['.mil', 'example.mil', true],
    ['.example.mil', 'example.mil', false],
    ['example.mil', '.example.mil', false],
    ['user@example.mil', 'example.mil', false],
    ['*', '/x/', true],
    ['*', '<>', true],
    ['*@*', '<>', false],
    ['/x/', '/x/', true],
    ['/x/', 'x@example.mil', false],
    ['s*@example.mil', 'sales@example.mil', true],
  ])('%s covers %s: %s', (outer, inner, covered) => {
    expect(patternCovers(parsePattern(outer), parsePattern(inner))).toBe(covered)
  })
})
