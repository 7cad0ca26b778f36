import type {MailOptions, RecipientOptions} from '../mail/envelope.ts'
import type {Reply} from '../mail/reply.ts'
import type {OutgoingMessage} from './client.ts'

/** What of the message the peer can take: parameters for the commands, or a reply of our own in place of the peer's. */
export interface Fit {
  /** Why no recipient can have it here; the peer is not asked then. */
  refusal: Reply | null
  mail: string[]
  rcpt(recipient: OutgoingMessage['recipients'][number]): {parameters: string[]; refusal: Reply | null}
}

type Extensions = ReadonlyMap<string, string>

/** Compares what the message needs with what the peer offers. Reads the body only where that decides it. */
export async function fitTo(message: OutgoingMessage, extensions: Extensions, secure: boolean): Promise<Fit> {
  const {options, reversePath} = message
  const eightBit = await needsEightBit(message, extensions)
  const utf8 = (reversePath?.needsUtf8 ?? false) || (options.smtputf8 === true && eightBit)
  const refusal =
    refuseSize(message, extensions) ??
    refuseBody(options, extensions, eightBit) ??
    (utf8 && !extensions.has('SMTPUTF8') ? NEEDS_UTF8 : null) ??
    refuseRequireTls(options, extensions, secure)
  return {
    refusal,
    mail: mailParameters(message, extensions),
    rcpt: ({address, options}) => ({
      parameters: rcptParameters(options, extensions),
      refusal: address.needsUtf8 && !extensions.has('SMTPUTF8') ? NEEDS_UTF8 : null,
    }),
  }
}

const ours = (code: number, text: string): Reply => ({code, lines: [text]})

// RFC 6531 §3.6 and RFC 3463 §3.7.
const NEEDS_UTF8 = ours(553, '5.6.7 the peer does not take internationalised addresses (SMTPUTF8)')

// RFC 1870 §6.1: SIZE 0, or none, is no limit.
function refuseSize({size}: OutgoingMessage, extensions: Extensions): Reply | null {
  const most = Number(/^\d{1,15}$/.exec(extensions.get('SIZE') ?? '')?.[0] ?? 0)
  if (size === undefined || most === 0 || size <= most) return null
  return ours(552, `5.3.4 the message has ${size} octets, the peer takes ${most}`)
}

function refuseBody(options: MailOptions, extensions: Extensions, eightBit: boolean): Reply | null {
  // RFC 3030 §3: BINARYMIME travels by BDAT only, which this client does not speak.
  if (options.body === 'binarymime') return ours(554, '5.6.3 the message is BINARYMIME, which cannot go out from here')
  if (options.body !== '8bitmime' || extensions.has('8BITMIME') || !eightBit) return null
  return ours(554, '5.6.3 the message has 8-bit content and the peer does not take it (8BITMIME)')
}

// RFC 8689 §4.2.1: never without TLS, never to a peer that does not promise the same.
function refuseRequireTls({requireTls}: MailOptions, extensions: Extensions, secure: boolean): Reply | null {
  if (!requireTls || (secure && extensions.has('REQUIRETLS'))) return null
  return ours(550, '5.7.30 the message requires TLS all the way (REQUIRETLS) and the peer does not offer it')
}

function mailParameters(message: OutgoingMessage, extensions: Extensions): string[] {
  const {options, size, reversePath, recipients} = message
  const utf8 = options.smtputf8 || reversePath?.needsUtf8 || recipients.some(({address}) => address.needsUtf8)
  const parameters: string[] = []
  if (extensions.has('SIZE') && size !== undefined) parameters.push(`SIZE=${size}`)
  if (extensions.has('8BITMIME') && options.body) parameters.push(`BODY=${options.body.toUpperCase()}`)
  if (extensions.has('SMTPUTF8') && utf8) parameters.push('SMTPUTF8')
  if (extensions.has('REQUIRETLS') && options.requireTls) parameters.push('REQUIRETLS')
  if (!extensions.has('DSN')) return parameters
  if (options.ret) parameters.push(`RET=${options.ret.toUpperCase()}`)
  if (options.envid !== undefined && isXtext(options.envid)) parameters.push(`ENVID=${options.envid}`)
  return parameters
}

function rcptParameters(options: RecipientOptions, extensions: Extensions): string[] {
  if (!extensions.has('DSN')) return []
  const parameters: string[] = []
  if (options.notify?.length) parameters.push(`NOTIFY=${options.notify.join(',').toUpperCase()}`)
  if (options.orcpt !== undefined && isXtext(options.orcpt)) parameters.push(`ORCPT=${options.orcpt}`)
  return parameters
}

// RFC 3461 §4: printable, no space. RFC 6533 §3 allows UTF-8 beside it.
function isXtext(text: string): boolean {
  return /^[^\x00-\x20\x7f]+$/.test(text)
}

/** Whether the content has octets above 127, looked up only where a missing extension makes it matter. */
async function needsEightBit(message: OutgoingMessage, extensions: Extensions): Promise<boolean> {
  const {body, smtputf8} = message.options
  const matters = (body === '8bitmime' && !extensions.has('8BITMIME')) || (smtputf8 && !extensions.has('SMTPUTF8'))
  if (!matters) return false
  for await (const block of message.body()) if (block.some((octet) => octet > 127)) return true
  return false
}
