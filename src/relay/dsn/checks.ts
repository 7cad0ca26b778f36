import type {FindingCode} from '../../policy/findings.ts'

/** Whoever can mend it, as far as a sender can tell them: the other side, our own side, the sender, or time. */
export type Mender = 'partner' | 'own' | 'either' | 'address' | 'requiretls' | 'time'

/** One failed check in the words of somebody who writes letters. */
export interface Check {
  /** Behind "the mail host X", or for the route behind the domain. */
  says: string
  mender: Mender
}

const check = (mender: Mender, says: string): Check => ({mender, says})

/** Codes that are missing here are told by their title. */
export const CHECKS: Partial<Record<FindingCode, Check>> = {
  'starttls-not-supported': check(
    'partner',
    'does not offer encryption (STARTTLS), without which this mail may not be sent',
  ),
  'starttls-refused': check('partner', 'offers encryption (STARTTLS) and then refuses to begin it'),
  'validation-failure': check('partner', 'and we could not agree on an encrypted connection (TLS)'),
  'plaintext-injected': check('partner', 'sent unencrypted text where encryption had to begin, as an attacker would'),
  'certificate-not-trusted': check('either', 'showed a certificate that nobody vouches for whom we trust'),
  'certificate-expired': check('partner', 'showed a certificate that has expired, or is not valid yet'),
  'certificate-revoked': check('partner', 'showed a certificate that its issuer has revoked'),
  'certificate-issuer-mismatch': check('either', 'showed a certificate from another issuer than was agreed on'),
  'certificate-host-mismatch': check('partner', 'showed a certificate that is made out to another name'),
  'tls-version-too-low': check('partner', 'offers only an encryption (TLS) that is too old'),
  'cipher-too-weak': check('partner', 'offers only an encryption (TLS) that is too weak'),
  'sts-policy-invalid': check('partner', 'is not among those that its domain lists as its own (MTA-STS)'),
  'sts-policy-fetch-error': check('partner', 'has a domain whose rules for encryption (MTA-STS) could not be fetched'),
  'sts-required': check(
    'own',
    'has a domain that publishes no rules for encryption (MTA-STS), which are demanded here',
  ),
  'tlsa-invalid': check('partner', 'showed another certificate than its domain announces (DANE)'),
  'dnssec-invalid': check('partner', 'has DNS records whose signature does not hold (DNSSEC)'),
  'dane-required': check('own', 'has no certificate announced in DNS (DANE), which is demanded here'),
  'requiretls-not-supported': check(
    'requiretls',
    'does not promise to keep your message encrypted all the way (REQUIRETLS)',
  ),
  'requiretls-unmet': check('requiretls', 'could not prove who it is, as you demanded for this message (REQUIRETLS)'),
  'host-unreachable': check('time', 'could not be reached'),
  'null-mx': check('address', 'says itself that it takes no mail'),
  'domain-not-found': check('address', 'does not exist'),
  'no-address': check('address', 'has no mail host with an address'),
  'dns-failed': check('time', 'could not be looked up'),
}

/** What a finding means to whoever wrote the message; null: it has no words of its own. */
export function checkOf(code: string): Check | null {
  return (CHECKS as Record<string, Check | undefined>)[code] ?? null
}
