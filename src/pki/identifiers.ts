import {isIP} from 'node:net'

// RFC 9525 §2 asks for A-labels; underscores are no host names, but certificates have them and harm nobody.
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/

/**
 * Whether a dNSName of a certificate covers a host name (RFC 9525 §6.3). A wildcard is the whole left-most label and
 * stands for exactly one label; neither side is ever an IP address, and the common name is never looked at.
 */
export function matchesIdentifier(presented: string, reference: string): boolean {
  const wanted = labels(reference)
  if (wanted === null) return false
  const [first, ...rest] = withoutRootDot(presented).split('.')
  // RFC 9525 §7.1: what a wildcard right above a top-level domain covers has no single owner; such a name is refused.
  if (first === '*') return rest.length >= 2 && equalLabels(labels(rest.join('.')), wanted.slice(1))
  return equalLabels(labels(presented), wanted)
}

function labels(name: string): string[] | null {
  const bare = withoutRootDot(name).toLowerCase()
  if (isIP(bare) || bare.length > 253) return null
  const found = bare.split('.')
  return found.every((label) => LABEL.test(label)) ? found : null
}

// RFC 9525 §6.3 compares relative labels; the dot of the root is written or not (RFC 1034 §3.1).
function withoutRootDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function equalLabels(presented: string[] | null, wanted: string[]): boolean {
  return presented !== null && presented.length === wanted.length && presented.every((l, i) => l === wanted[i])
}
