import {expect, test} from 'vitest'
import {probeMetrics} from '../../src/report/prometheus.ts'
import {hostileReport} from './hostile.ts'
import {sampleReport} from './sample.ts'

interface Series {
  name: string
  labels: Record<string, string>
  value: number
}

const HEAD = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?\d+(?:\.\d+)?)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=[a-zA-Z_])|$)/y

/**
 * The text format 0.0.4 as the textfile collector wants it: HELP and TYPE once before the samples of a metric, all of
 * them together, no time stamps, no series twice, a line feed at the end. Throws on anything else.
 */
function parse(text: string): Series[] {
  expect(text.endsWith('\n')).toBe(true)
  const seen = new Set<string>()
  const metrics = new Set<string>()
  const series: Series[] = []
  let current = ''
  const lines = text.slice(0, -1).split('\n')
  for (const [i, line] of lines.entries()) {
    const head = HEAD.exec(line)
    if (head?.[1] === 'HELP') {
      current = head[2]!
      if (metrics.has(current)) throw new Error(`HELP of ${current} twice`)
      metrics.add(current)
      expect(lines[i + 1]).toBe(`# TYPE ${current} gauge`)
    } else if (!head) {
      const [, name, labels = '', value] = SAMPLE.exec(line) ?? []
      if (name !== current) throw new Error(`not a sample of ${current}: ${line}`)
      if (seen.has(`${name}{${labels}`)) throw new Error(`twice: ${line}`)
      seen.add(`${name}{${labels}`)
      series.push({name: name!, labels: parseLabels(labels), value: Number(value)})
    }
  }
  return series
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < text.length) {
    const [, name, value] = LABEL.exec(text) ?? []
    if (name === undefined) throw new Error(`bad labels: ${text}`)
    labels[name] = value!.replace(/\\(.)/g, (_all, c) => (c === 'n' ? '\n' : c))
  }
  return labels
}

const find = (series: Series[], name: string, labels: Record<string, string>) =>
  series
    .filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value))
    .map(({value}) => value)

test('says how each address fares at each level, and leaves out what cannot be told', () => {
  const series = parse(probeMetrics(sampleReport()))
  const at = (host: string, level: string) => find(series, 'postern_probe_outcome', {host, level})
  expect(at('mx1.example.mil', 'secure')).toEqual([3, 3])
  expect(at('mx2.partner.example', 'encrypt')).toEqual([2])
  expect(at('mx2.partner.example', 'secure')).toEqual([0])
  expect(at('mail.legacy.example', 'preferred')).toEqual([1])
  expect(at('mx1.away.example', 'secure')).toEqual([])
  expect(find(series, 'postern_probe_reached', {host: 'mx1.away.example'})).toEqual([0])
})

test('says whether a target passes, how long it took and when certificates end', () => {
  const series = parse(probeMetrics(sampleReport()))
  expect(find(series, 'postern_probe_success', {})).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 1])
  expect(find(series, 'postern_probe_verdict', {target: 'away.example'})).toEqual([0, 0, 1])
  expect(find(series, 'postern_probe_exit_code', {target: 'nomail.example'})).toEqual([68])
  expect(find(series, 'postern_probe_duration_seconds', {target: 'away.example'})).toEqual([10.044])
  const expires = 'postern_probe_certificate_not_after_timestamp_seconds'
  expect(find(series, expires, {host: 'mx2.example.mil', position: '0'})).toEqual([
    Date.UTC(2026, 11, 10, 23, 59, 59) / 1000,
  ])
  expect(find(series, 'postern_probe_timestamp_seconds', {})).toEqual([Date.UTC(2026, 10, 28, 9, 30) / 1000])
})

test('writes a target that was given twice once, for a series may not stand there twice', () => {
  const report = sampleReport()
  const twice = {...report, results: [...report.results, ...report.results]}
  expect(parse(probeMetrics(twice)).filter(({name}) => name === 'postern_probe_success')).toHaveLength(9)
})

test('keeps what a peer says inside its label', () => {
  const series = parse(probeMetrics(hostileReport()))
  expect(series.filter(({name}) => name.includes('owned'))).toEqual([])
  expect(find(series, 'postern_probe_chain_trusted', {host: 'mx1.hostile.example'})).toEqual([0])
})

test('of no results is still a file that says when', () => {
  expect(parse(probeMetrics({...sampleReport(), results: []}))).toHaveLength(1)
})
