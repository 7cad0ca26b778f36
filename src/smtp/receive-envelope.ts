import {MailAddress} from '../mail/address.ts'
import type {MailOptions, RecipientOptions, ReversePath} from '../mail/envelope.ts'
import type {Reply} from '../mail/reply.ts'
import {parsePathArgument} from './receive-command.ts'
import {mailOptions, recipientOptions} from './receive-parameters.ts'
import {REPLIES} from './receive-replies.ts'

/** What MAIL FROM says, or the reply that refuses it. */
export function readSender(
  argument: string,
  offered: ReadonlySet<string>,
  messageSize: number,
): {reversePath: ReversePath; options: MailOptions} | {refusal: Reply} {
  const parsed = parsePathArgument(argument, 'FROM')
  if (!parsed) return {refusal: REPLIES.badArgument}
  const read = mailOptions(parsed.parameters, offered)
  if ('refusal' in read) return read
  // RFC 1870 §6.1: refused before the client has sent it all.
  if (read.size > messageSize) return {refusal: REPLIES.tooLarge}
  const reversePath = parsed.path === '' ? null : MailAddress.tryParse(parsed.path)
  if (reversePath === null && parsed.path !== '') return {refusal: REPLIES.badSender}
  if (reversePath?.needsUtf8 && !read.options.smtputf8) return {refusal: REPLIES.needsUtf8}
  return {reversePath, options: read.options}
}

/** What RCPT TO says, or the reply that refuses it. */
export function readRecipient(
  argument: string,
  offered: ReadonlySet<string>,
  house: {hostname: string; smtputf8: boolean},
): {address: MailAddress; options: RecipientOptions} | {refusal: Reply} {
  const parsed = parsePathArgument(argument, 'TO')
  if (!parsed) return {refusal: REPLIES.badArgument}
  const read = recipientOptions(parsed.parameters, offered, house.smtputf8)
  if ('refusal' in read) return read
  const address = MailAddress.tryParse(completed(parsed.path, house.hostname))
  if (address === null) return {refusal: REPLIES.badRecipient}
  if (address.needsUtf8 && !house.smtputf8) return {refusal: REPLIES.needsUtf8}
  return {address, options: read.options}
}

// RFC 5321 §4.5.1: the postmaster of this host is reached without a domain, in any case of letters.
function completed(path: string, hostname: string): string {
  return /^postmaster$/i.test(path) ? `${path}@${hostname}` : path
}
