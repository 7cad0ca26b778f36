import {printable} from '../../mail/domain.ts'
import {replyText} from '../../mail/reply.ts'
import {FINDINGS} from '../../policy/findings.ts'
import type {RecipientFate} from '../fate.ts'
import {checkOf} from './checks.ts'

/** Why it was not delivered, for whoever wrote it: the host, and the check that failed there or what it answered. */
export function why(fate: RecipientFate): string {
  const {reply, failures, findings, reason, address} = fate
  if (reply) return `${peer(fate)} ${REFUSED[reply.command] ?? 'refused it'}: ${printable(replyText(reply.reply), 500)}`
  const refusing = failures.filter(({outcome}) => outcome === 'refused')
  const told = [...refusing, ...failures].flatMap((failure) =>
    failure.findings.slice(0, 1).map(({code}) => sentence(`the mail host ${failure.host}`, code)),
  )
  const domain = address.slice(address.lastIndexOf('@') + 1)
  const route = findings.map(({code}) => sentence(domain, code))
  return some([...new Set(told.length > 0 ? told : route)]) ?? `${unasked(fate) ?? ownReason(reason)}.`
}

const REFUSED: Record<string, string> = {
  MAIL: 'takes no mail from you',
  RCPT: 'does not take mail for this address',
  DATA: 'did not take the message',
  BDAT: 'did not take the message',
  'end of DATA': 'did not take the message',
}

/** The host that decided it, as a subject; no host may have been reached. */
export function peer({remote}: RecipientFate): string {
  return remote ? `the mail host ${remote.host}` : 'the mail host'
}

// A finding's own message may tell an administrator what to do.
function sentence(subject: string, code: string): string {
  const kinds: Record<string, {title: string} | undefined> = FINDINGS
  const said = checkOf(code)?.says ?? `failed a check: ${kinds[code]?.title ?? code}`
  return printable(`${subject} ${said} (check: ${code})`, 500)
}

/** A partner with many hosts is not told of host by host. */
function some(told: string[]): string | null {
  if (told.length === 0) return null
  const more = told.length > 3 ? `; and so on for ${told.length - 3} more` : ''
  return `${told.slice(0, 3).join('; ')}${more}.`
}

/** What a host lacks for this message, which was not offered to it then; our own refusals begin with their status. */
function unasked(fate: RecipientFate): string | null {
  const text = ownReason(fate.reason)
  return text === fate.reason ? null : `${peer(fate)} cannot take the message: ${text.replace('the peer', 'it')}`
}

/** Our own words on it, without the status that they may begin with. */
export function ownReason(reason: string): string {
  return printable(reason.replace(/^[245](\.\d{1,3}){2} /, ''), 500)
}
