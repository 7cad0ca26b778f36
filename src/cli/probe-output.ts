import {type Paint, PLAIN} from '../report/paint.ts'
import type {ProbeDocument, ProbeResult} from '../report/probe-schema.ts'
import {probeText} from '../report/probe-text.ts'
import {paintFor} from './colour.ts'

export type ProbeFormat = 'table' | 'json' | 'jsonl'

/** Where the answer goes decides its colours and width; a file has neither. */
export function probeAnswer(document: ProbeDocument, format: ProbeFormat, stream: NodeJS.WriteStream | null): string {
  if (format === 'json') return JSON.stringify(document, null, 2)
  if (format === 'jsonl') return document.results.map((result) => jsonLine(document, result)).join('\n')
  const paint: Paint = stream ? paintFor(stream) : PLAIN
  return probeText(document.results, paint, textWidth(stream))
}

/** One document with one result: whoever reads lines needs no other schema. */
export function jsonLine({schema, startedAt}: Omit<ProbeDocument, 'results'>, result: ProbeResult): string {
  return JSON.stringify({schema, startedAt, results: [result]})
}

// Beyond a hundred columns sentences are hard to follow; in a pipe nobody says how wide it is.
function textWidth(stream: NodeJS.WriteStream | null): number {
  const given = stream?.isTTY ? stream.columns : Number(process.env.COLUMNS)
  return Math.min(100, Math.max(40, given || 80))
}
