import {Tag} from '../../src/pki/der.ts'

/** A DER element with the given content, pieces joined. */
export function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag]), derLength(body.length), body])
}

/** DER of an OBJECT IDENTIFIER from its dotted text. */
export function derOid(text: string): Buffer {
  const [top = 0, second = 0, ...rest] = text.split('.').map(Number)
  const arcs = [top * 40 + second, ...rest]
  return der(Tag.oid, Buffer.from(arcs.flatMap(base128)))
}

function derLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const hex = length.toString(16)
  const octetsOfLength = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
  return Buffer.concat([Buffer.from([0x80 | octetsOfLength.length]), octetsOfLength])
}

function base128(arc: number): number[] {
  const digits = [arc & 0x7f]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}
