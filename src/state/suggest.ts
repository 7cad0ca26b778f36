/** The known word that was probably meant; null when none is near. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const near = [...known]
    .map((candidate) => ({candidate, distance: distance(word.toLowerCase(), candidate.toLowerCase())}))
    .sort((a, b) => a.distance - b.distance)[0]
  return near && near.distance <= Math.max(1, Math.floor(near.candidate.length / 3)) ? near.candidate : null
}

/** Levenshtein distance; texts longer than any of ours are cut. */
export function distance(one: string, other: string): number {
  const [a, b] = [one.slice(0, 64), other.slice(0, 64)]
  let row = Array.from({length: b.length + 1}, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}
