/** What a colour means; each returns its text, painted or as it is. The terminal's colours are handed in from outside. */
export interface Paint {
  good(text: string): string
  bad(text: string): string
  warning(text: string): string
  strong(text: string): string
  faint(text: string): string
}

const same = (text: string) => text

/** For pipes and files. */
export const PLAIN: Paint = {good: same, bad: same, warning: same, strong: same, faint: same}
