import {constants, createHash} from 'node:crypto'
import {createSecureContext, type SecureContext} from 'node:tls'
import type {TrustAnchors} from '../pki/certificate.ts'
import {cipherList} from './cipher.ts'

/** What a profile asks of a handshake. */
export interface TlsRequirements {
  anchors: TrustAnchors
  minTls: '1.2' | '1.3'
  /** Bits of the symmetric cipher. */
  minStrength: number
  /** Shown to a peer that asks for a certificate of ours. Absent: it gets none. */
  identity?: ClientIdentity | null | undefined
}

export interface ClientIdentity {
  /** Leaf first, then its intermediates. */
  certificatePem: string
  keyPem: string
}

const MOST_CONTEXTS = 64
const contexts = new Map<string, SecureContext>()

/**
 * The context for these requirements, made once: reading some 150 roots costs more than a handshake. Throws when no
 * cipher is as strong as asked.
 */
export function secureContext(requirements: TlsRequirements): SecureContext {
  const {anchors, minTls, minStrength, identity} = requirements
  const key = `${anchors.id} ${minTls} ${minStrength} ${identity ? identityHash(identity) : ''}`
  const context = contexts.get(key) ?? create(requirements)
  // The least recently used one goes first.
  contexts.delete(key)
  contexts.set(key, context)
  if (contexts.size > MOST_CONTEXTS) contexts.delete(contexts.keys().next().value!)
  return context
}

/** Tells a renewed certificate, and a new key for the old one, from what was there before. */
export function identityHash({certificatePem, keyPem}: ClientIdentity): string {
  return createHash('sha256').update(certificatePem).update(keyPem).digest('hex')
}

function create({anchors, minTls, minStrength, identity}: TlsRequirements): SecureContext {
  const ciphers = cipherList(minStrength)
  if (ciphers === null) {
    throw Object.assign(new Error(`no cipher has ${minStrength} bits`), {code: 'ERR_SSL_NO_CIPHER_MATCH'})
  }
  return createSecureContext({
    // Exactly these: with an empty list nothing is trusted, never Node's own roots.
    ca: anchors.certificates,
    allowPartialTrustChain: false,
    ...(identity && {cert: identity.certificatePem, key: identity.keyPem}),
    // RFC 8996: nothing under 1.2, whatever a profile says.
    minVersion: minTls === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers,
    // RFC 9325 §3.6: the certificate that was judged is the one for the whole session.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  })
}
