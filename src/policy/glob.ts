/** A shell pattern: `*` stands for any run of characters, `?` for one. Compared in lower case, in linear time. */
export interface Glob {
  text: string
  /** No wildcard in it. */
  literal: boolean
}

/** `*` and `?` as in a shell, upper and lower case alike. Takes any text. */
export function parseGlob(text: string): Glob {
  const folded = text.toLowerCase().replace(/\*+/g, '*')
  return {text: folded, literal: !/[*?]/.test(folded)}
}

/** Greedy matching that remembers only the last star: at most pattern times text steps, whatever they are. */
export function globMatches(glob: Glob, value: string): boolean {
  const pattern = glob.text
  let p = 0
  let v = 0
  let star = -1
  let resume = 0
  while (v < value.length) {
    if (pattern[p] === '*') {
      star = p++
      resume = v
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === value[v])) {
      p++
      v++
    } else if (star >= 0) {
      p = star + 1
      v = ++resume
    } else {
      return false
    }
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/**
 * True only when every value that `inner` matches is matched by `outer`; false where that cannot be told easily.
 * `*SUFFIX` covers what ends in SUFFIX.
 */
export function globCovers(outer: Glob, inner: Glob): boolean {
  if (outer.text === '*' || outer.text === inner.text) return true
  if (inner.literal) return globMatches(outer, inner.text)
  const suffix = outer.text.startsWith('*') ? outer.text.slice(1) : null
  return suffix !== null && !/[*?]/.test(suffix) && fixedEnd(inner).endsWith(suffix)
}

/** The characters after the last wildcard: every match ends in them. */
export function fixedEnd(glob: Glob): string {
  return /[^*?]*$/.exec(glob.text)?.[0] ?? ''
}
