import type {FileChange} from '../app/config-import.ts'
import {printable} from '../mail/domain.ts'
import {lineDiff} from '../report/line-diff.ts'
import {paintFor} from './colour.ts'

/** Each file that differs, and below it the lines: `~ policy.yaml`, `    + - id: r2`. */
export function changeLines(changes: readonly FileChange[]): string[] {
  const paint = paintFor(process.stdout)
  return changes.flatMap(({path, before, after}) => {
    const mark = before === null ? '+' : after === null ? '-' : '~'
    // The certificates of a CA say nothing to the eye; and of a file that is new or gone its name says it.
    const told = before === null || after === null || path.startsWith('ca/') ? [] : lineDiff(before, after)
    const lines = told.map((line) => {
      const text = `    ${printable(line, 500)}`
      return line.startsWith('+') ? paint.good(text) : line.startsWith('-') ? paint.bad(text) : paint.faint(text)
    })
    return [`${mark} ${path}`, ...lines]
  })
}

export function changeWord({before, after}: FileChange): 'added' | 'changed' | 'removed' {
  if (before === null) return 'added'
  return after === null ? 'removed' : 'changed'
}
