import type {TableConstructorOptions} from 'cli-table3'
import {printable} from '../mail/domain.ts'
import {type Paint, paintFor, type Shade} from './colour.ts'

/** A cell is a text of whatever origin, made safe to print here; a list has one entry a line. */
export type Cell = string | number | readonly string[] | {text: string | readonly string[]; as: Shade}

export interface TableOptions {
  /** Where it goes; standard output. */
  stream?: NodeJS.WriteStream
  /** Titles of columns that a terminal which is too narrow can do without, the first to go first. */
  spare?: readonly string[]
}

/**
 * A table as text. In a pipe it has neither borders nor colour, and every row is one line whose columns are two blanks
 * apart. On a terminal it has borders and texts are wrapped between words; columns without any entry are left out, then
 * spare ones where that keeps words whole. Where nothing does, each row becomes a list of its own.
 */
export async function drawTable(
  head: readonly string[],
  rows: readonly Cell[][],
  options: TableOptions = {},
): Promise<string> {
  const {stream = process.stdout, spare = []} = options
  if (!stream.isTTY) return draw([[...head], ...rows], stream, PLAIN)
  const width = stream.columns || 80
  const used = head.filter((_, i) => rows.length === 0 || rows.some((row) => textOf(row[i] ?? '') !== ''))
  const few = width < LIST_BELOW ? [] : spare
  for (let gone = 0; gone <= few.length; gone++) {
    const kept = used.filter((title) => !few.slice(0, gone).includes(title))
    const cells = rows.map((row) => kept.map((title) => row[head.indexOf(title)] ?? ''))
    const titles = kept.map((text): Cell => ({text, as: 'strong'}))
    if (wordsFit([titles, ...cells], width)) return draw([titles, ...cells], stream, BORDERED)
  }
  const records = rows.map((row, i) => recordOf(head, [ownerOf(rows, i), ...row.slice(1)], stream))
  return (await Promise.all(records)).join('\n\n')
}

/** Narrower than this a list says more than a table without its columns. */
const LIST_BELOW = 70

/** A row that begins with an empty cell goes on with what the rows above it began. */
function ownerOf(rows: readonly Cell[][], index: number): Cell {
  return rows.slice(0, index + 1).findLast(([first]) => first !== undefined && textOf(first) !== '')?.[0] ?? ''
}

function recordOf(head: readonly string[], row: readonly Cell[], stream: NodeJS.WriteStream): Promise<string> {
  const facts = head.map((title, i) => [title, row[i] ?? ''] as const)
  return drawFacts(
    facts.filter(([, cell]) => textOf(cell) !== ''),
    {stream},
  )
}

/** Two columns without head: a name and what is to be said of it. Same rules as `drawTable`. */
export async function drawFacts(
  facts: readonly (readonly [string, Cell])[],
  options: TableOptions = {},
): Promise<string> {
  const {stream = process.stdout} = options
  const rows = facts.map(([name, cell]): Cell[] => [{text: name, as: 'faint'}, cell])
  return draw(rows, stream, PLAIN)
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

/** `gap` columns between two cells and at both ends, `padding` columns in each cell. */
interface Frame {
  gap: number
  padding: number
  options: TableConstructorOptions
}

const BORDERED: Frame = {gap: 1, padding: 2, options: {style: {head: [], border: []}}}
const PLAIN: Frame = {gap: 2, padding: 0, options: {chars: NO_CHARS, style: NO_STYLE}}

interface PlainCell {
  text: string
  as?: Shade
}

async function draw(cells: readonly Cell[][], stream: NodeJS.WriteStream, frame: Frame): Promise<string> {
  const paint = paintFor(stream)
  const rows = cells.map((row) => row.map((cell) => plainCell(cell, stream.isTTY ? '\n' : ', ')))
  const widths = stream.isTTY ? columnWidths(rows, stream.columns || 80, frame) : null
  const {default: Table} = await import('cli-table3')
  const table = new Table({...frame.options, ...(widths && {colWidths: widths, wordWrap: true})})
  for (const row of rows) {
    table.push(row.map((cell, i) => paintCell(widths ? broken(cell, widths[i]! - frame.padding) : cell, paint)))
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** null: the natural widths fit. Otherwise the widest columns give way first, none below its longest word if that is possible. */
function columnWidths(rows: PlainCell[][], width: number, {gap, padding}: Frame): number[] | null {
  const natural = widthsBy(rows, textWidth, padding)
  const room = width - gap * (natural.length + 1)
  if (sum(natural) <= room) return null
  const words = widthsBy(rows, wordWidth, padding)
  const least = sum(words) <= room ? words : words.map((word) => Math.min(word, 10))
  const widths = [...natural]
  while (sum(widths) > room) {
    const spare = widths.map((own, i) => (own > least[i]! ? own : 0))
    const widest = spare.indexOf(Math.max(...spare))
    if (spare[widest] === 0) break
    widths[widest]!--
  }
  return widths
}

function wordsFit(cells: readonly Cell[][], width: number): boolean {
  const {gap, padding} = BORDERED
  const words = widthsBy(
    cells.map((row) => row.map((cell) => plainCell(cell, '\n'))),
    wordWidth,
    padding,
  )
  return sum(words) <= width - gap * (words.length + 1)
}

function widthsBy(rows: PlainCell[][], measure: (text: string) => number, padding: number): number[] {
  const columns = Math.max(...rows.map((row) => row.length))
  return Array.from({length: columns}, (_, i) => Math.max(...rows.map((row) => measure(row[i]?.text ?? ''))) + padding)
}

/** Of the longest word; one that no column could hold counts as far as a column would go. */
function wordWidth(text: string): number {
  return Math.min(44, Math.max(0, ...text.split(/\s+/).map(displayWidth)))
}

function textOf(cell: Cell): string {
  return plainCell(cell, '\n').text
}

/** Words that are longer than the column go on in the next line: a fingerprint that is cut off helps nobody. */
function broken(cell: PlainCell, width: number): PlainCell {
  const text = cell.text.replace(/\S+/g, (word) => (displayWidth(word) > width ? chunks(word, width).join('\n') : word))
  return {...cell, text}
}

function chunks(word: string, width: number): string[] {
  const parts = ['']
  for (const character of word) {
    if (displayWidth(parts.at(-1) + character) > width) parts.push('')
    parts[parts.length - 1] += character
  }
  return parts
}

function textWidth(text: string): number {
  return Math.max(...text.split('\n').map(displayWidth))
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/gu

/** Columns on a terminal: CJK and emoji take two, combining marks none. */
function displayWidth(text: string): number {
  const bare = text.replace(/\p{M}|\u200d/gu, '')
  return [...bare].length + (bare.match(WIDE)?.length ?? 0)
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function plainCell(cell: Cell, separator: string): PlainCell {
  const shaded = typeof cell === 'object' && 'as' in cell
  const content = shaded ? cell.text : cell
  const parts = Array.isArray(content) ? content : [content]
  const text = parts.map((part) => printable(String(part), 2000)).join(separator)
  return shaded ? {text, as: cell.as} : {text}
}

// Each line is painted on its own, so that no colour runs into the border.
function paintCell({text, as}: PlainCell, paint: Paint): string {
  if (as === undefined) return text
  return text
    .split('\n')
    .map((line) => paint[as](line))
    .join('\n')
}
