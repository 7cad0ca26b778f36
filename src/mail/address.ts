import {isIPv4, isIPv6} from 'node:net'
import {Domain, printable} from './domain.ts'
import {Exit, PosternError} from './error.ts'

/** An address literal such as `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3). */
export interface AddressLiteral {
  /** The IP address, without brackets or tag. */
  literal: string
}

export type MailDomain = Domain | AddressLiteral

// RFC 6531 §3.3, without C1 controls and line separators (RFC 5198 §2): terminals and readers of logs act on them.
const NON_ASCII = '\\u00a0-\\u2027\\u202a-\\u{10ffff}'
const ATOM = `[A-Za-z0-9!#$%&'*+/=?^_\`{|}~${NON_ASCII}-]+`
const DOT_STRING = new RegExp(`^${ATOM}(\\.${ATOM})*$`, 'u')
const QUOTED_STRING = new RegExp(`^"([\\x20\\x21\\x23-\\x5b\\x5d-\\x7e${NON_ASCII}]|\\\\[\\x20-\\x7e])*"$`, 'u')

/**
 * A mailbox (RFC 5321 §4.1.2, RFC 6531 §3.3). `text` is kept byte for byte as it came, because the envelope is handed
 * on untouched; comparing and routing use `localPart` and `domain`.
 */
export class MailAddress {
  readonly text: string
  readonly localPart: string
  readonly domain: MailDomain

  private constructor(text: string, localPart: string, domain: MailDomain) {
    this.text = text
    this.localPart = localPart
    this.domain = domain
  }

  /** Throws `address-invalid` (exit 64). */
  static parse(text: string): MailAddress {
    const address = MailAddress.tryParse(text)
    if (address) return address
    throw new PosternError('address-invalid', `"${printable(text)}" is not a mail address`, {
      exit: Exit.usage,
      hints: ['an address looks like user@example.mil'],
    })
  }

  static tryParse(text: string): MailAddress | null {
    const at = text.lastIndexOf('@')
    if (at < 1) return null
    const localPart = text.slice(0, at)
    if (!DOT_STRING.test(localPart) && !QUOTED_STRING.test(localPart)) return null
    // RFC 5321 §4.5.3.1.1, §4.5.3.1.2: a local part has at most 64 octets, a domain 255, as U-labels too.
    if (Buffer.byteLength(localPart) > 64 || Buffer.byteLength(text) - Buffer.byteLength(localPart) > 256) return null
    const domain = parseMailDomain(text.slice(at + 1))
    return domain && new MailAddress(text, localPart, domain)
  }

  /** True when the address cannot travel without SMTPUTF8. */
  get needsUtf8(): boolean {
    return /[^\x00-\x7f]/.test(this.text)
  }

  toString(): string {
    return this.text
  }

  toJSON(): string {
    return this.text
  }
}

/** A domain or an address literal; null when it is neither. */
export function parseMailDomain(text: string): MailDomain | null {
  if (!text.startsWith('[')) return Domain.tryParse(text)
  const literal = /^\[(?:IPv6:([0-9a-fA-F:.]+)|([0-9.]+))\]$/i.exec(text)
  const ip = literal?.[1] ?? literal?.[2]
  if (ip === undefined) return null
  return (literal?.[1] ? isIPv6(ip) : isIPv4(ip)) ? {literal: ip} : null
}

/** The text by which a mail domain is compared, grouped and printed: A-labels, or the literal in its brackets. */
export function mailDomainText(domain: MailDomain): string {
  if (domain instanceof Domain) return domain.ascii
  return isIPv6(domain.literal) ? `[IPv6:${domain.literal}]` : `[${domain.literal}]`
}

/** `192.0.2.1:25`, `[2001:db8::1]:25`. */
export function endpoint({address, port}: {address: string; port: number}): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}

/** `mx1.example.mil[192.0.2.1]:25`; a host that is an address is not said twice. */
export function hostEndpoint({host, address, port}: {host: string; address: string; port: number}): string {
  return host.startsWith('[') ? `${host}:${port}` : `${host}[${address}]:${port}`
}
