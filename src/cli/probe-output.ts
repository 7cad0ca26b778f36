import type {Tally} from '../app/probe-domains.ts'
import {type Paint, PLAIN} from '../report/paint.ts'
import type {ProbeDocument, ProbeResult} from '../report/probe-schema.ts'
import {probeText, tallyLine, targetBlock} from '../report/probe-text.ts'
import {paintFor} from './colour.ts'

/** All results for people. Where they go decides colours and width; a file (null) has neither. */
export function probeTable(document: ProbeDocument, stream: NodeJS.WriteStream | null): string {
  const paint: Paint = stream ? paintFor(stream) : PLAIN
  return probeText(document.results, paint, textWidth(stream))
}

/** One document with one result: whoever reads lines needs no other schema. */
export function jsonLine({schema, startedAt}: Omit<ProbeDocument, 'results'>, result: ProbeResult): string {
  return JSON.stringify({schema, startedAt, results: [result]})
}

/** The block of one target. */
export function tableBlock(result: ProbeResult, stream: NodeJS.WriteStream | null): string {
  return targetBlock(result, stream ? paintFor(stream) : PLAIN, textWidth(stream)).join('\n')
}

/** What all targets came to; '' where there was but one. */
export function tableEnd(tally: Tally, stream: NodeJS.WriteStream | null): string {
  return tallyLine(tally, stream ? paintFor(stream) : PLAIN)
}

// Beyond a hundred columns sentences are hard to follow; in a pipe nobody says how wide it is.
function textWidth(stream: NodeJS.WriteStream | null): number {
  const given = stream?.isTTY ? stream.columns : Number(process.env.COLUMNS)
  return Math.min(100, Math.max(40, given || 80))
}
