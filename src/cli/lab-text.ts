import type {LabListing, ListedPartner} from '../app/list-lab.ts'
import type {LabRecord} from '../app/running-lab.ts'
import type {LabEvent} from '../lab/lab.ts'
import {GROUPS} from '../lab/partner.ts'
import {printable} from '../mail/domain.ts'
import {LEVELS} from '../policy/profile.ts'
import {type Cell, drawTable} from './tables.ts'

/**
 * The partners of the lab by group: what is wrong with each, and what must come of it. On a terminal, name, domain and
 * address stand in one cell, so that there is room for the trouble.
 */
export async function labTable({lab, partners}: LabListing, stacked = process.stdout.isTTY): Promise<string> {
  const who = ['partner', 'domain', ...(lab ? ['address'] : [])]
  const head = [...(stacked ? [who.join(', ')] : who), ...LEVELS, 'what is wrong with it']
  const rowOf = (partner: ListedPartner): Cell[] => {
    const names = [partner.name, partner.domain, ...(lab ? [where(partner)] : [])]
    return [...(stacked ? [names] : names), ...LEVELS.map((level) => partner.levels[level]), partner.trouble]
  }
  const groups = await Promise.all(
    Object.entries(GROUPS).map(async ([group, title]) => {
      const rows = partners.filter((partner) => partner.group === group).map(rowOf)
      return `${group}: ${title}\n${await drawTable(head, rows)}\n`
    }),
  )
  const ports = lab && `DNS ${lab.dns}, SMTP port ${lab.ports.smtp}, implicit TLS port ${lab.ports.smtps}`
  return [...groups, ...(ports ? [ports] : [])].join('\n')
}

function where({address, hijackedBy}: ListedPartner): string {
  return hijackedBy === null ? (address ?? '–') : `hijacked by ${hijackedBy}`
}

/** What a person may type next, in another terminal. */
export function labInvitation(labDir: string, lab: LabRecord, bin: string): string {
  const head = [
    `the lab runs: ${lab.partners.length} partners, DNS at ${lab.dns}; ctrl-C ends it`,
    '',
    'in another terminal:',
    `  ${bin} lab list`,
  ]
  const {partners} = lab
  const isWhole = ['good', 'impostor'].every((name) => partners.some((partner) => partner.name === name))
  if (!isWhole) return [...head, `  ${bin} probe ${partners[0]?.domain} --lab`, ''].join('\n')
  return [
    ...head,
    `  ${bin} probe example.mil --lab`,
    `  ${bin} ca import ${labDir}/pki/root.pem ${labDir}/pki/intermediate.pem --name mil --lab`,
    `  ${bin} profile create secure-mil --level secure --ca mil --lab`,
    `  ${bin} policy apply example.mil --profile secure-mil --lab`,
    `  ${bin} lab hijack example.mil --by impostor`,
    '',
  ].join('\n')
}

const RR_TYPES: Record<number, string> = {1: 'A', 15: 'MX', 16: 'TXT', 28: 'AAAA', 52: 'TLSA'}

/** One line of what goes on in the lab; null for what nobody needs to read. */
export function labLine(event: LabEvent): string | null {
  if (event.type === 'query') return `dns        ${RR_TYPES[event.rrtype] ?? event.rrtype} ${printable(event.name)}`
  if (event.type === 'mail') {
    const {partner, client, envelope, size, file} = event.message
    const to = envelope.recipients.map(({address}) => printable(address.text)).join(', ')
    const from = printable(envelope.reversePath?.text ?? '')
    return `${named(partner)} mail from <${from}> to ${to}, ${size} octets, ${client.tls?.version ?? 'clear text'}: ${file}`
  }
  if (event.event.type === 'tls')
    return `${named(event.partner)} ${event.event.facts.version} ${event.event.facts.cipher}`
  if (event.event.type !== 'closed' || event.event.reason === 'QUIT') return null
  return `${named(event.partner)} ${printable(event.event.reason)}`
}

function named(partner: string): string {
  return partner.padEnd(10)
}
