import {printable} from '../mail/domain.ts'
import type {Finding, Outcome} from '../policy/evidence.ts'
import {hanging, wrap} from './layout.ts'
import type {Paint} from './paint.ts'
import type {AddressResult} from './probe-schema.ts'

export const OUTCOME_SHADE: Record<Outcome, keyof Paint> = {
  verified: 'good',
  tls: 'warning',
  clear: 'bad',
  refused: 'strong',
  unreachable: 'faint',
}

/** What was negotiated and what the certificate is worth, in one line: `TLSv1.3 …, chain trusted, name matches`. */
export function wireWords(address: AddressResult): string {
  const {tls, chain, subject, handshakeFailure, starttls, reach} = address
  if (!reach.reached) return `not reached: ${printable(reach.reason ?? '')}${quoted(reach.reply)}`
  if (tls) {
    const words = [tls.version, tls.cipher, tls.group].filter((word) => word !== null).join(' ')
    const trust = chain?.trusted ? `chain trusted${by(chain.anchor)}` : `chain not trusted`
    return `${words}, ${trust}, name ${subject?.matched ? 'matches' : 'does not match'}`
  }
  if (handshakeFailure) return `handshake failed: ${printable(handshakeFailure.reason)}${alertWords(address)}`
  if (starttls.injected) return 'plaintext came after the 220 of STARTTLS'
  if (starttls.accepted === false) return `STARTTLS was refused${quoted(starttls.reply)}`
  return starttls.advertised === false ? 'STARTTLS is not offered' : 'TLS was not tried'
}

/** What else the handshake told: `post-quantum hybrid; OCSP good until 2026-01-08; 2 session tickets`; '' without TLS. */
export function tlsFacts({tls}: AddressResult): string {
  if (tls === null) return ''
  const {signatureAlgorithm, postQuantum, ocsp, scts, embeddedScts, alpn, clientCertificate, sessionTickets} = tls
  const sctPlaces = [
    ...(embeddedScts ? ['the certificate'] : []),
    ...(scts ? ['the handshake'] : []),
    ...(ocsp?.scts ? ['the OCSP response'] : []),
  ]
  const said = [
    signatureAlgorithm === null ? '' : `signed with ${signatureAlgorithm}`,
    postQuantum ? 'post-quantum hybrid' : '',
    ocsp === null ? '' : `OCSP ${ocspWords(ocsp)}`,
    sctPlaces.length > 0 ? `SCTs in ${sctPlaces.join(' and ')}` : '',
    alpn === null ? '' : `ALPN ${printable(alpn)}`,
    clientCertificate === null ? '' : 'asks for a client certificate',
    sessionTickets === 0 ? '' : `${sessionTickets} session ${sessionTickets === 1 ? 'ticket' : 'tickets'}`,
  ]
  return said.filter((word) => word !== '').join('; ')
}

type Ocsp = NonNullable<NonNullable<AddressResult['tls']>['ocsp']>

function ocspWords({status, stale, signed, nextUpdate}: Ocsp): string {
  const until = nextUpdate === null || status !== 'good' ? '' : ` until ${nextUpdate.slice(0, 10)}`
  return `${status}${until}${stale ? ', out of date' : ''}${signed ? '' : ', not signed by the issuer'}`
}

/** Names that do not fit, side by side: `wanted mx1.example.mil; the certificate has www.example.mil`; '' where they fit. */
export function nameWords({subject}: AddressResult): string {
  if (subject === null || subject.matched) return ''
  const presented = subject.presented.length > 0 ? subject.presented.join(', ') : 'no name at all'
  const fits = (subject.profiles ?? []).filter(({matched}) => matched).map(({name}) => name)
  const elsewhere = fits.length > 0 ? `; it meets the subject check of profile ${fits.join(', ')}` : ''
  return printable(`wanted ${subject.reference.join(' or ')}; the certificate has ${presented}${elsewhere}`, 400)
}

const STAGES: Record<string, string> = {
  connect: 'TCP',
  greeting: 'greeting',
  ehlo: 'EHLO',
  starttls: 'STARTTLS',
  handshake: 'handshake',
  ehloAfterTls: 'EHLO inside TLS',
}

/** Where the time went: `round trip 12 ms; greeting 40, EHLO 12, STARTTLS 13, handshake 33 ms`; '' where nothing answered. */
export function timeWords({rtt, timings}: AddressResult): string {
  if (rtt === null) return ''
  const told = Object.entries(STAGES).filter(([stage]) => stage !== 'connect' && timings[stage] !== undefined)
  const stages = told.map(([stage, words]) => `${words} ${timings[stage]}`).join(', ')
  return `round trip ${rtt} ms${stages === '' ? '' : `; ${stages} ms`}`
}

/** Where it came to grief: `at greeting, "421 busy": greeting-deferred`. */
export function failureWords({failure}: AddressResult): string {
  if (failure === null) return ''
  const stage = STAGES[failure.stage] ?? STAGE_NAMES[failure.stage] ?? failure.stage
  const alert = failure.alert === null ? '' : `, ${failure.alert}`
  return `failed at ${stage}${quoted(failure.reply)}${alert}: ${failure.code}`
}

/** How to see it with one's own eyes; a shell takes the lines as they are. */
export function reproduceLines({failure}: AddressResult, width: number): string[] {
  const lines = failure === null ? [] : wrap(printable(failure.reproduce, 400), width - 2)
  return lines.map((line, i) => (i < lines.length - 1 ? `${line} \\` : line))
}

const STAGE_NAMES: Record<string, string> = {'ehlo-after-tls': 'EHLO inside TLS', dns: 'DNS'}

function by(anchor: string | null): string {
  return anchor === null ? '' : ` by ${printable(anchor)}`
}

function quoted(reply: string | null): string {
  return reply === null ? '' : ` ("${printable(reply)}")`
}

function alertWords({handshakeFailure}: AddressResult): string {
  const {alerts = [], nonTls = null} = handshakeFailure ?? {}
  const told = alerts.map(
    ({from, name, number}) => `${from === 'us' ? 'we' : 'the peer'} sent alert ${name} (${number})`,
  )
  return [...told, ...(nonTls === null ? [] : [`the peer sent "${printable(nonTls, 60)}"`])]
    .map((t) => `; ${t}`)
    .join('')
}

const FAULT = {
  peer: 'the partner has to send it',
  local: 'our trust store lacks it',
  unknown: 'the partner should send it, or our trust store lacks it',
}

/** Of a chain that is not trusted: what was presented, in order, and which issuer is missing. */
export function chainLines({chain, address}: AddressResult, width: number): string[] {
  if (!chain || chain.trusted) return []
  const presented = chain.presented.flatMap(({subject, issuer, notAfter}, i) => {
    const text = `${printable(subject)}, issued by ${printable(issuer)}, until ${notAfter.slice(0, 10)}`
    return hanging(`    ${i + 1}  `, text, width)
  })
  const missing = chain.missing.flatMap(({issuer, keyId, aia, fault}) => {
    const key = keyId === null ? '' : `, key id ${printable(keyId)}`
    const where = aia.length > 0 ? `, at ${printable(aia.join(' '))}` : ''
    // A root that was sent is there: what lacks is trust in it.
    const isSent = chain.presented.some(({subject, selfSigned}) => selfSigned && subject === issuer)
    const label = isSent ? 'not trusted' : 'missing'
    return hanging(`    -  ${label}: `, `${printable(issuer)}${key}${where}; ${FAULT[fault]}`, width)
  })
  return [`  chain as ${address} presented it`, ...presented, ...missing, ...fetchedLines(chain.issuers, width)]
}

function fetchedLines(issuers: NonNullable<AddressResult['chain']>['issuers'], width: number): string[] {
  if (!issuers) return []
  const lines = issuers.fetched.map(({url, subject, sha256, error}) => {
    const what = error === null ? `${printable(subject ?? '')}, SHA-256 ${sha256}` : `nothing (${printable(error)})`
    return `${what}, from ${printable(url)}`
  })
  const outcome = {
    true: 'with it the chain would pass',
    false: 'it does not help',
    null: 'an issuer lacks all the same',
  }
  return [...lines, outcome[`${issuers.wouldPass}`]].flatMap((line) => hanging('    +  fetched: ', line, width))
}

/** Of --full: what the host takes when it is offered little, what RFC 9325 says of it marked. */
export function enumerationLines({enumeration, address}: AddressResult, width: number): string[] {
  if (!enumeration) return []
  const {versions, ciphers, groups, connections, stopped, alpn, scts, commandInjection} = enumeration
  const taken = versions.map(({version, taken}) => `${version} ${taken === null ? '?' : taken ? 'yes' : 'no'}`)
  const said = (label: string, text: string) => hanging(`    ${label}  `, text, width)
  return [
    `  what ${address} takes, by ${connections} more connections`,
    ...said('versions', taken.join(', ')),
    ...ciphers.flatMap(({version, suites}) => {
      const names = suites.map(({name, rank}) => (rank === 'good' ? name : `${name} (${rank})`))
      return said(version, names.join(', '))
    }),
    ...(groups.names.length > 0 ? said('groups', groups.names.join(', ')) : []),
    ...(alpn === null ? [] : said('ALPN', alpnAnswer(alpn))),
    ...(scts === null ? [] : said('SCTs in the handshake', scts ? 'yes' : 'no')),
    ...(commandInjection === null
      ? []
      : said('commands before TLS', commandInjection ? 'ANSWERED INSIDE IT' : 'not taken into it')),
    ...(stopped === null ? [] : said('stopped', printable(stopped))),
    ...unseen(enumeration).flatMap((what) => said('not seen', what)),
  ]
}

/** What was not asked to the end, and may be there besides what is listed. */
function unseen({versions, ciphers, groups}: NonNullable<AddressResult['enumeration']>): string[] {
  const versionsLeft = versions.flatMap(({version, taken}) => (taken === null ? [version] : []))
  const takes13 = versions.some(({version, taken}) => version === 'TLSv1.3' && taken !== false)
  return [
    ...(versionsLeft.length > 0 ? [`whether it takes ${versionsLeft.join(', ')}`] : []),
    ...ciphers.flatMap(({version, unseen}) => {
      return unseen.length > 0
        ? [`more ciphers of ${version}: ${unseen.map((rank) => RANK_WORDS[rank]).join(', ')}`]
        : []
    }),
    ...(takes13 && !groups.complete ? ['more groups of TLSv1.3'] : []),
  ]
}

const RANK_WORDS = {good: 'good ones', discouraged: 'discouraged ones', forbidden: 'forbidden ones'}

function alpnAnswer({answer, protocol}: NonNullable<NonNullable<AddressResult['enumeration']>['alpn']>): string {
  if (answer === 'chosen') return printable(protocol ?? '')
  return answer === 'ignored' ? 'the host passes the offer over' : 'refused to who offers smtp'
}

const SEVERITY_SHADE = {error: 'bad', warning: 'warning', info: 'faint'} as const
const LABEL = {error: 'error', warning: 'warning', info: 'note'} as const

/** Each finding with its code, its sentence and what to do. */
export function findingLines(findings: readonly Finding[], paint: Paint, width: number): string[] {
  return findings.flatMap(({severity, code, message, hint, section}) => [
    ...headLines(severity, code, section ?? '', paint, width),
    ...hanging('    ', printable(message, 600), width),
    ...hanging('    -> ', printable(hint, 600), width),
  ])
}

/** The section goes below where the line has no room for it. */
function headLines(
  severity: Finding['severity'],
  code: string,
  section: string,
  paint: Paint,
  width: number,
): string[] {
  const label = LABEL[severity]
  const head = `  ${paint[SEVERITY_SHADE[severity]](label)}  ${code}`
  if (section === '') return [head]
  if (label.length + code.length + section.length + 6 <= width) return [`${head}${paint.faint(`  ${section}`)}`]
  return [head, ...wrap(section, width - 4).map((line) => `    ${paint.faint(line)}`)]
}
