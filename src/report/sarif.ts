import {createHash} from 'node:crypto'
import {endpoint} from '../mail/address.ts'
import {printable} from '../mail/domain.ts'
import {explainFinding, isFindingCode, levelLines} from '../policy/explain-finding.ts'
import type {AddressResult, HostResult, ProbeDocument, ProbeResult} from './probe-schema.ts'

type Finding = ProbeResult['findings'][number]
type Severity = Finding['severity']

/** A finding, and where it was seen. */
interface Seen {
  finding: Finding
  result: ProbeResult
  host: HostResult | null
  address: AddressResult | null
}

const LEVEL: Record<Severity, 'error' | 'warning' | 'note'> = {error: 'error', warning: 'warning', info: 'note'}

/**
 * SARIF 2.1.0 (OASIS), for code scanning and security dashboards: a rule for each finding code that occurs, a result for
 * each finding. Places are logical locations, for there is no file: target, host, address. `version` is Postern's own.
 */
export function probeSarif({startedAt, results}: ProbeDocument, version: string): string {
  const seen = results.flatMap(findingsOf)
  const codes = [...new Set(seen.map(({finding}) => finding.code))].sort()
  const run = {
    tool: {driver: {name: 'postern', semanticVersion: version, rules: codes.map((code) => ruleOf(code, seen))}},
    invocations: [invocation(startedAt, results)],
    results: seen.map((one) => resultOf(one, codes)),
  }
  const $schema = 'https://json.schemastore.org/sarif-2.1.0.json'
  return `${JSON.stringify({$schema, version: '2.1.0', runs: [run]}, null, 2)}\n`
}

function findingsOf(result: ProbeResult): Seen[] {
  const own = result.findings.map((finding) => ({finding, result, host: null, address: null}))
  const there = result.hosts.flatMap((host) =>
    host.addresses.flatMap((address) => address.findings.map((finding) => ({finding, result, host, address}))),
  )
  return [...own, ...there]
}

function ruleOf(code: string, seen: readonly Seen[]) {
  // A report may come from another version, which knew other codes.
  if (!isFindingCode(code)) return {id: code, shortDescription: {text: code}}
  const rule = explainFinding(code)
  const {title, severity, explanation, causes, remedy} = rule
  const levels = levelLines(rule)
  const text = [explanation, ...levels, list('Causes:', causes), list('What to do:', remedy)]
  const markdown = [explanation, levels.join('\n'), list('**Causes**\n', causes), list('**What to do**\n', remedy)]
  const sections = [rule.section, ...seen.map(({finding}) => (finding.code === code ? finding.section : null))]
  return {
    id: code,
    name: code.replaceAll(/(^|-)([a-z0-9])/g, (_all, _dash, letter: string) => letter.toUpperCase()),
    shortDescription: {text: title},
    fullDescription: {text: explanation},
    help: {text: text.filter(Boolean).join('\n'), markdown: markdown.filter(Boolean).join('\n\n')},
    defaultConfiguration: {level: LEVEL[severity]},
    properties: {tags: ['mail', 'tls', ...new Set(sections.filter((one) => typeof one === 'string'))]},
  }
}

function list(head: string, items: readonly string[]): string {
  return items.length === 0 ? '' : [head, ...items.map((item) => `- ${item}`)].join('\n')
}

function resultOf({finding, result, host, address}: Seen, codes: readonly string[]) {
  const {code, severity, message, hint} = finding
  const places = [result.target, host?.name, address && endpoint(address)].filter((place) => typeof place === 'string')
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: LEVEL[severity],
    message: {text: `${safe(message)}; what to do: ${safe(hint)}`},
    locations: [{logicalLocations: [logicalLocation(places)]}],
    partialFingerprints: {'postern/v1': fingerprint([code, ...places])},
    properties: {
      verdict: result.verdict,
      profile: result.profile.name,
      ...(address && {stage: address.failure?.stage}),
    },
  }
}

function logicalLocation(places: readonly string[]) {
  return {name: safe(places.at(-1)!), fullyQualifiedName: safe(places.join('/')), kind: 'resource'}
}

/** Tells the finding of today from that of yesterday at the same place; the wording may change meanwhile. */
function fingerprint(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex')
}

/** Targets that could not be judged: they are no result, and must not go unseen. */
function invocation(startedAt: string, results: readonly ProbeResult[]) {
  const undetermined = results.filter(({verdict}) => verdict === 'undetermined')
  return {
    executionSuccessful: true,
    startTimeUtc: startedAt,
    toolExecutionNotifications: undetermined.map(({target, summary}) => ({
      level: 'warning',
      message: {text: `${safe(target)}: ${safe(summary)}`},
      locations: [{logicalLocations: [logicalLocation([target])]}],
    })),
  }
}

function safe(text: string): string {
  return printable(text, 4000).toWellFormed()
}
