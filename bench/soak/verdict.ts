import type {Account} from './ledger.ts'
import type {Holdings} from './world.ts'

/** One look at the relay's process; `at` in seconds. */
export interface Sample extends Holdings {
  at: number
}

export interface Bounds {
  /** MiB a minute, once it is warm: the slope of a line through the samples of RSS. */
  rssSlope: number
  /** MiB of heap, collected, that may be held after the load beyond what was held before it. */
  heap: number
  /** File descriptors that may be open after the load beyond those before it. */
  fds: number
}

export interface Soaked {
  samples: readonly Sample[]
  idle: Holdings
  after: Holdings
  account: Account
  /** Of the relay. */
  exitCode: number | null
}

const MIB = 1024 * 1024

/** What is not as it should be; empty: all is well. */
export function faults({samples, idle, after, account, exitCode}: Soaked, bounds: Bounds): string[] {
  const slope = rssSlope(samples)
  const heap = (after.heapUsed - idle.heapUsed) / MIB
  const fds = after.fds - idle.fds
  return [
    ...(slope > bounds.rssSlope ? [`RSS grows by ${slope.toFixed(1)} MiB a minute (bound ${bounds.rssSlope})`] : []),
    ...(heap > bounds.heap ? [`the heap holds ${heap.toFixed(1)} MiB more than before (bound ${bounds.heap})`] : []),
    ...(fds > bounds.fds ? [`${fds} file descriptors more than before (bound ${bounds.fds})`] : []),
    ...(account.lost.length > 0 ? [`lost ${account.lost.length}: ${account.lost.slice(0, 5)}`] : []),
    ...(account.torn.length > 0 ? [`arrived smaller than sent: ${account.torn.slice(0, 5)}`] : []),
    ...(exitCode === 0 ? [] : [`the relay ended with ${exitCode}`]),
  ]
}

/** MiB a minute, by least squares, over the samples of the last third, when V8 and malloc have taken what they keep; 0 where they are too few to say. */
export function rssSlope(samples: readonly Sample[]): number {
  const warm = samples.slice(Math.floor((samples.length * 2) / 3))
  if (warm.length < 3) return 0
  const mean = (of: (sample: Sample) => number) => warm.reduce((sum, one) => sum + of(one), 0) / warm.length
  const [at, rss] = [mean((one) => one.at), mean((one) => one.rss)]
  const over = warm.reduce((sum, one) => sum + (one.at - at) * (one.rss - rss), 0)
  const under = warm.reduce((sum, one) => sum + (one.at - at) ** 2, 0)
  return under === 0 ? 0 : ((over / under) * 60) / MIB
}
