import type {MailOptions, RecipientOptions} from '../mail/envelope.ts'
import type {Reply} from '../mail/reply.ts'
import {embedUtf8, writeOriginalRecipient} from '../mail/xtext.ts'
import type {OutgoingMessage} from './client.ts'
import {type EightBit, scanContent} from './content-scan.ts'

/** What of the message the peer can take: parameters for the commands, or a reply of our own in place of the peer's. */
export interface Fit {
  /** Why no recipient can have it here; the peer is not asked then. */
  refusal: Reply | null
  /** How the message itself travels. `binary`: BDAT with not one octet changed. */
  transfer: 'DATA' | 'BDAT' | 'binary'
  mail: string[]
  rcpt(recipient: OutgoingMessage['recipients'][number]): {parameters: string[]; refusal: Reply | null}
}

type Extensions = ReadonlyMap<string, string>

/**
 * Compares what the message needs with what the peer offers. Reads the body only where that decides it. A message that
 * does not fit is refused rather than changed: RFC 6531 §3.2 leaves rewriting, even of a domain to its A-labels, to the
 * submission server, and RFC 6152 §3 conversion to those who can undo a signature.
 */
export async function fitTo(message: OutgoingMessage, extensions: Extensions, secure: boolean): Promise<Fit> {
  const {options, reversePath} = message
  const eightBit = await eightBitOf(message, extensions)
  const utf8 = extensions.has('SMTPUTF8')
  const refusal =
    refuseSize(message, extensions) ??
    (reversePath?.needsUtf8 && !utf8 ? UTF8_ADDRESS : null) ??
    (eightBit.header && options.smtputf8 && !utf8 ? UTF8_HEADER : null) ??
    refuseBody(options, extensions, eightBit) ??
    refuseRequireTls(message, extensions, secure)
  return {
    refusal,
    transfer: options.body === 'binarymime' ? 'binary' : extensions.has('CHUNKING') ? 'BDAT' : 'DATA',
    mail: mailParameters(message, extensions),
    rcpt: ({address, options}) => ({
      parameters: rcptParameters(address.text, options, extensions),
      refusal: address.needsUtf8 && !utf8 ? UTF8_ADDRESS : null,
    }),
  }
}

const ours = (code: number, text: string): Reply => ({code, lines: [text]})

// RFC 6531 §3.5: x.6.7 where an address needs it, x.6.9 where the header does.
const UTF8_ADDRESS = ours(553, '5.6.7 the peer does not take internationalised addresses (SMTPUTF8)')
const UTF8_HEADER = ours(554, '5.6.9 the message has internationalised header fields and the peer lacks SMTPUTF8')

// RFC 1870 §6.1: SIZE 0, or none, is no limit.
function refuseSize({size}: OutgoingMessage, extensions: Extensions): Reply | null {
  const most = Number(/^\d{1,15}$/.exec(extensions.get('SIZE') ?? '')?.[0] ?? 0)
  if (size === undefined || most === 0 || size <= most) return null
  return ours(552, `5.3.4 the message has ${size} octets, the peer takes ${most}`)
}

function refuseBody(options: MailOptions, extensions: Extensions, {header, body}: EightBit): Reply | null {
  // RFC 3030 §3: BINARYMIME travels by BDAT only.
  if (options.body === 'binarymime') {
    if (extensions.has('BINARYMIME') && extensions.has('CHUNKING')) return null
    return ours(554, '5.6.3 the message is BINARYMIME, which the peer does not take')
  }
  if (extensions.has('8BITMIME') || !(header || body)) return null
  return ours(554, '5.6.3 the message has 8-bit content and the peer does not take it (8BITMIME)')
}

// RFC 8689 §4.2.1: never without TLS, never to a peer that does not promise the same; §5: a DSN is not lost for want of
// the promise.
function refuseRequireTls({options, reversePath}: OutgoingMessage, extensions: Extensions, secure: boolean) {
  if (!options.requireTls || (secure && (extensions.has('REQUIRETLS') || reversePath === null))) return null
  return ours(550, '5.7.30 the message requires TLS all the way (REQUIRETLS) and the peer does not offer it')
}

function mailParameters(message: OutgoingMessage, extensions: Extensions): string[] {
  const {options, size, reversePath, recipients} = message
  const utf8 = options.smtputf8 || reversePath?.needsUtf8 || recipients.some(({address}) => address.needsUtf8)
  const parameters: string[] = []
  if (extensions.has('SIZE') && size !== undefined) parameters.push(`SIZE=${size}`)
  if (options.body && extensions.has(options.body === 'binarymime' ? 'BINARYMIME' : '8BITMIME'))
    parameters.push(`BODY=${options.body.toUpperCase()}`)
  if (extensions.has('SMTPUTF8') && utf8) parameters.push('SMTPUTF8')
  if (extensions.has('REQUIRETLS') && options.requireTls) parameters.push('REQUIRETLS')
  if (!extensions.has('DSN')) return parameters
  if (options.ret) parameters.push(`RET=${options.ret.toUpperCase()}`)
  if (options.envid !== undefined && isXtext(options.envid)) parameters.push(`ENVID=${options.envid}`)
  return parameters
}

function rcptParameters(address: string, options: RecipientOptions, extensions: Extensions): string[] {
  if (!extensions.has('DSN')) return []
  const parameters: string[] = []
  if (options.notify?.length) parameters.push(`NOTIFY=${options.notify.join(',').toUpperCase()}`)
  const original = originalRecipient(address, options, extensions)
  if (isXtext(original) && original.length <= 500) parameters.push(`ORCPT=${original}`)
  return parameters
}

/** As received; where there was none, the address as received (RFC 3461 §5.2.1 d), so that a later DSN can name it. */
function originalRecipient(address: string, {orcpt}: RecipientOptions, extensions: Extensions): string {
  const original = orcpt ?? writeOriginalRecipient(address)
  return extensions.has('SMTPUTF8') ? original : embedUtf8(original)
}

// RFC 3461 §4: printable, no space. RFC 6533 §3 allows UTF-8 beside it.
function isXtext(text: string): boolean {
  return /^[^\x00-\x20\x7f]+$/.test(text)
}

/** Looked up only where a missing extension makes it matter. */
async function eightBitOf(message: OutgoingMessage, extensions: Extensions): Promise<EightBit> {
  const matters = !extensions.has('8BITMIME') || (message.options.smtputf8 && !extensions.has('SMTPUTF8'))
  if (!matters || message.options.body === 'binarymime') return {header: false, body: false}
  return scanContent(message.body())
}
