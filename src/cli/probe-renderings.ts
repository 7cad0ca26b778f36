import type {ProbeDocument} from '../report/probe-schema.ts'

/** Formats that come of all results together; each is read when it is asked for. `version` is Postern's own. */
const RENDERINGS = {
  json: async (document: ProbeDocument) => JSON.stringify(document, null, 2),
  csv: async (document: ProbeDocument) => (await import('../report/csv.ts')).probeCsv(document),
  junit: async (document: ProbeDocument) => (await import('../report/junit.ts')).probeJunit(document),
  sarif: async (document: ProbeDocument, version: string) =>
    (await import('../report/sarif.ts')).probeSarif(document, version),
  prometheus: async (document: ProbeDocument) => (await import('../report/prometheus.ts')).probeMetrics(document),
  html: async (document: ProbeDocument) => (await import('../report/html.ts')).probeHtml(document),
}

export type WholeFormat = keyof typeof RENDERINGS
export type ProbeFormat = 'table' | 'jsonl' | WholeFormat
export const PROBE_FORMATS: readonly ProbeFormat[] = [
  ...(['table', 'json', 'jsonl', 'csv', 'junit', 'sarif', 'prometheus', 'html'] as const),
]

/** The document as `format` has it, with a line feed at its end. */
export async function rendering(document: ProbeDocument, format: WholeFormat, version: string): Promise<string> {
  const text = await RENDERINGS[format](document, version)
  return text.endsWith('\n') ? text : `${text}\n`
}
