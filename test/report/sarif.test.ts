import {readFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import Ajv from 'ajv'
import draft04 from 'ajv/lib/refs/json-schema-draft-04.json' with {type: 'json'}
import {expect, test} from 'vitest'
import type {ProbeDocument} from '../../src/report/probe-schema.ts'
import {probeSarif} from '../../src/report/sarif.ts'
import {hostileReport} from './hostile.ts'
import {sampleReport} from './sample.ts'

const home = dirname(fileURLToPath(import.meta.resolve('@microsoft/jest-sarif/package.json')))
const schema = JSON.parse(readFileSync(join(home, 'lib/schemas/sarif-2.1.0-rtm.5.json'), 'utf8'))
const ajv = new Ajv({schemaId: 'id', meta: false, allErrors: true})
ajv.addMetaSchema(draft04)
const isSarif = ajv.compile(schema)

interface Result {
  ruleId: string
  ruleIndex: number
  level: string
  locations: {logicalLocations: {fullyQualifiedName: string}[]}[]
  partialFingerprints: Record<string, string>
}
interface Rule {
  id: string
  name: string
  help: {text: string}
  properties: {tags: string[]}
}
interface Run {
  tool: {driver: {rules: Rule[]}}
  invocations: {toolExecutionNotifications: {message: {text: string}}[]}[]
  results: Result[]
}

const logOf = (report: ProbeDocument): {runs: [Run]} => JSON.parse(probeSarif(report, '0.1.0'))

test.each([
  ['the sample', sampleReport()],
  ['hostile text', hostileReport()],
  ['nothing', {...sampleReport(), results: []}],
])('of %s is valid under the published JSON schema', (_what, report) => {
  const log = logOf(report)
  expect(isSarif(log), JSON.stringify(isSarif.errors)).toBe(true)
})

test('the schema refuses what is not SARIF, so that the test above says something', () => {
  const log = logOf(sampleReport())
  log.runs[0].results[0]!.level = 'fatal'
  expect(isSarif(log)).toBe(false)
})

test('has a result for each finding, with its rule, level and place', () => {
  const [run] = logOf(sampleReport()).runs
  const brief = run.results.map((one) => {
    expect(run.tool.driver.rules[one.ruleIndex]!.id).toBe(one.ruleId)
    return [one.ruleId, one.level, one.locations[0]!.logicalLocations[0]!.fullyQualifiedName]
  })
  expect(brief).toEqual([
    ['certificate-expires-soon', 'warning', 'example.mil/mx2.example.mil/192.0.2.20:25'],
    ['certificate-not-trusted', 'error', 'partner.example/mx2.partner.example/198.51.100.7:25'],
    ['certificate-not-trusted', 'error', 'impostor.example/mx1.impostor.example/203.0.113.66:25'],
    ['certificate-host-mismatch', 'error', 'impostor.example/mx1.impostor.example/203.0.113.66:25'],
    ['certificate-expired', 'error', 'expired.example/mx1.expired.example/192.0.2.99:25'],
    ['starttls-not-supported', 'error', 'legacy.example/mail.legacy.example/198.51.100.25:25'],
    ['validation-failure', 'error', 'broken.example/mx.broken.example/198.51.100.40:25'],
    ['host-unreachable', 'warning', 'away.example/mx1.away.example/203.0.113.9:25'],
    ['null-mx', 'error', 'nomail.example'],
    ['certificate-not-trusted', 'warning', 'xn--mller-kva.example/mail.xn--mller-kva.example/[2001:db8:77::25]:25'],
  ])
})

test('explains each rule', () => {
  const {rules} = logOf(sampleReport()).runs[0].tool.driver
  const rule = rules.find((one) => one.id === 'certificate-not-trusted')
  expect(rule!.name).toBe('CertificateNotTrusted')
  expect(rule!.properties.tags).toContain('RFC 8460 §4.3.1')
  expect(rule!.help.text).toMatch(/At secure: not delivered there\.\n.*What to do:\n- /s)
})

test('notes the targets that could not be judged', () => {
  const [invocation] = logOf(sampleReport()).runs[0].invocations
  expect(invocation!.toolExecutionNotifications.map((one) => one.message.text)).toEqual([
    'away.example: could not be judged; mail waits and is tried again (4.4.1)',
  ])
})

test('knows a finding of today for that of yesterday, though its wording changed', () => {
  const [before, after] = [sampleReport(), sampleReport()]
  after.results[1]!.hosts[1]!.addresses[0]!.findings[0]!.message = 'said otherwise'
  const prints = (report: typeof before) => logOf(report).runs[0].results.map((one) => one.partialFingerprints)
  expect(prints(after)).toEqual(prints(before))
  expect(new Set(prints(before).map((one) => one['postern/v1'])).size).toBe(10)
})
