/** One system call of a traced process; `start` and `end` are line numbers, so that calls of threads can be compared. */
export interface TracedCall {
  thread: string
  name: string
  /** Arguments as strace prints them, with `-y` the path of a descriptor in angle brackets. */
  args: string
  result: string
  start: number
  end: number
}

/** Reads what `strace -f -y -o FILE` wrote. A call that another thread interrupts in the print is put together again. */
export function parseTrace(text: string): TracedCall[] {
  const calls: TracedCall[] = []
  const unfinished = new Map<string, TracedCall>()
  for (const [line, content] of text.split('\n').entries()) {
    const [, pid, rest] = /^(\d+) +(.*)$/s.exec(content) ?? []
    if (pid === undefined || rest === undefined) continue
    const resumed = /^<\.\.\. \w+ resumed>(.*?)\)? += (.*)$/s.exec(rest)
    const whole = /^(\w+)\((.*)\) += (.*)$/s.exec(rest)
    const begun = /^(\w+)\((.*) <unfinished \.\.\.>$/s.exec(rest)
    if (resumed) Object.assign(unfinished.get(pid) ?? {}, {result: resumed[2], end: line})
    else if (whole)
      calls.push({thread: pid, name: whole[1]!, args: whole[2]!, result: whole[3]!, start: line, end: line})
    else if (begun) {
      const call = {
        thread: pid,
        name: begun[1]!,
        args: begun[2]!,
        result: '',
        start: line,
        end: Number.POSITIVE_INFINITY,
      }
      unfinished.set(pid, call)
      calls.push(call)
    }
  }
  return calls
}

/**
 * What is wrong with the order in which message n came to disk and was answered; null when all is well. A large body:
 * written to its segment file, the file synced, the directory synced; then, as with a small one, the row written to the
 * log, the log synced; then the answer, known by the text `answered`.
 */
export function orderFault(calls: TracedCall[], n: number, answered = `"ACK ${n} `): string | null {
  const answer = calls.find(({name, args}) => /^writev?$/.test(name) && args.includes(answered))
  if (!answer) return 'it was not answered'
  const marker = `marker-${n};`
  const segment = calls.findLast((call) => isWrite(call) && onSegment(call) && call.args.includes(marker))
  let after = 0
  if (segment) {
    const path = /<([^>]*\/segments\/[^>]*)>/.exec(segment.args)![1]!
    const synced = firstSync(calls, `<${path}>`, segment.end)
    const named = firstSync(calls, `${path.slice(0, path.lastIndexOf('/'))}>`, segment.end)
    if (!synced || !named || Math.max(synced.end, named.end) > answer.start) return 'its segment file was not synced'
    after = Math.max(synced.end, named.end)
  }
  // The row is known by the body in it, or, without one, by the sender.
  const sign = segment ? `s${n}@example.org` : marker
  const row = calls.find((call) => isWrite(call) && onLog(call) && call.args.includes(sign))
  if (!row) return 'its row was not written'
  if (row.start < after) return 'its row was written before its segment was on disk'
  const synced = firstSync(calls, 'queue.db-wal>', row.end)
  return synced && synced.end < answer.start ? null : 'it was answered before its row was synced'
}

function firstSync(calls: TracedCall[], path: string, after: number): TracedCall | undefined {
  return calls.find(
    ({name, args, result, start}) =>
      (name === 'fsync' || name === 'fdatasync') && start > after && args.includes(path) && result.startsWith('0'),
  )
}

const isWrite = ({name}: TracedCall) => /^p?writev?/.test(name)
const onSegment = ({args}: TracedCall) => /^\d+<[^>]*\/segments\//.test(args)
const onLog = ({args}: TracedCall) => /^\d+<[^>]*queue\.db-wal>/.test(args)
