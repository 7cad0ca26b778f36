/** Numbers that follow from a seed (mulberry32): the same seed, the same run. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 to `most` - 1; 0 where `most` is 0. */
  below(most: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * most)
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }
}

/** A seed that follows from octets, so that what is done with an input is the same each time it is looked at. */
export function seedOf(octets: Buffer): number {
  let seed = 2166136261
  for (const octet of octets) seed = Math.imul(seed ^ octet, 16777619)
  return seed >>> 0
}

/** The octets cut into pieces, anywhere; `longest` octets each at the most. */
export function cutAnywhere(octets: Buffer, random: Random, longest: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < octets.length; ) {
    const end = at + 1 + random.below(longest)
    pieces.push(octets.subarray(at, end))
    at = end
  }
  return pieces
}
