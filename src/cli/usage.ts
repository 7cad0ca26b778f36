import {stripVTControlCharacters} from 'node:util'
import {printable} from '../mail/domain.ts'
import {nearest} from '../state/suggest.ts'

/** The command that could not be understood: `policy apply`, and the names of its flags. */
export interface Asked {
  command?: string
  flags?: readonly string[]
}

/** oclif's paragraph as one line of ours: `--level is missing`, `the argument FILE is missing`. */
export function usageLine(message: string): string {
  return printable([...new Set(complaints(message))].join('; '), 300)
}

function complaints(message: string): string[] {
  const [head = '', ...rest] = stripVTControlCharacters(message)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('See more help'))
  if (/^The following errors? occurred:$/.test(head)) return rest.map(reworded)
  // "Parsing --port", and on the next line what is wrong with it.
  if (/^Parsing \S+$/.test(head) && rest[0]) return [`${head.slice('Parsing '.length)}: ${reworded(rest[0])}`]
  if (/^Missing \d+ required args?:$/.test(head)) return [missingArguments(rest)]
  return [reworded(head)]
}

/** Each line is a name and its description; a note may follow. */
function missingArguments(lines: string[]): string {
  const note = lines.findIndex((line) => line.startsWith('Note:'))
  const names = (note < 0 ? lines : lines.slice(0, note)).map((line) => (line.split(/\s/)[0] ?? '').toUpperCase())
  return names.length === 1 ? `the argument ${names[0]} is missing` : `the arguments ${names.join(', ')} are missing`
}

const WORDS: [RegExp, (...groups: string[]) => string][] = [
  [/^Missing required flag (\S+)$/, (name) => `--${name} is missing`],
  [/^Nonexistent flags?: (.*)$/, (names) => `there is no flag ${names}`],
  [/^Flag (--\S+) (expects|can) (.*)$/, (flag, verb, rest) => `${flag} ${verb} ${rest}`],
  [/^Expected (--\S+?)=(.*) to be one of: (.*)$/, (flag, value, words) => `${flag} ${value}: it is one of ${words}`],
  [/^Expected (an integer.*) but received: (.*)$/, (wanted, value) => `expected ${wanted} but received: ${value}`],
  [
    /^All of the following must be provided when using (--\S+): (.*)$/,
    (flag, more) => `${flag} needs ${more} beside it`,
  ],
  [/^Unexpected arguments?: (.*)$/, (words) => `nothing is to be done with the argument ${words}`],
  [/^(--[^\s=]+)(?:=.*)? cannot also be provided when using (--\S+)$/, (...pair) => excluding(pair)],
]

/** Both flags complain of each other: sorted, they say the same. */
function excluding(pair: string[]): string {
  return `${pair.sort().join(' and ')} exclude each other`
}

function reworded(line: string): string {
  for (const [form, say] of WORDS) {
    const found = form.exec(line)
    if (found) return say(...found.slice(1))
  }
  return line
}

/** What to type next: the flag that was meant, or the help of that command. */
export function usageHints(error: {suggestions?: string[]; message?: string}, {command, flags = []}: Asked): string[] {
  if (error.suggestions?.length) return error.suggestions
  const unknown = /^Nonexistent flag: --(\S+)/.exec(error.message ?? '')?.[1]
  const meant = unknown === undefined ? null : nearest(unknown, flags)
  if (meant !== null) return [`did you mean --${meant}?`]
  return [`${['postern', ...(command ? [command] : [])].join(' ')} --help shows the flags and an example`]
}
