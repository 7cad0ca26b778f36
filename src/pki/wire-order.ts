import type {X509Certificate} from 'node:crypto'
import type {BuiltChain} from './chain.ts'
import {fingerprint, isSelfSigned} from './describe.ts'

/** What is odd, though harmless to us, about the way the peer sent its chain (RFC 5246 §7.4.2, RFC 8446 §4.4.2). */
export function wireRemarks(presented: X509Certificate[], chain: BuiltChain): string[] {
  const path = chain.path.map(fingerprint)
  const wire = presented.map(fingerprint)
  const places = path.map((print) => wire.indexOf(print)).filter((place) => place >= 0)
  const isOrdered = places.every((place, i) => i === 0 || place > places[i - 1]!)
  const extras = chain.extras.length + (wire.length - new Set(wire).size)
  const root = chain.path.at(-1)!
  const sendsRoot = chain.path.length > 1 && isSelfSigned(root) && wire.includes(fingerprint(root))
  return [
    ...(isOrdered ? [] : ['the peer sends its chain in the wrong order, which some clients refuse']),
    ...(extras > 0 ? [`it sends ${extras} more that do not belong to the chain`] : []),
    ...(sendsRoot && chain.end.kind === 'anchor' ? ['it sends the root too, which nobody needs'] : []),
  ]
}
