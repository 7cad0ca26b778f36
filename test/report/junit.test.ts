import {spawnSync} from 'node:child_process'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {probeJunit} from '../../src/report/junit.ts'
import {hostileReport} from './hostile.ts'
import {sampleReport} from './sample.ts'

const schema = join(import.meta.dirname, '../vectors/junit/junit-both.xsd')
const xmllint = spawnSync('xmllint', ['--version']).error === undefined
if (!xmllint) console.warn('skipped: xmllint (Debian: libxml2-utils) is not installed')

const suiteOf = (xml: string, target: string) =>
  new RegExp(`<testsuite name="${target}"[^]*?</testsuite>`).exec(xml)?.[0] ?? ''
const cases = (suite: string) =>
  [...suite.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>\s*<(\w+) type="([^"]*)")/g)].map(
    ([, name, ending, type]) => (ending === undefined ? name : `${name}: ${ending} ${type}`),
  )

test.skipIf(!xmllint).each([
  ['the sample', sampleReport()],
  ['hostile text', hostileReport()],
  ['nothing', {...sampleReport(), results: []}],
])('of %s is valid under the schemas of Ant and Jenkins', (_what, report) => {
  const {stderr, status} = spawnSync('xmllint', ['--noout', '--schema', schema, '-'], {input: probeJunit(report)})
  expect(status, String(stderr)).toBe(0)
})

test.each([
  [
    'example.mil',
    [
      'domain',
      '192.0.2.10:25 under secure-mil',
      '[2001:db8:25::10]:25 under secure-mil',
      '192.0.2.20:25 under secure-mil',
    ],
  ],
  [
    'partner.example',
    ['domain', '198.51.100.6:25 under secure-mil', '198.51.100.7:25 under secure-mil: failure certificate-not-trusted'],
  ],
  ['legacy.example', ['domain', '198.51.100.25:25 under secure-mil: failure starttls-not-supported']],
  [
    'away.example',
    [
      'domain',
      '203.0.113.9:25 under secure-mil: error host-unreachable',
      'addresses of mx2.away.example: error host-unreachable',
    ],
  ],
  ['nomail.example', ['domain: failure null-mx']],
  ['xn--mller-kva.example', ['domain', '[2001:db8:77::25]:25 under preferred']],
])('has a case for each address of %s', (target, expected) => {
  expect(cases(suiteOf(probeJunit(sampleReport()), target))).toEqual(expected)
})

test('fails where the target fails and nowhere else', () => {
  const report = sampleReport()
  const xml = probeJunit(report)
  for (const {target, verdict} of report.results) {
    const [, tests, failures, errors] = /tests="(\d+)" failures="(\d+)" errors="(\d+)"/.exec(suiteOf(xml, target))!
    expect(Number(tests), target).toBe(cases(suiteOf(xml, target)).length)
    expect([Number(failures) > 0, Number(errors) > 0], target).toEqual([verdict === 'fail', verdict === 'undetermined'])
  }
})

test('skips an address that does not count, as with --any', () => {
  const report = sampleReport()
  report.results[1] = {...report.results[1]!, verdict: 'pass', exit: 0}
  const suite = suiteOf(probeJunit(report), 'partner.example')
  expect(cases(suite).at(-1)).toBe('198.51.100.7:25 under secure-mil: skipped certificate-not-trusted')
  expect(suite).toContain('failures="0" errors="0"')
})

test('fails the domain where no address shows why, as when it is worse than the baseline', () => {
  const report = sampleReport()
  const [good] = report.results
  report.results = [{...good!, verdict: 'fail', exit: 1, summary: 'worse than the baseline (new-issuer)'}]
  expect(cases(probeJunit(report))[0]).toBe('domain: failure fail')
})

test('says what to do and how to see it', () => {
  const suite = suiteOf(probeJunit(sampleReport()), 'legacy.example')
  expect(suite).toContain('ask the partner to offer STARTTLS')
  expect(suite).toContain('$ openssl s_client -starttls smtp -connect 198.51.100.25:25 -servername mail.legacy.example')
})
