import type {LabListing, ListedPartner} from '../app/list-lab.ts'
import type {LabRecord} from '../app/running-lab.ts'
import type {LabEvent} from '../lab/lab.ts'
import {GROUPS} from '../lab/partner.ts'
import {printable} from '../mail/domain.ts'
import {LEVELS} from '../policy/profile.ts'
import {hanging, wrap} from '../report/layout.ts'
import {paintFor} from './colour.ts'
import {type Cell, drawTable} from './tables.ts'

/**
 * The partners of the lab by group: what is wrong with each, and what must come of it. On a terminal a few lines each, of
 * which none breaks inside a word; in a pipe a table with a row each.
 */
export async function labTable(listing: LabListing, stream: NodeJS.WriteStream = process.stdout): Promise<string> {
  const {lab, partners} = listing
  const groups = Object.entries(GROUPS)
    .map(([group, title]) => ({head: `${group}: ${title}`, members: partners.filter((one) => one.group === group)}))
    .filter(({members}) => members.length > 0)
  const draw = stream.isTTY ? onTerminal : inPipe
  const blocks = await Promise.all(groups.map(({head, members}) => draw(head, members, listing, stream)))
  const ports = lab && `DNS ${lab.dns}, SMTP port ${lab.ports.smtp}, implicit TLS port ${lab.ports.smtps}`
  return [...blocks, ...(ports ? [ports] : [])].join('\n')
}

type Draw = (
  head: string,
  members: readonly ListedPartner[],
  listing: LabListing,
  stream: NodeJS.WriteStream,
) => Promise<string>

const inPipe: Draw = async (head, members, {lab}, stream) => {
  const titles = ['partner', 'domain', ...(lab ? ['address'] : []), ...LEVELS, 'what is wrong with it', 'findings']
  const rows = members.map((partner): Cell[] => [
    ...[partner.name, partner.domain, ...(lab ? [where(partner)] : [])],
    ...LEVELS.map((level) => partner.levels[level]),
    troubleOf(partner),
    findingsOf(partner),
  ])
  return `${head}\n${await drawTable(titles, rows, {stream})}\n`
}

const onTerminal: Draw = async (head, members, listing, stream) => {
  const paint = paintFor(stream)
  const width = stream.columns || 80
  // The same in each group, so that the eye finds it.
  const names = Math.max(...listing.partners.map(({name}) => name.length))
  const lines = members.flatMap((partner) => {
    const place = [partner.domain, ...(listing.lab ? [where(partner)] : [])].join(', ')
    return [
      `  ${paint.strong(partner.name.padEnd(names))}  ${outcomesOf(partner)}`,
      ...hanging('    ', troubleOf(partner), width),
      ...(findingsOf(partner) === ''
        ? []
        : hanging('    ', findingsOf(partner), width).map((line) => paint.faint(line))),
      ...(listing.lab || partner.domain !== `${partner.name}.example` ? [paint.faint(`    ${place}`)] : []),
    ]
  })
  const titles = paint.faint(`  ${'partner'.padEnd(names)}  at ${LEVELS.join(', ')}`)
  return [...wrap(head, width).map((line) => paint.strong(line)), titles, ...lines, ''].join('\n')
}

/** Once, where it is the same at every level. */
function outcomesOf({levels}: ListedPartner): string {
  const outcomes = LEVELS.map((level) => levels[level])
  return new Set(outcomes).size === 1 ? outcomes[0]! : outcomes.join(', ')
}

function troubleOf({trouble, transaction}: ListedPartner): string {
  return transaction === null ? trouble : `${trouble}: mail is ${transaction}`
}

/** What the probe says of it: at level secure, beside that, and with --full. */
function findingsOf({findings, remarks, full}: ListedPartner): string {
  const more = full && full.length > 0 ? [`with --full ${full.join(', ')}`] : []
  return [...findings, ...remarks, ...more].join(', ')
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
