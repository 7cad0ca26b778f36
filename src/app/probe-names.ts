import type {Resolver} from '../dns/resolver.ts'
import type {RouteEvidence} from '../policy/evidence.ts'

/** Second-level names that registries sell below: `co.uk`. Where a list of them is not at hand, these are the usual ones. */
const SOLD_BELOW = /^(com?|net|org|gov|ac|edu|gob|ne|or|go)\.[a-z]{2}$/
/** A domain with more dangling hosts than this is in no doubt anyway. */
const MOST_LOOKED_UP = 4

/**
 * For each MX host that does not exist: the domain above it that anybody could register, where that does not exist
 * either (RFC 8020 §2). What cannot be looked up is not claimed.
 */
export async function unregisteredDomains(
  resolver: Pick<Resolver, 'txt'>,
  {hosts}: RouteEvidence,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const missing = hosts.filter(({failure}) => failure?.kind === 'nxdomain').slice(0, MOST_LOOKED_UP)
  const found = new Map<string, string>()
  for (const {name} of missing) {
    const domain = registrable(name)
    if (domain === null) continue
    const top = domain.slice(domain.indexOf('.') + 1)
    if ((await exists(resolver, domain, signal)) === false && (await exists(resolver, top, signal)) === true) {
      found.set(name, domain)
    }
  }
  return found
}

function registrable(name: string): string | null {
  const labels = name.split('.')
  const two = labels.slice(-2).join('.')
  const wanted = SOLD_BELOW.test(two) ? 3 : 2
  return labels.length >= wanted ? labels.slice(-wanted).join('.') : null
}

async function exists(resolver: Pick<Resolver, 'txt'>, name: string, signal: AbortSignal): Promise<boolean | null> {
  try {
    const answer = await resolver.txt(name, signal)
    return 'existence' in answer ? answer.existence !== 'nxdomain' : null
  } catch {
    // Out of time: nothing is known.
    return null
  }
}
