import {printable} from '../mail/domain.ts'

/** The text format of Prometheus, version 0.0.4: no time stamps, no series twice. */
export type Labels = Record<string, string | number>

export interface Sample {
  labels: Labels
  value: number
}

/** The lines of one metric; none where there is no sample, or none has a number. */
export function metricLines(
  name: string,
  help: string,
  samples: readonly Sample[],
  type: 'gauge' | 'counter' = 'gauge',
): string[] {
  // Of a series that comes twice the first counts; a date that cannot be read has no number.
  const series = new Map<string, number>()
  for (const {labels, value} of samples) {
    const key = `${name}${labelSet(labels)}`
    if (!series.has(key) && Number.isFinite(value)) series.set(key, value)
  }
  if (samples.length === 0) return []
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...[...series].map(([key, value]) => `${key} ${value}`)]
}

function labelSet(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(String(value))}"`)
  return pairs.length > 0 ? `{${pairs.join(',')}}` : ''
}

// Line feeds, which the format would have as \n, are among the controls that printable() escapes.
function escapeLabel(text: string): string {
  return printable(text, 400)
    .toWellFormed()
    .replace(/[\\"]/g, (c) => `\\${c}`)
}
