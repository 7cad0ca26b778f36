import {printable} from '../../mail/domain.ts'

/** Text that is HTML already. Only `html` makes it, so that nothing of a peer comes onto a page without being escaped. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = Markup | readonly Markup[] | string | number | null

/** HTML and SVG by template: strings are escaped, lists of markup joined, null is nothing. */
export function html(parts: TemplateStringsArray, ...values: Part[]): Markup {
  const text = parts.map((part, i) => `${part}${i < values.length ? shown(values[i] ?? null) : ''}`)
  return new Markup(text.join(''))
}

function shown(value: Part): string {
  if (value === null) return ''
  if (value instanceof Markup) return value.text
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? escapeHtml(value) : value.map(({text}) => text).join('\n')
}

const ENTITIES: Record<string, string> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;'}

// Safe in text and in quoted attributes, in HTML as in XML; noncharacters are in neither.
function escapeHtml(text: string): string {
  const safe = printable(text, 4000)
    .toWellFormed()
    .replace(/[\ufdd0-\ufdef\ufffe\uffff]/g, '\ufffd')
  return safe.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c)
}
