import {describe, expect, test} from 'vitest'
import {addressResult} from '../../src/app/probe-address.ts'
import {settle} from '../../src/app/probe-verdict.ts'
import type {AttemptEvidence} from '../../src/policy/evidence.ts'
import {judgePath} from '../../src/policy/judge.ts'
import type {Level} from '../../src/policy/profile.ts'
import {columns, hanging, wrap} from '../../src/report/layout.ts'
import {PLAIN} from '../../src/report/paint.ts'
import type {ProbeResult} from '../../src/report/probe-schema.ts'
import {probeText} from '../../src/report/probe-text.ts'
import {attempt, failedAttempt, pathOf, profileAt, unreachable, untrusted} from '../support/evidence.ts'

/** A result as the probe makes it, of evidence that nobody had to dial for. */
function resultOf(level: Level, attempts: AttemptEvidence[], options = {any: false, timedOut: false}): ProbeResult {
  const profile = profileAt(level)
  const path = pathOf(attempts)
  const verdict = judgePath(path, () => profile)
  const looks = attempts.map((one) => ({host: one.host, result: addressResult(one, path, profile, null)}))
  const addresses = looks.map(({result}) => result)
  return {
    target: 'example.mil',
    unicode: null,
    ...settle(path, verdict, addresses, options),
    profile: {name: profile.name, level: profile.level, rule: null},
    fate: verdict.fate,
    status: verdict.status,
    timedOut: options.timedOut,
    route: {source: 'mx', status: 'insecure', nullMx: false, failure: null},
    ...{mtaSts: {}, dane: {}, tlsRpt: {}, findings: verdict.findings, elapsed: 1},
    hosts: path.route.hosts.map(({name, preference}) => ({
      ...{name, preference, failure: null, unicode: null, learned: `MX ${preference} of example.mil, not signed`},
      addresses: looks.filter(({host}) => host === name).map(({result}) => result),
    })),
  }
}

const second = {address: '127.0.0.3'}
const noRoute = unreachable({
  ...{...second, address: '2001:db8::1'},
  reach: {status: 'unreachable', stage: 'connect', reason: 'connect ENETUNREACH 2001:db8::1:25', reply: null},
})

describe('a verdict', () => {
  test.each<[string, Level, AttemptEvidence[], string, number, string]>([
    ['good', 'secure', [attempt()], 'pass', 0, 'verified'],
    ['good, and none asked for', 'none', [attempt()], 'pass', 0, 'verified'],
    ['untrusted', 'secure', [attempt({handshake: untrusted('CERT_REVOKED')})], 'fail', 1, 'refused'],
    [
      'untrusted, and encrypt asks no more',
      'encrypt',
      [attempt({handshake: untrusted('CERT_REVOKED')})],
      'pass',
      0,
      'refused',
    ],
    ['unreachable', 'secure', [unreachable()], 'undetermined', 75, 'unreachable'],
    ['good and unreachable', 'secure', [attempt(), unreachable(second)], 'undetermined', 75, 'unreachable'],
    ['refused and unreachable', 'secure', [failedAttempt(), unreachable(second)], 'fail', 1, 'refused'],
    ['good, and no IPv6 here', 'secure', [attempt(), noRoute], 'pass', 0, 'verified'],
    ['nothing but IPv6, and no IPv6 here', 'secure', [noRoute], 'undetermined', 75, 'unreachable'],
  ])('of %s at %s', (_what, level, attempts, verdict, exit, secure) => {
    expect(resultOf(level, attempts)).toMatchObject({verdict, exit, levels: {secure}})
  })

  test('is open when the time ran out, whatever was seen', () => {
    const late = {any: false, timedOut: true}
    expect(resultOf('secure', [failedAttempt()], late)).toMatchObject({verdict: 'undetermined', exit: 75})
  })

  test('with --any follows the best address, and is open where the good one may still come', () => {
    const any = {any: true, timedOut: false}
    expect(resultOf('secure', [failedAttempt(), attempt(second)], any)).toMatchObject({verdict: 'pass'})
    expect(resultOf('secure', [failedAttempt(), unreachable(second)], any)).toMatchObject({verdict: 'undetermined'})
  })

  test('tells what the relay would do beside what one can rely on', () => {
    const {levels, delivery} = resultOf('secure', [failedAttempt(), attempt(second)])
    expect(levels.secure).toBe('refused')
    expect(delivery).toEqual({none: 'clear', preferred: 'clear', encrypt: 'tls', secure: 'verified'})
  })
})

describe('the text', () => {
  test('begins with the verdict and what becomes of mail', () => {
    const refused = attempt({handshake: untrusted('CERT_REVOKED')})
    const lines = probeText([resultOf('secure', [refused])], PLAIN, 80).split('\n')
    expect(lines.slice(0, 3)).toEqual([
      'FAIL  example.mil',
      '  mail waits in the queue (4.7.5)',
      '  profile secure; hosts from MX, not signed',
    ])
    expect(lines).toContain('  error  certificate-revoked  RFC 5280 §6.3')
  })

  test('counts the verdicts below several targets', () => {
    const results = [resultOf('secure', [attempt()]), resultOf('secure', [failedAttempt()])]
    expect(probeText(results, PLAIN, 80)).toMatch(/\n2 targets: 1 passed, 1 failed$/)
  })

  test('lets nothing of a peer write to the terminal', () => {
    const nasty = '\x1b]0;owned\x07\n\x1b[2J'
    const hostile = [
      attempt({handshake: untrusted('CERT_REVOKED', {explanation: {summary: nasty, missing: [], anchor: nasty}})}),
      unreachable({reach: {status: 'unreachable', stage: 'greeting', reason: nasty, reply: nasty}}),
      attempt({starttls: {advertised: true, accepted: false, reply: nasty, injected: false}, handshake: null}),
    ]
    expect(probeText([resultOf('secure', hostile)], PLAIN, 80)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/)
  })

  test('paints by meaning', () => {
    const mark = (name: string) => (text: string) => `<${name}>${text}</${name}>`
    const paint = {
      good: mark('good'),
      bad: mark('bad'),
      warning: mark('warning'),
      strong: mark('strong'),
      faint: mark('faint'),
    }
    expect(probeText([resultOf('secure', [attempt()])], paint, 80)).toContain(
      '<good>PASS</good>  <strong>example.mil</strong>',
    )
  })
})

test.each([40, 60, 80])('at %i columns no line is longer, unless a single word is', (width) => {
  const seen = [attempt(), attempt({handshake: untrusted('CERT_HAS_EXPIRED')}), failedAttempt()]
  const text = probeText([resultOf('secure', seen)], PLAIN, width)
  const long = text.split('\n').filter((line) => line.length > width && line.trim().includes(' '))
  expect(long).toEqual([])
  expect(text).toMatch(width === 40 ? /^ {4}127\.0\.0\.2:25\n {6}none {7}clear$/m : /MX host and address {2}none/)
})

describe('layout', () => {
  test('breaks between words and leaves long words whole', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrap('a-word-that-is-long x', 5)).toEqual(['a-word-that-is-long', 'x'])
    expect(wrap('', 5)).toEqual([])
  })

  test('hangs a paragraph under its first word', () => {
    expect(hanging('-> ', 'one two three', 10)).toEqual(['-> one two', '   three'])
  })

  test('pads every column but the last', () => {
    expect(
      columns([
        ['a', 'b'],
        ['ccc', 'd'],
      ]),
    ).toEqual([
      ['a  ', 'b'],
      ['ccc', 'd'],
    ])
  })
})

test('a failure shows its stage, the reply, the code and a command that a shell takes as it stands', () => {
  const refused = attempt({
    starttls: {advertised: true, accepted: false, reply: '454 4.7.0 TLS not available', injected: false},
    handshake: null,
    timings: {connect: 12, greeting: 40, ehlo: 13, starttls: 14},
  })
  const text = probeText([resultOf('encrypt', [refused])], PLAIN, 80)
  expect(text).toContain('failed at STARTTLS ("454 4.7.0 TLS not available"): starttls-refused')
  const joined = text.replace(/ \\\n\s+/g, ' ')
  expect(joined).toContain(
    'openssl s_client -starttls smtp -connect 127.0.0.2:25 -servername mx1.example.mil -showcerts',
  )
  expect(text).toContain('round trip 12 ms; greeting 40, EHLO 13, STARTTLS 14 ms')
})
