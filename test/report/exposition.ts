import {expect} from 'vitest'

export interface Series {
  name: string
  labels: Record<string, string>
  value: number
}

const HEAD = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?\d+(?:\.\d+)?)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=[a-zA-Z_])|$)/y

/**
 * The text format 0.0.4 as the textfile collector and `promtool check metrics` want it: HELP and TYPE once before the
 * samples of a metric, all of them together, counters and only they end in _total, no time stamps, no series twice, a
 * line feed at the end. Throws on anything else.
 */
export function parseExposition(text: string): Series[] {
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
      expect(lines[i + 1]).toBe(`# TYPE ${current} ${current.endsWith('_total') ? 'counter' : 'gauge'}`)
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
