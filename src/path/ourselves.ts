import type {RouteEvidence} from '../policy/evidence.ts'
import type {PathWorld} from './path.ts'

/**
 * RFC 5321 §5.1: a relay that finds itself among the MX hosts must not use itself, nor any host that is not preferred to
 * it, or the mail would go round. Static routes and literals are meant as they are written.
 */
export function withoutOurselves(world: Pick<PathWorld, 'isSelf'>, route: RouteEvidence, port: number): RouteEvidence {
  if (!world.isSelf || (route.source !== 'mx' && route.source !== 'implicit')) return route
  const own = new Set(route.hosts.filter(({name, addresses}) => world.isSelf?.({name, addresses, port})))
  if (own.size === 0) return route
  const ours = Math.min(...[...own].map(({preference}) => preference ?? 0))
  const hosts = route.hosts.map((host) => {
    if (own.has(host)) return {...host, passedOver: 'ourselves' as const}
    return (host.preference ?? 0) >= ours ? {...host, passedOver: 'behind-ourselves' as const} : host
  })
  return {...route, hosts}
}
