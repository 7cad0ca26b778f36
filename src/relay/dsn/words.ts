import {printable} from '../../mail/domain.ts'
import {replyText} from '../../mail/reply.ts'
import type {RecipientFate} from '../fate.ts'
import {mailDate} from '../mail-date.ts'
import type {DsnReport} from './report.ts'
import {wrap} from './text.ts'

/** The part for people: what happened, which check failed on which host, and what the sender can do. */
export function humanPart(report: DsnReport): string {
  const lines = [
    ...wrap(opening(report)),
    '',
    ...report.recipients.flatMap((fate) => [...recipientLines(fate), '']),
    ...wrap(closing(report)),
    '',
    ...wrap(
      `Your message reached ${report.hostname} on ${mailDate(report.message.receivedAt)}; its queue id is ${report.message.id}.`,
    ),
  ]
  return `${lines.join('\r\n')}\r\n`
}

export function subjectLine(report: DsnReport): string {
  return report.kind === 'failed'
    ? 'Undelivered: your message was not delivered'
    : 'Delayed: your message is still waiting'
}

function opening({kind, hostname}: DsnReport): string {
  const who = `This is the mail relay ${hostname}.`
  return kind === 'failed'
    ? `${who} Your message could not be delivered to the following recipients.`
    : `${who} Your message has not been delivered to the following recipients yet. You do not need to send it again.`
}

function recipientLines(fate: RecipientFate): string[] {
  return [
    `  ${fate.address}`,
    ...wrap(`Why: ${why(fate)}`, '    '),
    ...wrap(`What you can do: ${advice(fate)}`, '    '),
  ]
}

function why({reply, remote, findings, reason}: RecipientFate): string {
  if (reply) return `${peer(remote)} answered ${reply.command} with: ${printable(replyText(reply.reply), 500)}`
  const failed = findings.map(({code, message}) => `${message} (check: ${code})`)
  return failed.length > 0 ? [...new Set(failed)].join('; ') : reason
}

function peer(remote: RecipientFate['remote']): string {
  return remote ? `the host ${remote.host} [${remote.address}]` : 'the remote host'
}

/** By the subject of the status (RFC 3463 §3): whoever wrote the message reads this, not an administrator. */
function advice({status, reply, address}: RecipientFate): string {
  const domain = address.slice(address.lastIndexOf('@') + 1)
  if (!reply && /^\d\.7\./.test(status)) {
    return (
      `your message was not handed over, because the way to ${domain} is not as safe as the policy here demands. ` +
      `Ask the postmaster of ${domain} (or your own administrator) to look into the failed check, and send it again then.`
    )
  }
  if (/^\d\.1\./.test(status)) return 'check the address for a misspelling, and send the message again.'
  if (/^\d\.2\.2/.test(status)) return 'the mailbox is full; reach the recipient in another way.'
  if (/^\d\.(2\.3|3\.4)/.test(status)) return 'the message is too large for the recipient; send a smaller one.'
  if (/^\d\.4\./.test(status)) return `the mail hosts of ${domain} cannot be reached; check the domain, or try later.`
  return `ask the postmaster of ${domain} about the answer above.`
}

function closing({kind, expiresAt, message}: DsnReport): string {
  if (kind === 'delayed') return `Delivery is tried again until ${mailDate(expiresAt)}; you will be told if it fails.`
  return message.options.ret === 'full'
    ? 'No further attempt will be made. Your message is attached, or its headers where it is too large to return.'
    : 'No further attempt will be made. The headers of your message are attached.'
}
