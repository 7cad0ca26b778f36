import {type Fault, FINDING_EXAMPLES} from './finding-examples.ts'
import {FINDING_PAGES, type FindingPage} from './finding-pages.ts'
import {FINDINGS, type FindingCode, type FindingKind} from './findings.ts'
import {LAW, type LawCode, type LawRow} from './problem.ts'

/** All there is to say of a finding code: what docs/findings.md and `postern finding` are made of. */
export interface FindingExplanation extends FindingKind, FindingPage {
  code: FindingCode
  fault: Fault
  /** A sentence as it is printed. */
  example: string
  /** What the mailer does at each level (docs/outcomes.md); null: it decides nothing by itself. */
  levels: Pick<LawRow, 'preferred' | 'encrypt' | 'secure'> | null
}

export const FINDING_CODES = Object.keys(FINDINGS) as FindingCode[]

/** Whether `finding CODE` has a page for it; codes of other releases are not known. */
export function isFindingCode(text: string): text is FindingCode {
  return Object.hasOwn(FINDINGS, text)
}

/** Everything there is to say of a code, and what it costs at each level where the law speaks of it. */
export function explainFinding(code: FindingCode): FindingExplanation {
  const pages: Partial<Record<FindingCode, FindingPage>> = FINDING_PAGES
  const law = Object.hasOwn(LAW, code) ? LAW[code as LawCode] : null
  const levels = law && {preferred: law.preferred, encrypt: law.encrypt, secure: law.secure}
  const [fault, example] = FINDING_EXAMPLES[code]
  return {code, ...FINDINGS[code], ...(pages[code] ?? {causes: [], remedy: []}), fault, example, levels}
}

const WORDS: Record<LawRow['preferred'] | LawRow['encrypt'], string> = {
  clear: 'delivered in clear text',
  tls: 'delivered over TLS, the peer not authenticated',
  fallback: 'in clear text on a new connection, after as many failures as --fallback-after says',
  refused: 'not delivered there',
}

/** `At encrypt: not delivered there.` for each level at which the finding counts. */
export function levelLines({levels}: FindingExplanation): string[] {
  if (levels === null) return []
  return Object.entries(levels).map(([level, cell]) => `At ${level}: ${WORDS[cell]}.`)
}
