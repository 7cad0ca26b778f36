import {printable} from '../../mail/domain.ts'
import {replyText} from '../../mail/reply.ts'
import type {RecipientFate} from '../fate.ts'
import {checkOf} from './checks.ts'

/** Why it was not delivered, for whoever wrote it: the host, and the check that failed there or what it answered. */
export function why(fate: RecipientFate): string {
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

export function peer({remote}: RecipientFate): string {
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
