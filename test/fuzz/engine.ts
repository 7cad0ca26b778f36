import {readCorpus} from './corpus.ts'
import {mutate} from './mutate.ts'
import {Random} from './random.ts'
import type {Target} from './target.ts'

export interface FuzzOptions {
  seed: number
  /** True: it is enough. Asked before each input. */
  enough(executions: number): boolean
  /** Milliseconds that one input may take; absent: as long as it likes. */
  slowest?: number
}

export interface FuzzResult {
  executions: number
  /** Inputs that met with something that nothing before them did, and the words for it. */
  novel: Novelty[]
  /** The input that shows a bug, made smaller. */
  failure: {input: Buffer; error: Error; execution: number} | null
}

export interface Novelty {
  input: Buffer
  words: string[]
}

/** Inputs that are kept to be mutated further. */
const MOST_KEPT = 3_000

/** Replays the corpus, then mutates it until it is enough or a bug shows. One seed and one corpus make one run. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzResult> {
  const random = new Random(options.seed)
  const pool = readCorpus(target.name).map(({octets}) => octets)
  const dictionary = target.dictionary.map((word) => Buffer.from(word as string))
  const seen = new Set<string>()
  const novel: Novelty[] = []
  const replay = pool.length > 0 ? [...pool] : [Buffer.alloc(0)]
  if (pool.length === 0) pool.push(Buffer.alloc(0))
  for (let executions = 0; ; executions++) {
    const input = replay[executions] ?? mutate({pool, dictionary}, random)
    if (executions >= replay.length && options.enough(executions)) return {executions, novel, failure: null}
    const outcome = await look(target, input, options.slowest)
    if (outcome instanceof Error) {
      const still = async (less: Buffer) => (await look(target, less, options.slowest)) instanceof Error
      const failure = {input: await reduced(input, still), error: outcome, execution: executions}
      return {executions: executions + 1, novel, failure}
    }
    const words = outcome.filter((word) => !seen.has(word))
    for (const word of words) seen.add(word)
    if (words.length === 0 || executions < replay.length || pool.length >= MOST_KEPT) continue
    pool.push(input)
    novel.push({input, words})
  }
}

/** The least input of its kind that still meets with the same. */
export function essence(target: Target, {input, words}: Novelty): Promise<Buffer> {
  return reduced(input, async (less) => {
    const outcome = await look(target, less, undefined)
    return !(outcome instanceof Error) && words.every((word) => outcome.includes(word))
  })
}

async function look(target: Target, input: Buffer, slowest: number | undefined): Promise<string[] | Error> {
  const begun = performance.now()
  try {
    const words = [...(await target.check(input))]
    const took = performance.now() - begun
    return slowest !== undefined && took > slowest ? new Error(`it took ${took.toFixed(0)} ms`) : words
  } catch (error) {
    return error as Error
  }
}

/** Looks that making an input smaller may cost. */
const MOST_LOOKS = 150

/** Leaves out what can be left out, in halves, quarters and so on. */
async function reduced(input: Buffer, still: (less: Buffer) => Promise<boolean>): Promise<Buffer> {
  let [least, looks] = [input, 0]
  for (let size = least.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < least.length && looks < MOST_LOOKS; looks++) {
      const less = Buffer.concat([least.subarray(0, at), least.subarray(at + size)])
      if (await still(less)) least = less
      else at += size
    }
  }
  return least
}
