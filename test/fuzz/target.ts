/** What is fed with octets, and the judge of what it makes of them. */
export interface Target {
  readonly name: string
  /** Words of the format, and what its readers stumble over. */
  readonly dictionary: readonly (string | Buffer)[]
  /**
   * Throws where the input shows a bug. Returns words for what the input met with: the engine keeps the inputs that bring a word
   * which none before them brought.
   */
  check(input: Buffer): Iterable<string> | Promise<Iterable<string>>
  close?(): Promise<void>
}

export type TargetOpener = () => Target | Promise<Target>

/** A bug: the outcome is not what the oracle says it has to be. */
class OracleError extends Error {
  override readonly name = 'OracleError'
}

export function holds(condition: unknown, what: string): asserts condition {
  if (!condition) throw new OracleError(what)
}

/** Both are the same, seen as JSON; octets as hexadecimal. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [ours, theirs] = [shown(actual), shown(expected)]
  if (ours === theirs) return
  let at = 0
  while (ours[at] === theirs[at]) at++
  const near = (text: string) => text.slice(Math.max(0, at - 80), at + 120)
  throw new OracleError(`${what}: …${near(ours)}… instead of …${near(theirs)}…`)
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, part) => {
    if (part?.type === 'Buffer' && Array.isArray(part.data)) return `hex ${Buffer.from(part.data).toString('hex')}`
    return part instanceof Map ? [...part] : part
  })
}
