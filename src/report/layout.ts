/** Lines of at most `width` columns, broken between words; a longer word stays whole, so that it can be copied. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return line === '' ? lines : [...lines, line]
}

/** A paragraph whose first line begins with `head`, and whose others stand under the text behind it. */
export function hanging(head: string, text: string, width: number): string[] {
  const indent = ' '.repeat(head.length)
  const [first = '', ...rest] = wrap(text, width - head.length)
  return [`${head}${first}`, ...rest.map((line) => `${indent}${line}`)]
}

/** Pads columns to a common width, two blanks between them. The last column is not padded. */
export function columns(rows: readonly (readonly string[])[]): string[][] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  }
  return rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))))
}
