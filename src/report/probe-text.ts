import {endpoint} from '../mail/address.ts'
import {printable} from '../mail/domain.ts'
import type {Outcome} from '../policy/evidence.ts'
import {LEVELS, type Level} from '../policy/profile.ts'
import {columns, hanging, wrap} from './layout.ts'
import type {Paint} from './paint.ts'
import type {AddressResult, ProbeResult} from './probe-schema.ts'
import {
  chainLines,
  enumerationLines,
  failureWords,
  findingLines,
  nameWords,
  OUTCOME_SHADE,
  reproduceLines,
  timeWords,
  tlsFacts,
  wireWords,
} from './probe-text-address.ts'

/**
 * A probe for people: for each target what becomes of mail, what each address gives at each level, and what is wrong,
 * whose fault it is and what to do. `width` in columns.
 */
export function probeText(results: readonly ProbeResult[], paint: Paint, width: number): string {
  const blocks = results.map((result) => targetBlock(result, paint, width).join('\n'))
  return [...blocks, ...overall(results, paint)].join('\n\n')
}

const VERDICT = {pass: 'PASS', fail: 'FAIL', undetermined: 'UNDETERMINED'} as const
const VERDICT_SHADE = {pass: 'good', fail: 'bad', undetermined: 'warning'} as const

/** The block of one target. */
export function targetBlock(result: ProbeResult, paint: Paint, width: number): string[] {
  const {verdict, target, hosts} = result
  const shade = paint[VERDICT_SHADE[verdict]]
  const addresses = hosts.flatMap((host) => host.addresses)
  return [
    `${shade(VERDICT[verdict])}  ${paint.strong(bothForms(target, result.unicode))}`,
    ...wrap(result.summary, width - 2).map((line) => `  ${line}`),
    ...wrap(circumstances(result), width - 2).map((line) => `  ${paint.faint(line)}`),
    ...(hosts.length > 0 ? ['', ...hostTable(result, paint, width)] : []),
    ...section(addresses.flatMap((address) => chainLines(address, width))),
    ...section(addresses.flatMap((address) => enumerationLines(address, width))),
    ...section(findingLines(merged(result), paint, width)),
  ]
}

function section(lines: string[]): string[] {
  return lines.length > 0 ? ['', ...lines] : []
}

/** Under what the probe was made: profile, route, and whether the time ran out. */
export function circumstances({profile, route, timedOut}: ProbeResult): string {
  const by = profile.rule === null ? '' : ` by rule ${profile.rule}`
  const name = profile.name === profile.level ? profile.level : `${profile.name} (${profile.level})`
  const late = timedOut ? '; the time was over before all was seen' : ''
  return `profile ${name}${by}; ${ROUTE[route.source]}${DNSSEC[route.status]}${late}`
}

const ROUTE = {
  mx: 'hosts from MX',
  implicit: 'no MX, the domain itself is the host',
  static: 'next hop set by hand',
  literal: 'an address literal',
}
const DNSSEC = {secure: ', signed', insecure: ', not signed', bogus: ', signature wrong', unknown: ''}

/** Each host, and below it one line for each address with its outcomes and what was negotiated there. */
function hostTable({hosts}: ProbeResult, paint: Paint, width: number): string[] {
  const seen = hosts.flatMap((host) => host.addresses)
  const cells = seen.map((address) => [endpoint(address), ...LEVELS.map((level) => address.outcome[level])])
  const [head = [], ...rows] = columns([['MX host and address', ...LEVELS], ...cells])
  const lines = new Map(seen.map((address, i) => [address, rows[i] ?? []]))
  const fits = [head, ...rows].every((row) => 4 + row.join('  ').length <= width)
  const faint = (text: string, indent: number) =>
    wrap(text, width - indent).map((line) => `${' '.repeat(indent)}${paint.faint(line)}`)
  const table = hosts.flatMap(({name, unicode, learned, preference, failure, addresses}) => [
    `  ${preference === null ? '' : `${preference} `}${paint.strong(bothForms(name, unicode))}`,
    ...faint(printable(learned, 400), 4),
    ...(failure === null ? [] : hanging('    ', printable(failure), width)),
    ...addresses.flatMap((address) => [
      ...(fits ? [`    ${paintRow(lines.get(address) ?? [], address, paint)}`] : stackedRow(address, paint)),
      ...[wireWords, nameWords, tlsFacts, failureWords, timeWords].flatMap((words) => faint(words(address), 6)),
      ...reproduceLines(address, width - 6).map((line) => `      ${paint.faint(line)}`),
    ]),
  ])
  return [...(seen.length > 0 && fits ? [`    ${paint.faint(head.join('  '))}`] : []), ...table]
}

/** U-labels for the eye, A-labels for comparing: `müller.example (xn--mller-kva.example)`. */
export function bothForms(name: string, unicode: string | null): string {
  return unicode === null ? printable(name) : `${printable(unicode)} (${printable(name)})`
}

/** Where no table fits: the address, and below it a line for each level. */
function stackedRow(address: AddressResult, paint: Paint): string[] {
  const rows = columns(LEVELS.map((level) => [level, address.outcome[level]]))
  const lines = LEVELS.map((level, i) => {
    const [name = '', outcome = ''] = rows[i] ?? []
    return `      ${paint.faint(name)}  ${paint[shadeAt(level, address.outcome[level])](outcome)}`
  })
  return [`    ${endpoint(address)}`, ...lines]
}

function paintRow([endpointCell = '', ...cells]: string[], address: AddressResult, paint: Paint): string {
  const outcomes = LEVELS.map((level, i) => paint[shadeAt(level, address.outcome[level])](cells[i] ?? ''))
  return [endpointCell, ...outcomes].join('  ')
}

// Clear text is what level none is for, and no alarm.
function shadeAt(level: Level, outcome: Outcome): keyof Paint {
  return level === 'none' && outcome === 'clear' ? 'faint' : OUTCOME_SHADE[outcome]
}

/** The route's findings and those of all addresses, the gravest first; what several addresses share in words, once. */
export function merged({findings, hosts}: ProbeResult): ProbeResult['findings'] {
  const all = [...findings, ...hosts.flatMap((host) => host.addresses.flatMap((address) => address.findings))]
  const once = [...new Map(all.map((item) => [`${item.code} ${item.message}`, item])).values()]
  const rank = {error: 0, warning: 1, info: 2}
  return once.sort((a, b) => rank[a.severity] - rank[b.severity])
}

function overall(results: readonly ProbeResult[], paint: Paint): string[] {
  const count = (verdict: ProbeResult['verdict']) => results.filter((result) => result.verdict === verdict).length
  const line = tallyLine({pass: count('pass'), fail: count('fail'), undetermined: count('undetermined')}, paint)
  return line === '' ? [] : [line]
}

const VERDICTS = ['pass', 'fail', 'undetermined'] as const

/** `3 targets: 2 passed, 1 failed`; '' for a single one, whose block says it. */
export function tallyLine(tally: Record<ProbeResult['verdict'], number> & {stopped?: boolean}, paint: Paint): string {
  const total = VERDICTS.reduce((sum, verdict) => sum + tally[verdict], 0)
  if (total < 2 && !tally.stopped) return ''
  const parts = VERDICTS.filter((verdict) => tally[verdict] > 0).map((verdict) => {
    return paint[VERDICT_SHADE[verdict]](`${tally[verdict]} ${WORD[verdict]}`)
  })
  const line = `${total} ${total === 1 ? 'target' : 'targets'}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`
  return tally.stopped ? `interrupted after ${line}` : line
}

const WORD = {pass: 'passed', fail: 'failed', undetermined: 'could not be judged'}
