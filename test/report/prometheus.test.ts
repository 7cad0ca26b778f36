import {expect, test} from 'vitest'
import {probeMetrics} from '../../src/report/prometheus.ts'
import {parseExposition, type Series} from './exposition.ts'
import {hostileReport} from './hostile.ts'
import {sampleReport} from './sample.ts'

const find = (series: Series[], name: string, labels: Record<string, string>) =>
  series
    .filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value))
    .map(({value}) => value)

test('says how each address fares at each level, and leaves out what cannot be told', () => {
  const series = parseExposition(probeMetrics(sampleReport()))
  const at = (host: string, level: string) => find(series, 'postern_probe_outcome', {host, level})
  expect(at('mx1.example.mil', 'secure')).toEqual([3, 3])
  expect(at('mx2.partner.example', 'encrypt')).toEqual([2])
  expect(at('mx2.partner.example', 'secure')).toEqual([0])
  expect(at('mail.legacy.example', 'preferred')).toEqual([1])
  expect(at('mx1.away.example', 'secure')).toEqual([])
  expect(find(series, 'postern_probe_reached', {host: 'mx1.away.example'})).toEqual([0])
})

test('says whether a target passes, how long it took and when certificates end', () => {
  const series = parseExposition(probeMetrics(sampleReport()))
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
  expect(parseExposition(probeMetrics(twice)).filter(({name}) => name === 'postern_probe_success')).toHaveLength(9)
})

test('keeps what a peer says inside its label', () => {
  const series = parseExposition(probeMetrics(hostileReport()))
  expect(series.filter(({name}) => name.includes('owned'))).toEqual([])
  expect(find(series, 'postern_probe_chain_trusted', {host: 'mx1.hostile.example'})).toEqual([0])
})

test('of no results is still a file that says when', () => {
  expect(parseExposition(probeMetrics({...sampleReport(), results: []}))).toHaveLength(1)
})
