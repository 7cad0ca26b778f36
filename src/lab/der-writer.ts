import {Tag} from '../pki/der.ts'

/** DER (X.690) as far as the lab has to write it by hand: what no library would make. */
export function element(tag: number, ...content: Buffer[]): Buffer {
  const octets = Buffer.concat(content)
  return Buffer.concat([Buffer.of(tag), lengthOf(octets.length), octets])
}

export const sequence = (...content: Buffer[]): Buffer => element(Tag.sequence, ...content)

/** Not negative. */
export function integer(octets: Buffer): Buffer {
  return element(Tag.integer, octets[0]! > 0x7f ? Buffer.concat([Buffer.of(0), octets]) : octets)
}

export const bitString = (octets: Buffer): Buffer => element(Tag.bitString, Buffer.of(0), octets)

/** OBJECT IDENTIFIER (X.690 §8.19). */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return element(Tag.oid, Buffer.from([40 * first + second, ...rest.flatMap(base128)]))
}

/** GeneralizedTime to the second, in UTC (RFC 5280 §4.1.2.5.2). */
export function generalizedTime(date: Date): Buffer {
  return element(Tag.generalizedTime, Buffer.from(`${date.toISOString().replace(/[-:T]|\..*/g, '')}Z`))
}

function base128(number: number): number[] {
  const digits = [number & 0x7f]
  for (let left = number >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80)
  return digits
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  return length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff)
}
