import {isUtf8} from 'node:buffer'

/** One command line, parted: the verb in upper case, and the rest without the blanks around it. */
export interface Command {
  verb: string
  argument: string
}

/**
 * Parts a command line (RFC 5321 §4.1.1); null when it is no text. Octets above 127 are kept as the UTF-8 they are
 * (RFC 6531 §3.3), so that an address can be handed on byte for byte.
 */
export function parseCommand(octets: Buffer): Command | null {
  if (!isUtf8(octets)) return null
  const line = octets.toString('utf8')
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(line)) return null
  const [, verb, argument] = /^([A-Za-z0-9]*)[ \t]*(.*)$/su.exec(line)!
  return {verb: verb!.toUpperCase(), argument: argument!.trimEnd()}
}

/** `FROM:<path> parameters`, parted. */
export interface PathArgument {
  /** Between the angle brackets, source route removed. */
  path: string
  parameters: Parameter[]
}

export interface Parameter {
  /** Upper case. */
  keyword: string
  /** null: none was given. */
  value: string | null
}

/** The argument of MAIL (`FROM`) or RCPT (`TO`); null when it has not that form (RFC 5321 §4.1.2). */
export function parsePathArgument(argument: string, word: 'FROM' | 'TO'): PathArgument | null {
  const start = argument.slice(0, word.length + 1).toUpperCase() === `${word}:` ? word.length + 1 : -1
  if (start < 0) return null
  // A blank after the colon is not in the grammar; many clients send one, and it is harmless.
  const rest = argument.slice(start).trimStart()
  const end = closingBracket(rest)
  if (end < 0) return null
  const after = rest.slice(end + 1)
  if (after !== '' && !after.startsWith(' ')) return null
  const path = withoutSourceRoute(rest.slice(1, end))
  const parameters = parseParameters(after)
  return path === null || parameters === null ? null : {path, parameters}
}

/** Index of the bracket that closes the path; those within a quoted local part do not count. */
function closingBracket(text: string): number {
  const found = /^<(?:"(?:[^"\\]|\\.)*"|[^">])*>/su.exec(text)
  return found ? found[0].length - 1 : -1
}

// RFC 5321 §4.1.1.3: a source route is taken and ignored.
function withoutSourceRoute(path: string): string | null {
  if (!path.startsWith('@')) return path
  const route = /^@[^\s@:,"<>]+(?:,@[^\s@:,"<>]+)*:/u.exec(path)
  return route ? path.slice(route[0].length) : null
}

function parseParameters(text: string): Parameter[] | null {
  const parameters: Parameter[] = []
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const found = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e\u0080-\u{10ffff}]+))?$/u.exec(word)
    if (!found) return null
    parameters.push({keyword: found[1]!.toUpperCase(), value: found[2] ?? null})
  }
  // A keyword given twice could mean either; nobody means both.
  return new Set(parameters.map((one) => one.keyword)).size === parameters.length ? parameters : null
}

/** The argument of BDAT. */
export interface ChunkSize {
  octets: number
  last: boolean
}

/** `size [LAST]` (RFC 3030 §2); null when it has not that form, or is a number that nobody can mean. */
export function parseChunkSize(argument: string): ChunkSize | null {
  const [, digits, last] = /^(\d{1,15})(?:[ \t]+(LAST))?$/i.exec(argument) ?? []
  return digits === undefined ? null : {octets: Number(digits), last: last !== undefined}
}
