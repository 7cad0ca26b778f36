import {endpoint} from '../mail/address.ts'
import {printable} from '../mail/domain.ts'
import type {AddressResult, HostResult, ProbeDocument, ProbeResult} from './probe-schema.ts'

type Finding = ProbeResult['findings'][number]

/** A failure is a verdict; an error is a look that did not come about; skipped does not count. */
interface Case {
  name: string
  classname: string
  seconds: number
  ending: {kind: 'passed'} | {kind: 'failure' | 'error' | 'skipped'; type: string; message: string; body: string}
}

/**
 * JUnit XML for CI: a suite for each target, with a case for the domain and one for each address under the profile in
 * force. The cases agree with the exit code: where the target passes nothing fails. The form is the one that both Ant's
 * and Jenkins' schemas take, so that attributes which only one of them needs are there too.
 */
export function probeJunit({startedAt, results}: ProbeDocument): string {
  const suites = results.map((result, id) => suite(result, id, startedAt.slice(0, 19)))
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join('\n')
}

function suite(result: ProbeResult, id: number, timestamp: string): string {
  const cases = casesOf(result)
  const count = (kind: Case['ending']['kind']) => cases.filter(({ending}) => ending.kind === kind).length
  const head = attributes({
    ...{name: result.target, package: 'postern.probe', id, timestamp, hostname: result.target},
    ...{tests: cases.length, failures: count('failure'), errors: count('error')},
    time: (result.elapsed / 1000).toFixed(3),
  })
  const said = [result.summary, ...gentle(result).map(findingText)].join('\n')
  return [
    `  <testsuite ${head}>`,
    '    <properties>',
    ...Object.entries(properties(result)).map(([name, value]) => `      <property ${attributes({name, value})}/>`),
    '    </properties>',
    ...cases.map(caseText),
    `    <system-out>${escapeXml(said)}</system-out>`,
    '    <system-err></system-err>',
    '  </testsuite>',
  ].join('\n')
}

function properties({verdict, exit, profile, levels, delivery}: ProbeResult): Record<string, string | number> {
  const named = (prefix: string, outcomes: ProbeResult['levels']) =>
    Object.fromEntries(Object.entries(outcomes).map(([level, outcome]) => [`${prefix}.${level}`, outcome]))
  return {verdict, exit, profile: profile.name, ...named('level', levels), ...named('delivery', delivery)}
}

function casesOf(result: ProbeResult): Case[] {
  const places = result.hosts.flatMap((host) => [
    ...(host.failure === null ? [] : [hostCase(result, host, host.failure)]),
    ...host.addresses.map((address) => addressCase(result, host, address)),
  ])
  const told = places.some(({ending}) => ending.kind === 'failure' || ending.kind === 'error')
  return [domainCase(result, told), ...places]
}

/** The route, and whatever the target is refused for that no address shows. */
function domainCase(result: ProbeResult, told: boolean): Case {
  const errors = result.findings.filter(({severity}) => severity === 'error')
  const own = {name: 'domain', classname: result.target, seconds: 0}
  const {verdict, summary} = result
  if (verdict === 'pass' || (told && errors.length === 0)) return {...own, ending: {kind: 'passed'}}
  const kind = verdict === 'fail' ? 'failure' : 'error'
  const first = errors[0] ?? result.findings[0]
  const body = (errors.length > 0 ? errors : result.findings).map(findingText).join('\n')
  return {...own, ending: {kind, type: first?.code ?? verdict, message: first?.message ?? summary, body}}
}

function hostCase({verdict}: ProbeResult, {name}: HostResult, failure: string): Case {
  const kind = verdict === 'pass' ? 'skipped' : 'error'
  const ending = {kind, type: 'host-unreachable', message: failure, body: ''} as const
  return {name: `addresses of ${name}`, classname: name, seconds: 0, ending}
}

function addressCase({verdict}: ProbeResult, host: HostResult, address: AddressResult): Case {
  const {profile} = address.policy
  const milliseconds = Object.values(address.timings).reduce((sum, ms) => sum + ms, 0)
  const name = `${endpoint(address)} under ${profile.name}`
  const own = {name, classname: host.name, seconds: milliseconds / 1000}
  return {...own, ending: endingOf(address, verdict)}
}

function endingOf(address: AddressResult, verdict: ProbeResult['verdict']): Case['ending'] {
  const {policy, findings, failure, reach} = address
  if (policy.outcome !== 'refused' && policy.outcome !== 'unreachable') return {kind: 'passed'}
  // One that does not count against the target: with --any, or an IPv6 address where there is no IPv6.
  const asked = policy.outcome === 'refused' ? 'failure' : 'error'
  const kind = verdict === 'pass' ? 'skipped' : asked
  const first = findings.find(({severity}) => severity === 'error') ?? findings[0]
  const reproduce = failure === null ? [] : [`$ ${failure.reproduce}`]
  const body = [...findings.map(findingText), ...reproduce].join('\n')
  return {kind, type: first?.code ?? policy.outcome, message: first?.message ?? reach.reason ?? policy.outcome, body}
}

/** Findings that make nothing fail, for the reader of the log. */
function gentle({findings, hosts}: ProbeResult): Finding[] {
  const all = [...findings, ...hosts.flatMap(({addresses}) => addresses.flatMap((address) => address.findings))]
  return all.filter(({severity}) => severity !== 'error')
}

function findingText({severity, code, message, hint, section}: Finding): string {
  return `${severity} ${code}${section ? ` (${section})` : ''}: ${message}\n  -> ${hint}`
}

function caseText({name, classname, seconds, ending}: Case): string {
  const head = `    <testcase ${attributes({name, classname, time: seconds.toFixed(3)})}`
  if (ending.kind === 'passed') return `${head}/>`
  const {kind, type, message, body} = ending
  return `${head}>\n      <${kind} ${attributes({type, message})}>${escapeXml(body)}</${kind}>\n    </testcase>`
}

function attributes(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escapeXml(String(value)).replaceAll('\n', ' ')}"`)
    .join(' ')
}

/** XML 1.0 §2.2 has no way to write most control characters, not even as references: they are shown as escapes. */
function escapeXml(text: string): string {
  const lines = text.split('\n').map((line) => printable(line, 4000).toWellFormed())
  return lines
    .join('\n')
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}
