import {mailDomainText, parseMailDomain} from '../mail/address.ts'
import {Domain} from '../mail/domain.ts'

/** An address as patterns see it. `local` is null where only a domain is known; lower case throughout. */
export interface AddressForm {
  local: string | null
  /** A-labels, or an address literal in its brackets. */
  domain: string
  /** The same with U-labels. */
  unicodeDomain: string
}

/**
 * Cuts `user@domain` (or a bare domain) at its last `@`. Both halves are folded to lower case: a rule for alice@ that
 * Alice@ slips past would be no rule, and hardly any receiver tells them apart (RFC 5321 §2.4).
 */
export function addressForm(text: string): AddressForm {
  const at = text.lastIndexOf('@')
  const written = text.slice(at + 1)
  const domain = parseMailDomain(written)
  const ascii = domain ? mailDomainText(domain).toLowerCase() : written.toLowerCase()
  return {
    local: at < 0 ? null : text.slice(0, at).toLowerCase(),
    domain: ascii,
    unicodeDomain: domain instanceof Domain ? domain.unicode : ascii,
  }
}
