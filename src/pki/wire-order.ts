import type {X509Certificate} from 'node:crypto'
import type {BuiltChain} from './chain.ts'
import {fingerprint, isSelfSigned} from './describe.ts'

/** How a chain was sent (RFC 5246 §7.4.2, RFC 8446 §4.4.2). */
export interface WireOrder {
  /** Each certificate came after the one that it issued. */
  inOrder: boolean
  /** Sent, and no part of the chain; or sent twice. */
  extras: X509Certificate[]
  /** The trust anchor was sent too. */
  root: X509Certificate | null
}

/** Compares what was sent, in the order of the wire, with the chain that was built from it. */
export function wireOrder(presented: X509Certificate[], chain: BuiltChain): WireOrder {
  // What would lie above a signature that does not fit belongs to the chain or does not: nobody can say.
  if (chain.end.kind === 'bad-signature') return {inOrder: true, extras: [], root: null}
  const path = chain.path.map(fingerprint)
  const wire = presented.map(fingerprint)
  const places = path.map((print) => wire.indexOf(print)).filter((place) => place >= 0)
  const last = chain.path.at(-1)!
  const sendsRoot = chain.path.length > 1 && isSelfSigned(last) && wire.includes(fingerprint(last))
  return {
    inOrder: places.every((place, i) => i === 0 || place > places[i - 1]!),
    extras: presented.filter((_, i) => !path.includes(wire[i]!) || wire.indexOf(wire[i]!) < i),
    root: sendsRoot && chain.end.kind === 'anchor' ? last : null,
  }
}

/** The same in words, for the sentence that explains the chain. */
export function wireRemarks(presented: X509Certificate[], chain: BuiltChain): string[] {
  const {inOrder, extras, root} = wireOrder(presented, chain)
  return [
    ...(inOrder ? [] : ['the peer sends its chain in the wrong order, which some clients refuse']),
    ...(extras.length > 0 ? [`it sends ${extras.length} more that do not belong to the chain`] : []),
    ...(root ? ['it sends the root too, which nobody needs'] : []),
  ]
}
