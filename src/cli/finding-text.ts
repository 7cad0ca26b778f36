import {type FindingExplanation, levelLines} from '../policy/explain-finding.ts'
import {FAULT_WORDS} from '../policy/finding-examples.ts'
import {columns, hanging, wrap} from '../report/layout.ts'
import {paintFor} from './colour.ts'

/** The page of one finding. */
export function findingText(finding: FindingExplanation): string {
  const paint = paintFor(process.stdout)
  const width = Math.min(process.stdout.columns || 80, 80)
  const {code, severity, title, section, explanation, causes, remedy, fault, example} = finding
  const bullets = (texts: readonly string[]) => texts.flatMap((text) => hanging('  - ', text, width))
  const part = (head: string, lines: string[]) => (lines.length > 0 ? ['', paint.strong(head), ...lines] : [])
  return [
    `${paint.strong(code)}  ${severity}${section === null ? '' : paint.faint(`  ${section}`)}`,
    `${title}.`,
    '',
    ...wrap(explanation, width),
    '',
    ...hanging('  ', example, width),
    ...part('Where it comes from', bullets(causes)),
    ...part('Whose fault it is', bullets([FAULT_WORDS[fault]])),
    ...part('What to do', bullets(remedy)),
    ...part('What becomes of mail', bullets(levelLines(finding))),
  ].join('\n')
}

/** One line for each. */
export function findingList(findings: readonly FindingExplanation[]): string {
  return columns(findings.map(({code, severity, title}) => [code, severity, title]))
    .map((cells) => cells.join('  '))
    .join('\n')
}
