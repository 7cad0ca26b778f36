import {MailAddress, mailDomainText} from '../../mail/address.ts'
import type {NewMessage} from '../../queue/store.ts'
import {mailDate} from '../mail-date.ts'
import {deliveryStatus} from './delivery-status.ts'
import {isSevenBit, originalPart, type Part, partOf} from './part.ts'
import type {DsnReport} from './report.ts'
import {humanPart, subjectLine} from './words.ts'

/**
 * A delivery status notification, ready for the queue: multipart/report (RFC 6522) of a part for people, one for programs
 * (RFC 3464) and what is returned of the message (RFC 3461 §4.3); the global types of RFC 6533 where ASCII does not do.
 */
export function composeDsn(report: DsnReport): {message: NewMessage; body: Buffer} {
  const boundary = `=_${report.id}_dsn`
  const parts = [humanPiece(report), statusPiece(report), ...(report.original ? [originalPart(report.original)] : [])]
  const body = Buffer.concat([
    Buffer.from(`${headers(report, boundary).join('\r\n')}\r\n\r\n`),
    ...parts.flatMap(({head, content}) => [
      Buffer.from(`--${boundary}\r\n${head.join('\r\n')}\r\n\r\n`),
      content,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ])
  return {message: envelope(report, body), body}
}

function headers(report: DsnReport, boundary: string): string[] {
  const {hostname, message} = report
  return [
    `From: Mail Delivery System <MAILER-DAEMON@${hostname}>`,
    `To: <${message.reversePath}>`,
    `Subject: ${subjectLine(report)}`,
    `Date: ${mailDate(report.at)}`,
    `Message-ID: <${report.id}.dsn@${hostname}>`,
    // RFC 3834 §5: nobody answers this by machine.
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="${boundary}"`,
  ]
}

function humanPiece(report: DsnReport): Part {
  return partOf('text/plain; charset=utf-8', Buffer.from(humanPart(report)), 'Notification')
}

function statusPiece(report: DsnReport): Part {
  const {text, global} = deliveryStatus(report)
  return partOf(`message/${global ? 'global-' : ''}delivery-status`, Buffer.from(text), 'Delivery report')
}

function envelope(report: DsnReport, body: Buffer): NewMessage {
  const sender = MailAddress.parse(report.message.reversePath)
  return {
    id: report.id,
    receivedAt: report.at,
    reversePath: '',
    options: {
      ...(isSevenBit(body) ? {} : {body: '8bitmime' as const}),
      ...(sender.needsUtf8 ? {smtputf8: true} : {}),
      // RFC 8689 §5: what reports on a message is protected like the message.
      ...(report.message.options.requireTls ? {requireTls: true} : {}),
    },
    recipients: [{address: sender.text, options: {}, destination: mailDomainText(sender.domain)}],
    origin: `DSN about ${report.message.id}`,
  }
}
