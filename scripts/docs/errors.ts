import {sourceFiles} from '../sources.ts'

/** docs/errors.md: every stable error code with its exit code and the place that raises it, read from the sources. */
export function errorPage(root: string): string {
  const rows = new Map<string, {exit: Set<string>; files: Set<string>}>()
  for (const {path, text} of sourceFiles(root)) {
    for (const [, code, rest] of text.matchAll(/\b[A-Z]\w*Error\(\s*'([a-z0-9-]+)'(?=([\s\S]{0,600}))/g)) {
      const row = rows.get(code!) ?? {exit: new Set(), files: new Set()}
      const exit = /exit: Exit\.(\w+)/.exec(rest!)?.[1]
      if (exit) row.exit.add(exit)
      row.files.add(path)
      rows.set(code!, row)
    }
  }
  const lines = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, {exit, files}]) => {
      return `| \`${code}\` | ${[...exit].join(', ') || 'by cause'} | ${[...files].map((file) => `\`${file}\``).join(', ')} |`
    })
  return `# Error codes

The \`code\` of \`postern.error/1\`. Stable; the message beside it is not. Exit codes: [exit-codes.md](exit-codes.md).

| code | exit | raised in |
|---|---|---|
${lines.join('\n')}
`
}
