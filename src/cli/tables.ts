import {stripVTControlCharacters} from 'node:util'
import type {TableConstructorOptions} from 'cli-table3'
import {printable} from '../mail/domain.ts'
import {type Paint, paintFor, type Shade} from './colour.ts'

/** A cell is a text of whatever origin, made safe to print here; a list has one entry a line. */
export type Cell = string | number | readonly string[] | {text: string | readonly string[]; as: Shade}

export interface TableOptions {
  /** Where it goes; standard output. */
  stream?: NodeJS.WriteStream
}

/**
 * A table as text. On a terminal it has borders and fits the width, long texts being wrapped; in a pipe it has neither
 * borders nor colour, and every row is one line whose columns are two blanks apart.
 */
export async function drawTable(
  head: readonly string[],
  rows: readonly Cell[][],
  options: TableOptions = {},
): Promise<string> {
  const stream = options.stream ?? process.stdout
  const paint = paintFor(stream)
  const terminal = stream.isTTY === true
  const separator = terminal ? '\n' : ', '
  const body = rows.map((row) => row.map((cell) => paintCell(cell, paint, separator)))
  const {default: Table} = await import('cli-table3')
  const style = terminal ? onTerminal([[...head], ...body], stream.columns || 80) : IN_PIPE
  const table = new Table({...style, head: head.map((text) => (terminal ? paint.strong(text) : text))})
  table.push(...body)
  return lines(table.toString())
}

/** Two columns without head: a name and what is to be said of it. Same rules as `drawTable`. */
export async function drawFacts(
  facts: readonly (readonly [string, Cell])[],
  options: TableOptions = {},
): Promise<string> {
  const {default: Table} = await import('cli-table3')
  const stream = options.stream ?? process.stdout
  const paint = paintFor(stream)
  const body = facts.map(([name, cell]) => [paint.faint(name), paintCell(cell, paint, stream.isTTY ? '\n' : ', ')])
  const width = stream.isTTY ? {...fitted(body, stream.columns || 80, 2), wordWrap: true} : {}
  const table = new Table({...IN_PIPE, ...width})
  table.push(...body)
  return lines(table.toString())
}

const NO_CHARS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

const NO_STYLE = {head: [], border: [], 'padding-left': 0, 'padding-right': 0}

const IN_PIPE: TableConstructorOptions = {chars: NO_CHARS, style: NO_STYLE}

function onTerminal(rows: string[][], width: number): TableConstructorOptions {
  // Borders take a column more than there are cells; padding takes two of each cell.
  return {style: {head: [], border: []}, ...fitted(rows, width, 1, 2), wordWrap: true}
}

/** Column widths when the natural ones do not fit: the widest columns give way first, none below ten. */
function fitted(rows: string[][], width: number, gap: number, padding = 0): {colWidths?: number[]} {
  const columns = Math.max(...rows.map((row) => row.length))
  const natural = Array.from(
    {length: columns},
    (_, i) => Math.max(...rows.map((row) => cellWidth(row[i] ?? ''))) + padding,
  )
  const room = width - gap * (columns + 1)
  const widths = [...natural]
  while (sum(widths) > room) {
    const widest = widths.indexOf(Math.max(...widths))
    if (widths[widest]! <= 10) break
    widths[widest]!--
  }
  return sum(natural) > room ? {colWidths: widths} : {}
}

function cellWidth(text: string): number {
  return Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.length),
  )
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function paintCell(cell: Cell, paint: Paint, separator: string): string {
  const painted = typeof cell === 'object' && 'as' in cell
  const content = painted ? cell.text : cell
  const parts = Array.isArray(content) ? content : [content]
  const text = parts.map((part) => printable(String(part), 2000)).join(separator)
  return painted
    ? text
        .split('\n')
        .map((line) => paint[cell.as](line))
        .join('\n')
    : text
}

function lines(table: string): string {
  return table
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
