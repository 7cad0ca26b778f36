import {Exit, type ExitCode} from '../mail/error.ts'
import type {PathEvent} from '../path/path.ts'
import type {ProbeResult} from '../report/probe-schema.ts'
import {lookAt, openProber, type ProbeOptions, type ProbeTarget} from './probe-domain.ts'
import type {AppWorld} from './world.ts'

export interface ProbeObserver {
  /** What the engine does for this target. */
  event?(target: string, event: PathEvent): void
  /** A target is done; in the order in which they end. */
  result?(result: ProbeResult): void
}

/** Looks at several domains, so many side by side. Results come in the order of the targets. */
export async function probeDomains(
  world: AppWorld,
  targets: readonly ProbeTarget[],
  options: ProbeOptions & {concurrency: number},
  observer: ProbeObserver = {},
): Promise<ProbeResult[]> {
  const prober = await openProber(world, options)
  const results: ProbeResult[] = []
  const waiting = targets.entries()
  const worker = async () => {
    for (const [i, target] of waiting) {
      const result = await lookAt(prober, target, (event) => observer.event?.(target.text, event))
      results[i] = result
      observer.result?.(result)
    }
  }
  await Promise.all(Array.from({length: Math.min(options.concurrency, targets.length)}, worker))
  return results
}

const BY_URGENCY: readonly ExitCode[] = [Exit.no, Exit.tryAgain, Exit.noHost, Exit.refused]

/** The worst of several: 1, then 75, 68 and 69, then 0. */
export function worstExit(results: readonly ProbeResult[]): ExitCode {
  const exits = results.map(({exit}) => exit as ExitCode)
  return BY_URGENCY.find((exit) => exits.includes(exit)) ?? Exit.ok
}
