import {X509Certificate} from 'node:crypto'
import type {PeerCertificate} from 'node:tls'

/** More certificates than this are a peer's way to keep us busy. */
const LONGEST_CHAIN = 32

/**
 * The chain behind a leaf of `getPeerCertificate(true)`, leaf first. The last certificate points at itself, and a made-up
 * chain may run in circles; an empty object stands for no leaf.
 */
export function peerChain(leaf: PeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = []
  const seen = new Set<string>()
  let next: (PeerCertificate & {issuerCertificate?: PeerCertificate}) | undefined = leaf
  while (next?.raw && !seen.has(next.fingerprint256) && chain.length < LONGEST_CHAIN) {
    seen.add(next.fingerprint256)
    chain.push(new X509Certificate(next.raw))
    next = next.issuerCertificate
  }
  return chain
}
