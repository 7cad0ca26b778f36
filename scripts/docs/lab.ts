import {CATALOGUE} from '../../src/lab/catalogue.ts'
import {GROUPS, type Group, type Levels, mxOf, type PartnerDeclaration} from '../../src/lab/partner.ts'
import {LEVELS} from '../../src/policy/profile.ts'

/** docs/lab.md: every partner of the lab, and what the probe says of it. */
export function labPage(): string {
  const troubled = CATALOGUE.filter(({trouble}) => !isInOrder(trouble)).length
  return `# The lab

A mail world on loopback, for rehearsing: DNS, CAs and ${CATALOGUE.length} partners, ${troubled} of them in trouble. \`postern lab start\` starts
the group \`story\`; \`postern lab start NAME...\` starts partners, domains or groups; \`postern lab start --all\` starts everything.

What stands here is declared beside each partner, and a test (\`test/scenario/catalogue.test.ts\`) holds the probe and the
relay's delivery to it. Outcomes are the worst over all addresses, with the lab's root and intermediate as the only trust
anchors; "now" is what a delivery gets where that differs, because another path works. Findings are those of a probe at
level \`secure\`: those in bold refuse the mail, and those after "--full" come from a closer look. Where the path is open
and the transaction fails, which a probe never gets to see, the trouble says what becomes of the message.

${(Object.keys(GROUPS) as Group[]).map(section).join('\n\n')}
`
}

function section(group: Group): string {
  const rows = CATALOGUE.filter((one) => one.group === group).map(row)
  return `## ${group}

${GROUPS[group].replace(/^./, (letter) => letter.toUpperCase())}.

| partner | what is wrong with it | ${LEVELS.join(' | ')} | the probe says |
|---|---|---|---|---|---|---|
${rows.join('\n')}`
}

function row(one: PartnerDeclaration): string {
  const {name, domain, trouble, levels, delivery, findings, remarks, full, transaction} = one
  const usual = domain === `${name}.example` && mxOf(one) === `mx1.${domain}`
  const where = usual ? '' : `<br>\`${domain}\`${mxOf(one) === `mx1.${domain}` ? '' : `, host \`${mxOf(one)}\``}`
  const link = (code: string) => `[${code}](findings.md#${code})`
  const says = [...findings.map((code) => `**${link(code)}**`), ...remarks.map(link)].join(', ') || '–'
  const closer = full?.length ? `; --full: ${full.map(link).join(', ')}` : ''
  const fate = transaction ? `: mail is ${transaction}` : ''
  const outcomes = LEVELS.map((level) => outcome(level, levels, delivery))
  return `| \`${name}\`${where} | ${trouble.replaceAll('*', '\\*')}${fate} | ${outcomes.join(' | ')} | ${says}${closer} |`
}

function outcome(level: keyof Levels, levels: Levels, delivery: Levels | undefined): string {
  const now = delivery?.[level]
  return now === undefined || now === levels[level] ? levels[level] : `${levels[level]}, now ${now}`
}

function isInOrder(trouble: string): boolean {
  return trouble.startsWith('nothing')
}
