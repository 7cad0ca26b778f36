import {openInputFile} from '../app/input-file.ts'
import type {ProbeOptions, ProbeTarget} from '../app/probe-domain.ts'
import {distinct, type Listed, targetsOf} from '../app/probe-list.ts'
import {distinctTargets, probeTarget} from '../app/probe-targets.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {ProbeProgress} from './probe-progress.ts'
import {standardInputStream} from './standard-input.ts'

/** What there is to look at: arguments first, then the list while it is read. */
export interface ProbeSource {
  targets: AsyncIterable<Listed>
  /** Null where nobody watches. */
  progress(stream: NodeJS.WriteStream): Promise<ProbeProgress | null>
  /** The list is not read any further. */
  close(): void
}

/** Arguments that are no domains are refused before anything is dialled; lines of a list are told as they come. */
export async function probeSource(
  given: readonly string[],
  file: string | undefined,
  {fixed}: Pick<ProbeOptions, 'fixed'>,
): Promise<ProbeSource> {
  const named = distinctTargets(given.map((text) => probeTarget(text)))
  if (fixed) return listOf([named.length > 0 ? onlyOne(named) : probeTarget(fixed.host)])
  if (file === undefined) {
    if (named.length === 0) throw noTarget()
    return listOf(named)
  }
  if (file === '-') return withList(named, standardInputStream('file'), 'stdin', () => process.stdin.destroy())
  const handle = await openInputFile(file)
  const stream = handle.createReadStream()
  return {...withList(named, stream, file, () => stream.destroy()), progress: (at) => progressOf(at, named, file)}
}

function listOf(targets: readonly ProbeTarget[]): ProbeSource {
  return {
    targets: distinct(targets),
    progress: async (stream) => (ProbeProgress.canBeSeen(stream) ? new ProbeProgress(stream, targets.length) : null),
    close: () => {},
  }
}

function withList(
  named: readonly ProbeTarget[],
  octets: AsyncIterable<Buffer>,
  name: string,
  close: () => void,
): ProbeSource {
  async function* all() {
    yield* named
    yield* targetsOf(octets, name)
  }
  return {
    targets: distinct(all()),
    progress: async (stream) => (ProbeProgress.canBeSeen(stream) ? new ProbeProgress(stream, null) : null),
    close,
  }
}

/** Somebody watches: the list is read once before, to know how long the bar is. */
async function progressOf(stream: NodeJS.WriteStream, named: readonly ProbeTarget[], file: string) {
  if (!ProbeProgress.canBeSeen(stream)) return null
  const handle = await openInputFile(file)
  // A pipe can be read but once.
  if ((await handle.stat()).isFIFO()) return handle.close().then(() => new ProbeProgress(stream, null))
  let total = named.length
  for await (const _ of targetsOf(handle.createReadStream(), file)) total += 1
  return new ProbeProgress(stream, total)
}

function onlyOne(targets: ProbeTarget[]): ProbeTarget {
  if (targets.length === 1) return targets[0]!
  throw new PosternError('target-surplus', '--connect looks at one address, for one domain', {
    exit: Exit.usage,
    hints: ['name one domain, or none to take that of --name'],
  })
}

/** `target-missing` (64). */
export function noTarget(): PosternError {
  return new PosternError('target-missing', 'no domain to probe was named', {
    exit: Exit.usage,
    hints: ['postern probe example.mil, or a list of them with --file'],
  })
}
