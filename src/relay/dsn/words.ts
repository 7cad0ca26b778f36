import {printable} from '../../mail/domain.ts'
import type {RecipientFate} from '../fate.ts'
import {mailDate} from '../mail-date.ts'
import {administratorPart} from './administrator.ts'
import {advice} from './advice.ts'
import {wantsDsn} from './notify.ts'
import type {DsnReport} from './report.ts'
import {wrap} from './text.ts'
import {peer, why} from './why.ts'

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

function closing(report: DsnReport): string {
  const {kind, expiresAt, recipients, message, original} = report
  const attached = original === null ? '' : ` ${ATTACHED[original.part]}`
  if (kind === 'failed') return `No further attempt will be made.${attached}`
  if (kind === 'relayed') return `You will hear no more of it from here.${attached}`
  const told = recipients.every(({options}) => wantsDsn(message.reversePath, options, 'failed'))
  return `Delivery is tried again until ${mailDate(expiresAt)}${told ? '; you will be told if it fails' : ''}.${attached}`
}

const ATTACHED = {full: 'Your message is attached.', headers: 'The headers of your message are attached.'}
