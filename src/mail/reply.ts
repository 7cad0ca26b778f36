/** An SMTP reply (RFC 5321 §4.2): the code and the text of each line, without code, separator and line end. */
export interface Reply {
  /** 200 to 599. */
  code: number
  lines: string[]
}

/** RFC 3463 status code, `class.subject.detail`. */
export type EnhancedStatus = `${2 | 4 | 5}.${number}.${number}`

/** The enhanced status that a reply begins with, when it has one whose class agrees with the code (RFC 2034 §4). */
export function enhancedStatus(reply: Reply): EnhancedStatus | null {
  const found = /^([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)/.exec(reply.lines[0] ?? '')
  if (!found || found[1] !== String(reply.code)[0]) return null
  return found[0] as EnhancedStatus
}

/** One line for people and logs: `250 2.0.0 ok`; lines of a longer reply are joined by " / ". */
export function replyText(reply: Reply): string {
  return `${reply.code} ${reply.lines.join(' / ')}`.trimEnd()
}
