import {printable} from '../../mail/domain.ts'
import {replyText} from '../../mail/reply.ts'
import type {RecipientFate} from '../fate.ts'
import {mailDate} from '../mail-date.ts'
import {administratorPart} from './administrator.ts'
import {advice} from './advice.ts'
import {checkOf} from './checks.ts'
import {wantsDsn} from './notify.ts'
import type {DsnReport} from './report.ts'
import {wrap} from './text.ts'

/**
 * The part for people: what happened, which check failed on which host, and what the sender can do. What only an
 * administrator can use stands at its end, and says so.
 */
export function humanPart(report: DsnReport): string {
  // Recipients that met with the same are told of once.
  const alike = Map.groupBy(report.recipients, (fate) => recipientLines(fate, report).join('\r\n'))
  const lines = [
    ...wrap(opening(report)),
    '',
    ...[...alike].flatMap(([text, fates]) => [...fates.map(({address}) => `  ${printable(address, 320)}`), text, '']),
    ...wrap(closing(report)),
    '',
    ...administratorPart(report),
  ]
  return `${lines.join('\r\n')}\r\n`
}

export function subjectLine({kind}: DsnReport): string {
  return {
    failed: 'Undelivered: your message was not delivered',
    delayed: 'Delayed: your message is still waiting',
    relayed: 'Relayed: your message was handed on',
  }[kind]
}

function opening({kind, hostname}: DsnReport): string {
  const who = `This is the mail relay ${hostname}.`
  return {
    failed: `${who} Your message could not be delivered to:`,
    delayed: `${who} Your message has not been delivered yet, and you need not send it again. It waits for:`,
    relayed: `${who} You asked to be told of delivery. Your message was handed on for:`,
  }[kind]
}

function recipientLines(fate: RecipientFate, report: DsnReport): string[] {
  if (report.kind === 'relayed')
    return wrap(`Taken by ${peer(fate)}, which does not report what becomes of it.`, '    ')
  return [...wrap(`Why: ${why(fate)}`, '    '), ...wrap(`What you can do: ${advice(fate, report)}`, '    ')]
}

function why(fate: RecipientFate): string {
  const {reply, failures, findings, reason, address} = fate
  if (reply) return `${peer(fate)} ${REFUSED[reply.command] ?? 'refused it'}: ${printable(replyText(reply.reply), 500)}`
  const refusing = failures.filter(({outcome}) => outcome === 'refused')
  const told = [...refusing, ...failures].flatMap((failure) =>
    failure.findings.slice(0, 1).map(({code, message}) => sentence(`the mail host ${failure.host}`, code, message)),
  )
  const domain = address.slice(address.lastIndexOf('@') + 1)
  const route = findings.map(({code, message}) => sentence(domain, code, message))
  return some([...new Set(told.length > 0 ? told : route)]) ?? `${bare(reason)}.`
}

const REFUSED: Record<string, string> = {
  MAIL: 'takes no mail from you',
  RCPT: 'does not take mail for this address',
  DATA: 'did not take the message',
  BDAT: 'did not take the message',
  'end of DATA': 'did not take the message',
}

function peer({remote}: RecipientFate): string {
  return remote ? `the mail host ${remote.host}` : 'the mail host'
}

function sentence(subject: string, code: string, message: string): string {
  const known = checkOf(code)
  return printable(known ? `${subject} ${known.says} (check: ${code})` : `${message} (check: ${code})`, 500)
}

/** A partner with many hosts is not told of host by host. */
function some(told: string[]): string | null {
  if (told.length === 0) return null
  const more = told.length > 3 ? `; and so on for ${told.length - 3} more` : ''
  return `${told.slice(0, 3).join('; ')}${more}.`
}

/** Without the status that our own refusals begin with (RFC 2034). */
function bare(reason: string): string {
  return printable(reason.replace(/^[245](\.\d{1,3}){2} /, ''), 500)
}

function closing(report: DsnReport): string {
  const {kind, expiresAt, recipients, message, original} = report
  const attached = original === null ? '' : ` ${ATTACHED[original.part]}`
  if (kind === 'failed') return `No further attempt will be made.${attached}`
  if (kind === 'relayed') return `You will hear no more of it from here.${attached}`
  const told = recipients.every(({options}) => wantsDsn(message.reversePath, options, 'failed'))
  return `Delivery is tried again until ${mailDate(expiresAt)}${told ? '; you will be told if it fails' : ''}.${attached}`
}

const ATTACHED = {full: 'Your message is attached.', headers: 'The headers of your message are attached.'}
