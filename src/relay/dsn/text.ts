import {printable} from '../../mail/domain.ts'

const WIDTH = 76
/** A longer word is broken: RFC 5322 §2.1.1 allows 998 octets in a line, and a character may have four. */
const LONGEST_WORD = 200

/** Printable, in a field of one line: at most so many octets, as RFC 5322 §2.1.1 counts them. */
export function printableWithin(text: string, most: number): string {
  let [kept, octets] = ['', 0]
  for (const char of printable(text, most)) {
    octets += Buffer.byteLength(char)
    if (octets > most) return `${kept}…`
    kept += char
  }
  return kept
}

/** ASCII only; anything else becomes a question mark. */
export function ascii(text: string): string {
  return text.replace(/[^\x00-\x7f]/gu, '?')
}

export function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text)
}

/** Breaks at spaces so that lines stay within 76 characters; a longer word keeps its own line. */
export function wrap(text: string, indent = '', width = WIDTH): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).flatMap(pieces)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return line === '' ? lines : [...lines, indent + line]
}

/** A field whose text may be long, folded (RFC 5322 §2.2.3). Whatever comes from outside cannot begin a field. */
export function folded(name: string, text: string): string {
  return wrap(`${name}: ${printable(text, 700)}`, '', WIDTH - 1).join('\r\n ')
}

function pieces(word: string): string[] {
  if (word.length <= LONGEST_WORD) return word === '' ? [] : [word]
  const chars = [...word]
  return Array.from({length: Math.ceil(chars.length / LONGEST_WORD)}, (_, i) =>
    chars.slice(i * LONGEST_WORD, (i + 1) * LONGEST_WORD).join(''),
  )
}
