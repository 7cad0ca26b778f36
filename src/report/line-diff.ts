/** A line of a difference: `+ new`, `- old`, `  same`. */
export type DiffLine = `${'+' | '-' | ' '} ${string}`

/** Where more lines than this would have to be compared with more than this, the middle is told as replaced whole. */
const MOST = 1_000_000

/** The lines that differ, with up to `around` of what stands before and behind them. */
export function lineDiff(before: string, after: string, around = 1): DiffLine[] {
  return near(aligned(lines(before), lines(after)), around)
}

function lines(text: string): string[] {
  const all = text.split('\n')
  return all.at(-1) === '' ? all.slice(0, -1) : all
}

function aligned(old: string[], young: string[]): DiffLine[] {
  let head = 0
  while (head < Math.min(old.length, young.length) && old[head] === young[head]) head++
  let tail = 0
  const most = Math.min(old.length, young.length) - head
  while (tail < most && old.at(-1 - tail) === young.at(-1 - tail)) tail++
  const middle = compared(old.slice(head, old.length - tail), young.slice(head, young.length - tail))
  const same = (part: string[]) => part.map((line): DiffLine => `  ${line}`)
  return [...same(old.slice(0, head)), ...middle, ...same(old.slice(old.length - tail))]
}

/** By the longest common subsequence. */
function compared(old: string[], young: string[]): DiffLine[] {
  const gone = (line: string): DiffLine => `- ${line}`
  const come = (line: string): DiffLine => `+ ${line}`
  if (old.length * young.length > MOST) return [...old.map(gone), ...young.map(come)]
  const length = Array.from({length: old.length + 1}, () => new Array<number>(young.length + 1).fill(0))
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = young.length - 1; j >= 0; j--) {
      length[i]![j] =
        old[i] === young[j] ? 1 + length[i + 1]![j + 1]! : Math.max(length[i + 1]![j]!, length[i]![j + 1]!)
    }
  }
  const out: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < young.length) {
    if (i < old.length && j < young.length && old[i] === young[j]) {
      out.push(`  ${old[i]}`)
      i++
      j++
    } else if (j >= young.length || (i < old.length && length[i + 1]![j]! >= length[i]![j + 1]!)) {
      out.push(gone(old[i++]!))
    } else out.push(come(young[j++]!))
  }
  return out
}

function near(all: DiffLine[], around: number): DiffLine[] {
  const touched = all.flatMap((line, i) => (line.startsWith('  ') ? [] : [i]))
  const shown = new Set(touched.flatMap((at) => Array.from({length: 2 * around + 1}, (_, k) => at - around + k)))
  return all.filter((_, i) => shown.has(i))
}
