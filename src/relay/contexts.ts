import {createSecureContext, type SecureContext} from 'node:tls'
import type {TrustAnchors} from '../pki/certificate.ts'
import {matchesIdentifier} from '../pki/identifiers.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import type {RelayIdentity} from './snapshot.ts'

/** How a client is met: what the handshake is made with, and what a client certificate is verified under. */
export interface Welcome {
  /** null: no TLS is offered. */
  context: SecureContext | null
  /** The one for a server name; null: the one above. */
  contextFor(serverName: string): SecureContext | null
  requestClientCertificate: boolean
  /** Id of the anchors; null where no client certificate is asked for. */
  anchors: string | null
}

export const NO_TLS: Welcome = {
  context: null,
  contextFor: () => null,
  requestClientCertificate: false,
  anchors: null,
}

const MOST_CONTEXTS = 32

/** Contexts of the relay's identities, each made once: with the system's CAs one costs more than a handshake. */
export class Contexts {
  readonly #identities: readonly RelayIdentity[]
  readonly #made = new Map<string, SecureContext>()

  /** The first is the one for clients that name none of them. */
  constructor(identities: readonly [RelayIdentity, ...RelayIdentity[]]) {
    this.#identities = identities
  }

  /** Client certificates are asked for only where a rule at `secure` may apply to this client. */
  welcome(possible: readonly EffectiveProfile[]): Welcome {
    const secure = possible.filter(({level}) => level === 'secure').map(({anchors}) => anchors)
    const anchors = secure.length === 0 ? {id: null, certificates: []} : union(secure)
    const contextOf = (at: number) => this.#context(at, anchors.id ?? '', anchors.certificates)
    return {
      context: contextOf(0),
      contextFor: (serverName) => {
        const at = chooseIdentity(this.#identities, serverName)
        return at > 0 ? contextOf(at) : null
      },
      requestClientCertificate: secure.length > 0,
      anchors: anchors.id,
    }
  }

  #context(at: number, id: string, ca: string[]): SecureContext {
    const known = this.#made.get(`${at} ${id}`)
    if (known) return known
    if (this.#made.size >= MOST_CONTEXTS * this.#identities.length) this.#made.clear()
    const {certificatePem: cert, keyPem: key} = this.#identities[at]!
    // RFC 8996. Without `ca` Node would bring its own roots; an empty list trusts nobody.
    const made = createSecureContext({cert, key, ca, minVersion: 'TLSv1.2', honorCipherOrder: true})
    this.#made.set(`${at} ${id}`, made)
    return made
  }
}

/** Which identity a server name (RFC 6066 §3) asks for: one that has the name itself, before one with a wildcard; -1: none. */
function chooseIdentity(identities: readonly Pick<RelayIdentity, 'dnsNames'>[], serverName: string): number {
  const exact = identities.findIndex(({dnsNames}) => dnsNames.some((name) => !isWildcard(name) && fits(name)))
  return exact >= 0 ? exact : identities.findIndex(({dnsNames}) => dnsNames.some(fits))

  function fits(name: string): boolean {
    return matchesIdentifier(name, serverName)
  }
}

function isWildcard(name: string): boolean {
  return name.startsWith('*')
}

function union(sets: TrustAnchors[]): {id: string; certificates: string[]} {
  const ids = [...new Set(sets.map(({id}) => id))].sort()
  return {id: ids.join('+'), certificates: [...new Set(sets.flatMap(({certificates}) => certificates))]}
}
