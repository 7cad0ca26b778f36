import {printable} from '../mail/domain.ts'
import type {Finding} from '../policy/evidence.ts'
import {type Paint, paintFor, type Shade} from './colour.ts'

const SHADE: Record<Finding['severity'], Shade> = {error: 'bad', warning: 'warning', info: 'faint'}

/** Two lines for each finding: what is so, and what to do about it. */
export function findingLines(findings: readonly Finding[], stream: NodeJS.WriteStream = process.stderr): string[] {
  const paint: Paint = paintFor(stream)
  return findings.flatMap(({severity, message, hint}) => [
    `${paint[SHADE[severity]](severity)}: ${printable(message, 500)}`,
    `  hint: ${printable(hint, 500)}`,
  ])
}
