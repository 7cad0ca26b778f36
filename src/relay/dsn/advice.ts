import type {RecipientFate} from '../fate.ts'
import {checkOf, type Mender} from './checks.ts'
import type {DsnReport} from './report.ts'

/** What whoever wrote the message can do; an administrator has a paragraph of their own. */
export function advice(fate: RecipientFate, {kind}: DsnReport): string {
  const domain = fate.address.slice(fate.address.lastIndexOf('@') + 1)
  const decided = decidedBy(fate)
  if (kind === 'delayed') return `nothing for now: delivery is tried again by itself. ${URGENT[decided]}`
  return FAILED[decided](domain)
}

type Cause = Mender | 'mailbox' | 'size' | 'form' | 'refused' | 'house'

/** The first check that failed, else what the status says (RFC 3463 §3). */
function decidedBy({failures, findings, status, reply, remote}: RecipientFate): Cause {
  const refusing = failures.filter(({outcome}) => outcome === 'refused')
  const codes = [...(refusing.length > 0 ? refusing : failures).flatMap((failure) => failure.findings), ...findings]
  const mender = codes.map(({code}) => checkOf(code)?.mender).find((found) => found !== undefined)
  if (mender && !reply) return mender
  return BY_STATUS.find(([pattern]) => pattern.test(status))?.[1] ?? (remote ? 'refused' : 'house')
}

const BY_STATUS: [RegExp, Cause][] = [
  [/^\d\.1\.[78]$/, 'refused'],
  [/^\d\.1\./, 'address'],
  [/^\d\.2\.2$/, 'mailbox'],
  [/^\d\.(2\.3|3\.4)$/, 'size'],
  [/^\d\.4\./, 'time'],
  [/^\d\.6\./, 'form'],
  [/^\d\.7\.(10|30)$/, 'requiretls'],
]

const OTHERWISE = 'reach the recipient in another way'
const LINES = 'the lines "For the mail administrator" below'

const FAILED: Record<Cause, (domain: string) => string> = {
  partner: (domain) =>
    `your message was not handed over, because it would not have been safe. Let the recipient know in another way; ` +
    `the mail administrator of ${domain} has to mend it and will want ${LINES}. Send your message again then.`,
  own: (domain) =>
    `ask your own mail administrator, who decides what is demanded on the way to ${domain}, and pass on ${LINES}.`,
  either: (domain) =>
    `your message was not handed over, because it would not have been safe. Ask your own mail administrator, and pass ` +
    `on ${LINES}: they can tell whether it has to be mended at ${domain} or here. Send your message again then.`,
  address: () => 'check the address for a misspelling, above all behind the @, and send the message again.',
  requiretls: () =>
    `send the message again without that demand (REQUIRETLS) if you can do without it, or ${OTHERWISE}.`,
  time: () => `send the message again later, or ${OTHERWISE}.`,
  mailbox: () => `the mailbox is full: ${OTHERWISE}, or send the message again later.`,
  size: () => 'the message is too large for the recipient: send a smaller one.',
  form: () => `the message has a form that the other side cannot take: ask your own mail administrator.`,
  refused: (domain) => `the answer above is all that we were told. Ask postmaster@${domain} about it, or ${OTHERWISE}.`,
  house: () => `ask your own mail administrator, and pass on ${LINES}.`,
}

const URGENT: Record<Cause, string> = {
  partner: `If it is urgent, ${OTHERWISE} and tell them that their mail host needs attention.`,
  own: `If it is urgent, ask your own mail administrator, and pass on ${LINES}.`,
  either: `If it is urgent, ask your own mail administrator, and pass on ${LINES}.`,
  address: 'Check the address for a misspelling, above all behind the @.',
  requiretls: `If it is urgent, ${OTHERWISE}.`,
  time: `If it is urgent, ${OTHERWISE}.`,
  mailbox: `The mailbox is full; if it is urgent, ${OTHERWISE}.`,
  size: `If it is urgent, ${OTHERWISE}.`,
  form: `If it is urgent, ${OTHERWISE}.`,
  refused: `If it is urgent, ${OTHERWISE}.`,
  house: `If it is urgent, ask your own mail administrator, and pass on ${LINES}.`,
}
