import {hostEndpoint} from '../../mail/address.ts'
import {printable} from '../../mail/domain.ts'
import {opensslWords} from '../../path/by-hand.ts'
import type {RecipientFate} from '../fate.ts'
import type {HostFailure} from '../host-failure.ts'
import {mailDate} from '../mail-date.ts'
import type {DsnReport} from './report.ts'
import {wrap} from './text.ts'
import {ownReason} from './why.ts'

/** What was seen, host by host, and how to see it again. */
export function administratorPart(report: DsnReport): string[] {
  const {hostname, message, recipients} = report
  const arrived = `Queue id ${message.id} at ${hostname}, received ${mailDate(message.receivedAt)}`
  const seen = [...new Set(recipients.map((fate) => fateLines(fate).join('\r\n')))]
  const codes = new Set(recipients.flatMap(({findings}) => findings.map(({code}) => code)))
  const pages = [...codes].slice(0, 5).map((code) => `  what the check means: postern finding ${code}`)
  return ['For the mail administrator:', '', ...wrap(arrived, '  '), ...seen, ...pages]
}

function fateLines({status, reason, remote, failures}: RecipientFate): string[] {
  if (failures.length > 0) return failures.flatMap(failureLines)
  const where = remote ? `${hostName(remote)}: ` : ''
  return wrap(`${where}${ownReason(reason)} (${status})`, '  ')
}

/** A host that is named by its address needs it once. */
function hostName({host, address}: NonNullable<RecipientFate['remote']>): string {
  return host.startsWith('[') ? host : `${host}[${address}]`
}

function failureLines(failure: HostFailure): string[] {
  const {findings, certificate, outcome} = failure
  return [
    `  ${hostEndpoint(failure)} (TLS: ${failure.mode})`,
    ...findings.flatMap(({code, message}) => wrap(`${code}: ${printable(message, 500)}`, '    ')),
    ...(certificate ? certificateLines(certificate) : []),
    ...(outcome === 'refused' ? commandLines(failure) : []),
  ]
}

function certificateLines({subject, issuer, notAfter, sha256}: NonNullable<HostFailure['certificate']>): string[] {
  const [name, by] = [printable(subject, 150), printable(issuer, 150)]
  return [...wrap(`certificate ${name}, issued by ${by}, until ${notAfter}`, '    '), `    SHA-256 ${sha256}`]
}

/** In two lines, as a shell takes them. */
function commandLines(failure: HostFailure): string[] {
  const words = opensslWords(failure)
  const names = words.findIndex((word) => /^-(no)?servername$/.test(word))
  return [`    ${words.slice(0, names).join(' ')} \\`, `      ${words.slice(names).join(' ')}`]
}
