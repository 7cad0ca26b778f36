import {Exit, type ExitCode} from '../mail/error.ts'
import {unlessAborted} from '../mail/limit.ts'
import type {PathEvent} from '../path/path.ts'
import type {ProbeResult} from '../report/probe-schema.ts'
import {badResult} from './probe-bad-target.ts'
import type {Baseline} from './probe-baseline.ts'
import {lookAt, type Prober} from './probe-domain.ts'
import type {Listed} from './probe-list.ts'

export interface ProbeObserver {
  /** What the engine does for this target. */
  event?(target: string, event: PathEvent): void
  /** A target is done, this one in the order of the list; in the order in which they end. Held back until it resolves. */
  result?(result: ProbeResult, index: number): void | Promise<void>
}

/** How a probe of many ended. Results are not kept: whoever wants them keeps them. */
export interface Tally {
  pass: number
  fail: number
  undetermined: number
  /** The worst of all: 1, then 64, 75, 68 and 69, then 0. */
  exit: ExitCode
  /** Ended from outside before the list did. */
  stopped: boolean
}

const BY_URGENCY: readonly ExitCode[] = [Exit.no, Exit.usage, Exit.tryAgain, Exit.noHost, Exit.refused]

/**
 * Looks at the domains of a list while it is read, so many side by side; nothing is kept of those that are done. `stop`
 * ends it: what is on its way then is given up without a result.
 */
export async function probeDomains(
  prober: Prober,
  targets: AsyncIterable<Listed>,
  options: {concurrency: number; stop?: AbortSignal; baseline?: Baseline | null},
  observer: ProbeObserver = {},
): Promise<Tally> {
  const tally: Tally = {pass: 0, fail: 0, undetermined: 0, exit: Exit.ok, stopped: false}
  const list = targets[Symbol.asyncIterator]()
  let index = 0
  const stop = options.stop ?? new AbortController().signal
  const worker = async () => {
    for (;;) {
      const next = await unlessAborted(list.next(), stop)
      if (next.done) return
      const place = index++
      const seen = await look(prober, next.value, stop, observer)
      const result = options.baseline?.compare(seen) ?? seen
      count(tally, result)
      await observer.result?.(result, place)
    }
  }
  const ends = await Promise.allSettled(Array.from({length: options.concurrency}, worker))
  for (const end of ends) if (end.status === 'rejected' && end.reason !== stop.reason) throw end.reason
  return {...tally, stopped: stop.aborted}
}

function look(prober: Prober, target: Listed, stop: AbortSignal, observer: ProbeObserver): Promise<ProbeResult> {
  if (!('domain' in target)) return Promise.resolve(badResult(target))
  return lookAt(prober, target, (event) => observer.event?.(target.text, event), stop)
}

function count(tally: Tally, {verdict, exit}: ProbeResult): void {
  tally[verdict] += 1
  const both = [tally.exit, exit as ExitCode]
  tally.exit = BY_URGENCY.find((one) => both.includes(one)) ?? Exit.ok
}
