/** One element of BER, the superset of DER (X.690): what certificates and their containers are written in. */
export interface Element {
  /** The identifier octet: class, constructed bit and number. Numbers above 30 do not occur in this field. */
  tag: number
  /** The whole element, header included: the bytes that signatures and fingerprints are made over. */
  raw: Buffer
  /** The content octets; of an indefinite length without its end marker. */
  content: Buffer
}

export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** Bytes are not BER, or stop in the middle. */
export class BerError extends Error {
  override readonly name = 'BerError'
}

const CONSTRUCTED = 0x20
// Deep nesting is only ever an attack on a recursive reader.
const DEEPEST = 32

/** Reads the element at `offset`; what follows it is left alone. Throws BerError. */
export function readElement(bytes: Buffer, offset = 0, depth = 0): Element {
  if (depth > DEEPEST) throw new BerError('nested too deep')
  const tag = byteAt(bytes, offset)
  if ((tag & 0x1f) === 0x1f) throw new BerError('a tag number above 30')
  const first = byteAt(bytes, offset + 1)
  if (first === 0x80) return readIndefinite(bytes, offset, tag, depth)
  const octets = first < 0x80 ? 0 : first & 0x7f
  if (octets > 4) throw new BerError('a length above 4 GiB')
  let length = octets === 0 ? first : 0
  for (let i = 0; i < octets; i++) length = length * 256 + byteAt(bytes, offset + 2 + i)
  const start = offset + 2 + octets
  if (start + length > bytes.length) throw new BerError('it stops in the middle')
  return {tag, raw: bytes.subarray(offset, start + length), content: bytes.subarray(start, start + length)}
}

// X.690 §8.1.3.6: the content is elements until two zero octets.
function readIndefinite(bytes: Buffer, offset: number, tag: number, depth: number): Element {
  if (!(tag & CONSTRUCTED)) throw new BerError('an indefinite length on a primitive')
  let at = offset + 2
  while (byteAt(bytes, at) !== 0 || byteAt(bytes, at + 1) !== 0) {
    at += readElement(bytes, at, depth + 1).raw.length
  }
  return {tag, raw: bytes.subarray(offset, at + 2), content: bytes.subarray(offset + 2, at)}
}

function byteAt(bytes: Buffer, offset: number): number {
  const byte = bytes[offset]
  if (byte === undefined) throw new BerError('it stops in the middle')
  return byte
}

/** The elements inside a constructed one, in order. Throws BerError. */
export function children(element: Element): Element[] {
  const found: Element[] = []
  for (let at = 0; at < element.content.length; ) {
    const child = readElement(element.content, at)
    found.push(child)
    at += child.raw.length
  }
  return found
}

/** The octets of a string that BER allows to be cut into pieces (X.690 §8.7.3). */
export function octets(element: Element, depth = 0): Buffer {
  if (!(element.tag & CONSTRUCTED)) return element.content
  if (depth > DEEPEST) throw new BerError('nested too deep')
  return Buffer.concat(children(element).map((piece) => octets(piece, depth + 1)))
}

/** Dotted text of an OBJECT IDENTIFIER (X.690 §8.19). */
export function oidText(element: Element): string {
  // The longest in use have some 20 octets; adding up a long one would take its time.
  if (element.content.length > 64) return 'oversized'
  const arcs: bigint[] = []
  let arc = 0n
  for (const byte of element.content) {
    arc = arc * 128n + BigInt(byte & 0x7f)
    if (byte & 0x80) continue
    arcs.push(arc)
    arc = 0n
  }
  const head = arcs.shift() ?? 0n
  const top = head < 80n ? head / 40n : 2n
  return [top, head - top * 40n, ...arcs].join('.')
}
