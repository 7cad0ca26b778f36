import {printable} from '../../mail/domain.ts'
import type {Reply} from '../../mail/reply.ts'
import {decodeXtext, embedUtf8, readOriginalRecipient} from '../../mail/xtext.ts'
import type {RecipientFate} from '../fate.ts'
import {mailDate} from '../mail-date.ts'
import type {DsnReport} from './report.ts'
import {ascii, folded, isAscii, printableWithin} from './text.ts'
import {why} from './why.ts'

/**
 * The part for programs: a block about the message, then one for each recipient (RFC 3464 §2). `global`: the form that
 * holds UTF-8 (RFC 6533 §4), for a message whose envelope did.
 */
export function deliveryStatus(report: DsnReport): {text: string; global: boolean} {
  const global = isGlobal(report)
  const blocks = [messageBlock(report), ...report.recipients.map((fate) => recipientBlock(fate, report, global))]
  const text = blocks.map((block) => `${block.join('\r\n')}\r\n`).join('\r\n')
  return {text: global ? text : ascii(text), global}
}

function isGlobal({message, recipients}: DsnReport): boolean {
  if (recipients.some(({address}) => !isAscii(address))) return true
  const originals = recipients.map(({options}) => readOriginalRecipient(options.orcpt ?? '')?.address ?? '')
  return message.options.smtputf8 === true && !originals.every(isAscii)
}

function messageBlock({hostname, message}: DsnReport): string[] {
  const {id, options, origin, receivedAt} = message
  return [
    `Reporting-MTA: dns; ${hostname}`,
    ...(options.envid === undefined ? [] : [`Original-Envelope-Id: ${printable(decodeXtext(options.envid), 100)}`]),
    ...receivedFrom(origin),
    `Arrival-Date: ${mailDate(receivedAt)}`,
    `X-Postern-Queue-ID: ${id}`,
  ]
}

// RFC 3464 §2.2.4: as the client named itself, beside where it was.
function receivedFrom(origin: string): string[] {
  const [, address, hello] = /^(\S+) \(([^\s()]+)\) /.exec(origin) ?? []
  return address && hello ? [`Received-From-MTA: dns; ${printableWithin(hello, 255)} (${printable(address)})`] : []
}

function recipientBlock(fate: RecipientFate, {kind, at, expiresAt}: DsnReport, global: boolean): string[] {
  return [
    ...originalRecipient(fate.options.orcpt, global),
    `Final-Recipient: ${isAscii(fate.address) ? 'rfc822' : 'utf-8'}; ${printableWithin(fate.address, 320)}`,
    `Action: ${kind}`,
    `Status: ${STATUS_CLASS[kind]}${fate.status.slice(1)}`,
    ...(fate.remote ? [`Remote-MTA: dns; ${printable(fate.remote.host, 255)}`] : []),
    folded('Diagnostic-Code', diagnosticCode(fate)),
    `Last-Attempt-Date: ${mailDate(at)}`,
    ...(kind === 'delayed' ? [`Will-Retry-Until: ${mailDate(expiresAt)}`] : []),
  ]
}

/** The class says the same as the action (RFC 3463 §3.1), also where time ran out on what had been temporary. */
const STATUS_CLASS = {failed: '5', delayed: '4', relayed: '2'}

function originalRecipient(orcpt: string | undefined, global: boolean): string[] {
  const original = readOriginalRecipient(orcpt ?? '')
  if (!original) return []
  const utf8 = original.type.toLowerCase() === 'utf-8' && !global
  const address = utf8 ? embedUtf8(original.address) : original.address
  return [`Original-Recipient: ${printableWithin(`${original.type}; ${address}`, 800)}`]
}

/** The remote host's own words (RFC 3464 §2.3.6), else the check of ours that failed, as the sender is told of it. */
function diagnosticCode(fate: RecipientFate): string {
  return fate.reply ? `smtp; ${allLines(fate.reply.reply)}` : `x-postern; ${why(fate)}`
}

// RFC 3461 §9.2: `smtp; 550-mailbox unavailable 550 user has moved`.
function allLines({code, lines}: Reply): string {
  return lines.map((line, i) => `${code}${i < lines.length - 1 ? '-' : ' '}${line}`).join(' ')
}
