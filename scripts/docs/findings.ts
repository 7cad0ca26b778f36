import {FINDINGS, type FindingKind} from '../../src/policy/findings.ts'

/** docs/findings.md: what each finding code stands for. */
export function findingPage(): string {
  const kinds = Object.entries<FindingKind>(FINDINGS).sort(([a], [b]) => (a < b ? -1 : 1))
  return `# Findings

One finding is one thing that was seen on a path or in a policy. Codes are stable; where RFC 8460 §4.3 has a result type,
that is the code. The severity is the one it has where a profile refuses because of it; where the mail passes in spite of
it, it is a warning.

| code | severity | |
|---|---|---|
${kinds.map(([code, {severity, title}]) => `| [\`${code}\`](#${code}) | ${severity} | ${title} |`).join('\n')}

${kinds.map(section).join('\n\n')}
`
}

function section([code, {title, explanation, section}]: [string, FindingKind]): string {
  return `## ${code}\n\n**${title}.** ${explanation}${section ? ` (${section})` : ''}`
}
