import type {Reply} from '../mail/reply.ts'

/**
 * What the reply to EHLO announces (RFC 5321 §4.1.1.1): upper-case keyword → parameters as sent, '' where there are
 * none. The first line is the peer's name. A keyword given twice keeps its first parameters.
 */
export function parseExtensions(reply: Reply): Map<string, string> {
  const extensions = new Map<string, string>()
  for (const line of reply.lines.slice(1)) {
    const found = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:\s+(.*))?$/s.exec(line.trim())
    const keyword = found?.[1]?.toUpperCase()
    if (keyword !== undefined && !extensions.has(keyword)) extensions.set(keyword, found?.[2] ?? '')
  }
  return extensions
}

/** `SIZE 1000`, `STARTTLS` …: one text for each extension. */
export function extensionLines(extensions: ReadonlyMap<string, string>): string[] {
  return [...extensions].map(([keyword, parameters]) => `${keyword} ${parameters}`.trimEnd())
}
