import {explainFinding, FINDING_CODES, levelLines} from '../../src/policy/explain-finding.ts'
import {FAULT_WORDS} from '../../src/policy/finding-examples.ts'
import {FINDINGS, type FindingCode} from '../../src/policy/findings.ts'

/** docs/findings.md: what each finding code stands for. */
export function findingPage(): string {
  const codes = [...FINDING_CODES].sort()
  return `# Findings

One finding is one thing that was seen on a path or in a policy. Codes are stable; where RFC 8460 §4.3 has a result type,
that is the code. The severity is the one it has where a profile refuses because of it; where the mail passes in spite of
it, it is a warning. \`postern finding CODE\` prints the same.

| code | severity | |
|---|---|---|
${codes.map((code) => `| [\`${code}\`](#${code}) | ${FINDINGS[code].severity} | ${FINDINGS[code].title} |`).join('\n')}

${codes.map(section).join('\n\n')}
`
}

function section(code: FindingCode): string {
  const finding = explainFinding(code)
  const {title, explanation, causes, remedy, section, fault, example} = finding
  const list = (head: string, lines: readonly string[]) =>
    lines.length > 0 ? `\n\n${head}\n\n${lines.map((line) => `- ${line}`).join('\n')}` : ''
  const what = `**${title}.** ${explanation}${section ? ` (${section})` : ''}\n\n> ${example}`
  const whose = `\n\nWhose fault it is: ${FAULT_WORDS[fault]}`
  const law = list('What becomes of mail:', levelLines(finding))
  return `## ${code}\n\n${what}${list('Where it comes from:', causes)}${whose}${list('What to do:', remedy)}${law}`
}
