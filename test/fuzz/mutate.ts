import type {Random} from './random.ts'

/** Octets of an input; what a peer may send at length has tests of its own. */
const LONGEST_INPUT = 16_384

export interface Material {
  /** Inputs to mutate and to splice, one at least. */
  pool: readonly Buffer[]
  /** Words that the format knows. */
  dictionary: readonly Buffer[]
}

/** An input near one of the pool: one to five changes to it. */
export function mutate({pool, dictionary}: Material, random: Random): Buffer {
  let input = random.pick(pool)
  for (let left = 1 + random.below(5); left > 0; left--) {
    input = random.pick(CHANGES)(input, random, {pool, dictionary})
  }
  return input.subarray(0, LONGEST_INPUT)
}

type Change = (input: Buffer, random: Random, material: Material) => Buffer

const flipBit: Change = (input, random) => changed(input, random, (octet) => octet ^ (1 << random.below(8)))
const setOctet: Change = (input, random) => changed(input, random, () => random.pick(BORDERS))
const anyOctet: Change = (input, random) => changed(input, random, () => random.below(256))
const addOne: Change = (input, random) => changed(input, random, (octet) => octet + random.pick([1, -1]))

const insertToken: Change = (input, random, {dictionary}) => {
  if (dictionary.length === 0) return input
  const at = random.below(input.length + 1)
  return replaced(input, at, at, random.pick(dictionary))
}

const overwriteToken: Change = (input, random, {dictionary}) => {
  if (dictionary.length === 0) return input
  const [at, token] = [random.below(input.length + 1), random.pick(dictionary)]
  return replaced(input, at, at + token.length, token)
}

const truncate: Change = (input, random) => input.subarray(0, random.below(input.length + 1))

const leaveOut: Change = (input, random) => {
  const [at, end] = stretch(input, random)
  return replaced(input, at, end, NOTHING)
}

const repeat: Change = (input, random) => {
  const [at, end] = stretch(input, random)
  const times = random.pick([1, 1, 2, 3, 50, 300])
  const most = Math.floor(LONGEST_INPUT / Math.max(end - at, 1))
  const copies = Array.from({length: Math.min(times, most)}, () => input.subarray(at, end))
  return replaced(input, end, end, Buffer.concat(copies))
}

const move: Change = (input, random) => {
  const [at, end] = stretch(input, random)
  const without = replaced(input, at, end, NOTHING)
  const to = random.below(without.length + 1)
  return replaced(without, to, to, input.subarray(at, end))
}

/** The head of one input and the tail of another. */
const splice: Change = (input, random, {pool}) => {
  const other = random.pick(pool)
  return Buffer.concat([input.subarray(0, random.below(input.length + 1)), other.subarray(random.below(other.length))])
}

/** A stretch of another input in the middle of this one. */
const borrow: Change = (input, random, {pool}) => {
  const other = random.pick(pool)
  const [from, to] = stretch(other, random)
  const at = random.below(input.length + 1)
  return replaced(input, at, at, other.subarray(from, to))
}

/** A number in the width and order of octets that lengths have: too large, too small, off by one, that of the rest. */
const lengthField: Change = (input, random) => {
  const width = random.pick([1, 2, 3, 4])
  if (input.length < width) return input
  const at = random.below(input.length - width + 1)
  const rest = input.length - at - width
  const most = 2 ** (8 * width) - 1
  const value = Math.max(0, Math.min(most, random.pick([0, 1, rest, rest - 1, rest + 1, most, most >>> 1])))
  const field = Buffer.alloc(width)
  if (random.below(2) === 0) field.writeUIntBE(value, 0, width)
  else field.writeUIntLE(value, 0, width)
  return replaced(input, at, at + width, field)
}

/** Digits that stand in a text, as another number. */
const digits: Change = (input, random) => {
  const text = input.toString('latin1')
  const found = [...text.matchAll(/\d+/g)]
  if (found.length === 0) return input
  const {0: number, index} = random.pick(found)
  return replaced(input, index, index + number.length, Buffer.from(random.pick(NUMBERS)))
}

const CHANGES: readonly Change[] = [
  ...[flipBit, setOctet, anyOctet, addOne, insertToken, insertToken, overwriteToken, truncate, leaveOut],
  ...[repeat, move, splice, splice, borrow, lengthField, digits],
]

const NOTHING = Buffer.alloc(0)
const BORDERS = [0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x0d, 0x20, 0x2e, 0x22, 0x30]
const NUMBERS = ['0', '1', '00', '-1', '255', '256', '65535', '65536', '4294967296', '9007199254740993', '1e9']

function changed(input: Buffer, random: Random, change: (octet: number) => number): Buffer {
  if (input.length === 0) return input
  const copy = Buffer.from(input)
  const at = random.below(copy.length)
  copy[at] = change(copy[at]!)
  return copy
}

function replaced(input: Buffer, from: number, to: number, by: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, from), by, input.subarray(to)])
}

/** A part of the input, mostly a short one. */
function stretch(input: Buffer, random: Random): [number, number] {
  const at = random.below(input.length + 1)
  return [at, Math.min(input.length, at + random.pick([1, 2, 4, 8, 16, 64, 256, input.length]))]
}
