import type {StaticRoute} from './snapshot.ts'

/**
 * The static next hop for a destination: the route of the domain itself, else of the nearest domain above it that was
 * written with a leading dot, else `*`; null means MX.
 */
export function routeFor(routes: readonly StaticRoute[], destination: string): StaticRoute | null {
  const wanted = destination.toLowerCase()
  const fitting = routes.filter(({domain}) => covers(domain.toLowerCase(), wanted))
  return fitting.sort((a, b) => b.domain.length - a.domain.length)[0] ?? null
}

function covers(pattern: string, domain: string): boolean {
  return pattern === '*' || pattern === domain || (pattern.startsWith('.') && domain.endsWith(pattern))
}
