import {createSecureContext, type SecureContext} from 'node:tls'
import type {TrustAnchors} from '../pki/certificate.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import type {RelayIdentity} from './snapshot.ts'

/** How a client is met: what the handshake is made with, and what a client certificate is verified under. */
export interface Welcome {
  /** null: no TLS is offered. */
  context: SecureContext | null
  requestClientCertificate: boolean
  /** Id of the anchors; null where no client certificate is asked for. */
  anchors: string | null
}

export const NO_TLS: Welcome = {context: null, requestClientCertificate: false, anchors: null}

const MOST_CONTEXTS = 32

/** Contexts of one identity, each made once: with the system's CAs one costs more than a handshake. */
export class Contexts {
  readonly #identity: RelayIdentity
  readonly #made = new Map<string, SecureContext>()

  constructor(identity: RelayIdentity) {
    this.#identity = identity
  }

  /** Client certificates are asked for only where a rule at `secure` may apply to this client. */
  welcome(possible: readonly EffectiveProfile[]): Welcome {
    const secure = possible.filter(({level}) => level === 'secure').map(({anchors}) => anchors)
    if (secure.length === 0) return {context: this.#context('', []), requestClientCertificate: false, anchors: null}
    const anchors = union(secure)
    const context = this.#context(anchors.id, anchors.certificates)
    return {context, requestClientCertificate: true, anchors: anchors.id}
  }

  #context(id: string, ca: string[]): SecureContext {
    const known = this.#made.get(id)
    if (known) return known
    if (this.#made.size >= MOST_CONTEXTS) this.#made.clear()
    const {certificatePem: cert, keyPem: key} = this.#identity
    // RFC 8996. Without `ca` Node would bring its own roots; an empty list trusts nobody.
    const made = createSecureContext({cert, key, ca, minVersion: 'TLSv1.2', honorCipherOrder: true})
    this.#made.set(id, made)
    return made
  }
}

function union(sets: TrustAnchors[]): {id: string; certificates: string[]} {
  const ids = [...new Set(sets.map(({id}) => id))].sort()
  return {id: ids.join('+'), certificates: [...new Set(sets.flatMap(({certificates}) => certificates))]}
}
