import type {Finding} from './evidence.ts'

/** What a finding code stands for; docs/findings.md is made from this table. */
export interface FindingKind {
  /** The severity where the profile refuses because of it; it is a warning where the profile lets the mail pass. */
  severity: Finding['severity']
  title: string
  /** null: no RFC speaks of it. */
  section: string | null
  explanation: string
}

export const kind = (
  severity: Finding['severity'],
  title: string,
  section: string | null,
  explanation: string,
): FindingKind => ({severity, title, section, explanation})
