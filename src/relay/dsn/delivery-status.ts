import {printable} from '../../mail/domain.ts'
import {replyText} from '../../mail/reply.ts'
import type {RecipientFate} from '../fate.ts'
import {mailDate} from '../mail-date.ts'
import {decodeXtext} from '../xtext.ts'
import type {DsnReport} from './report.ts'
import {ascii, isAscii} from './text.ts'

/** The part for programs: a block about the message, then one for each recipient (RFC 3464 §2). */
export function deliveryStatus(report: DsnReport): string {
  const {message} = report
  const envelopeId = message.options.envid
  const about = [
    `Reporting-MTA: dns; ${report.hostname}`,
    ...(envelopeId === undefined ? [] : [`Original-Envelope-Id: ${field(decodeXtext(envelopeId))}`]),
    `X-Postern-Queue-ID: ${message.id}`,
    `Arrival-Date: ${mailDate(message.receivedAt)}`,
  ]
  return [about, ...report.recipients.map((fate) => recipientBlock(fate, report))]
    .map((block) => `${block.join('\r\n')}\r\n`)
    .join('\r\n')
}

function recipientBlock(fate: RecipientFate, report: DsnReport): string[] {
  return [
    ...originalRecipient(fate.options.orcpt),
    `Final-Recipient: ${isAscii(fate.address) ? 'rfc822' : 'utf-8'}; ${fate.address}`,
    `Action: ${report.kind}`,
    `Status: ${report.kind === 'delayed' ? fate.status.replace(/^5/, '4') : fate.status.replace(/^4/, '5')}`,
    ...(fate.remote ? [`Remote-MTA: dns; ${field(fate.remote.host)}`] : []),
    `Diagnostic-Code: ${diagnosticCode(fate)}`,
    `Last-Attempt-Date: ${mailDate(report.at)}`,
    ...(report.kind === 'delayed' ? [`Will-Retry-Until: ${mailDate(report.expiresAt)}`] : []),
  ]
}

// RFC 3461 §4.2: `type;address`, the address in xtext.
function originalRecipient(orcpt: string | undefined): string[] {
  const [, type, address] = /^([\w-]+);(.+)$/.exec(orcpt ?? '') ?? []
  return type && address ? [`Original-Recipient: ${type}; ${field(decodeXtext(address))}`] : []
}

/** The remote host's own words (RFC 3464 §2.3.6), else the check of ours that failed. */
function diagnosticCode({reply, findings, reason}: RecipientFate): string {
  if (reply) return `smtp; ${field(replyText(reply.reply))}`
  const codes = [...new Set(findings.map((finding) => finding.code))].join(', ')
  return `x-postern; ${field(codes ? `${codes}: ${reason}` : reason)}`
}

function field(text: string): string {
  return printable(ascii(text), 700)
}
