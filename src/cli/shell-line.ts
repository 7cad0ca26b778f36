/** A command of ours as a person types it into a POSIX shell. */
export function shellLine(words: readonly string[]): string {
  return ['postern', ...words].map(quoted).join(' ')
}

function quoted(word: string): string {
  return /^[\w@%.,:/=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
