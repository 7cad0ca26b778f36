import {type Network, networkCovers} from './cidr.ts'
import {compileRule} from './match.ts'
import {type Pattern, patternCovers} from './pattern.ts'
import type {Rule} from './profile.ts'

/**
 * True only when everything that `inner` matches is matched by `outer`. Sound and cautious: where it cannot be told easily
 * (a regex against a pattern, two lists that cover only together) the answer is false.
 */
export function ruleCovers(outer: Rule, inner: Rule): boolean {
  if (outer.direction !== inner.direction) return false
  const big = compileRule(outer)
  const small = compileRule(inner)
  return (
    listCovers<Pattern>(big.recipients, small.recipients, patternCovers) &&
    listCovers<Pattern>(big.senders, small.senders, patternCovers) &&
    listCovers<Network>(big.destinations, small.destinations, networkCovers) &&
    listCovers<Network>(big.clients, small.clients, networkCovers)
  )
}

/** An empty list matches everything, also what is not known; a list matches less. */
function listCovers<T>(outer: readonly T[], inner: readonly T[], covers: (outer: T, inner: T) => boolean): boolean {
  if (outer.length === 0) return true
  return inner.length > 0 && inner.every((entry) => outer.some((candidate) => covers(candidate, entry)))
}
