import type {Finding} from './evidence.ts'
import {type FindingKind, kind} from './finding-kind.ts'
import {BASELINE_FINDINGS} from './findings-baseline.ts'
import {LOCAL_FINDINGS} from './findings-local.ts'
import {ROUTE_FINDINGS} from './findings-route.ts'
import {SMTP_FINDINGS} from './findings-smtp.ts'
import {TLS_FINDINGS} from './findings-tls.ts'

export type {FindingKind}

/** Codes are stable. RFC 8460 §4.3 result types keep their name there. */
export const FINDINGS = {
  // One attempt.
  'starttls-not-supported': kind(
    'error',
    'STARTTLS is not offered',
    'RFC 8460 §4.3.1',
    'The host did not list STARTTLS after EHLO. Either it has no TLS, or somebody on the way removed the keyword.',
  ),
  'starttls-refused': kind(
    'error',
    'STARTTLS was answered with an error',
    'RFC 3207 §4',
    'The host offered STARTTLS and then answered the command with 4xx or 5xx, so that no handshake was started.',
  ),
  'validation-failure': kind(
    'error',
    'The TLS handshake failed',
    'RFC 8460 §4.3.1',
    'The handshake broke off, stalled or found no common version or cipher. TLS 1.2 is the least that is spoken.',
  ),
  'plaintext-injected': kind(
    'error',
    'Plaintext followed the 220 of STARTTLS',
    'RFC 3207 §4.2',
    'Bytes arrived between the 220 and the handshake. They were discarded: somebody may be injecting replies (CVE-2011-0411).',
  ),
  'tls-not-attempted': kind(
    'error',
    'TLS was not tried on this connection',
    'RFC 3207 §4',
    'STARTTLS was not sent, so that nothing is known of the TLS of this host. A stricter profile would have tried it.',
  ),
  'clear-text-fallback': kind(
    'error',
    'Clear text after TLS failed',
    'RFC 7435 §3',
    'TLS failed at this address as often as the profile allows, and the mail went in clear text on a new connection.',
  ),
  'certificate-not-trusted': kind(
    'error',
    'The certificate chain ends at no trust anchor',
    'RFC 8460 §4.3.1',
    'Self-signed, an unknown issuer, a missing intermediate, an issuer that is no CA, or a bad signature.',
  ),
  'certificate-expired': kind(
    'error',
    'A certificate is out of its validity time',
    'RFC 8460 §4.3.1',
    'A certificate of the chain has expired or is not valid yet, by the clock of this machine.',
  ),
  'certificate-revoked': kind(
    'error',
    'A certificate is revoked',
    'RFC 5280 §6.3',
    'The issuer has revoked a certificate of the chain, by a stapled OCSP answer or an imported CRL.',
  ),
  'certificate-issuer-mismatch': kind(
    'error',
    'The chain does not pass through a CA of the profile',
    'RFC 5280 §6.1',
    'The chain is trusted, but none of the CAs that the profile names is part of it.',
  ),
  'certificate-host-mismatch': kind(
    'error',
    'The certificate names somebody else',
    'RFC 8460 §4.3.1',
    "No identifier of the certificate's subjectAltName meets a subject check of the profile. The common name does not count.",
  ),
  'tls-version-too-low': kind(
    'error',
    'The TLS version is below the minimum',
    'RFC 8996 §4',
    "The handshake agreed on a version below the profile's minimum.",
  ),
  'cipher-too-weak': kind(
    'error',
    'The cipher is below the minimum strength',
    'RFC 9325 §4.1',
    "The handshake agreed on a cipher with fewer bits than the profile's minimum.",
  ),
  'mx-name-unauthenticated': kind(
    'info',
    'The MX host name comes from unauthenticated DNS',
    'RFC 7672 §1.3.2',
    'The certificate is checked against the MX host name, and whoever can forge the MX answer chooses that name.',
  ),
  'host-unreachable': kind(
    'warning',
    'SMTP was not reached',
    'RFC 5321 §4.5.4.1',
    'No connection, no greeting or no EHLO answer. This says nothing about TLS, and is tried again at every level.',
  ),
  // What the domain publishes.
  'sts-policy-invalid': kind(
    'error',
    'The MTA-STS policy does not list this MX host',
    'RFC 8461 §4.1',
    'The domain publishes an MTA-STS policy, and no mx pattern of it covers this host.',
  ),
  'sts-policy-fetch-error': kind(
    'error',
    'The MTA-STS policy could not be had',
    'RFC 8460 §4.3.2.2',
    'The domain announces an MTA-STS policy that could not be fetched or read.',
  ),
  'sts-required': kind(
    'error',
    'The profile demands MTA-STS',
    'RFC 8461 §5',
    'The profile makes MTA-STS mandatory, and no policy in mode enforce is known for this domain.',
  ),
  'tlsa-invalid': kind(
    'error',
    'No TLSA record matches the certificate',
    'RFC 8460 §4.3.2.1',
    'The domain publishes DANE TLSA records, and the certificate that was presented matches none of them.',
  ),
  'tlsa-unusable': kind(
    'warning',
    'The TLSA records cannot be used',
    'RFC 7672 §2.2',
    'TLSA records exist, but none with parameters that SMTP can use: TLS is required, authentication is not possible.',
  ),
  'dnssec-invalid': kind(
    'error',
    'A DNS answer fails DNSSEC validation',
    'RFC 8460 §4.3.2.1',
    'A bogus answer may be forged. The mail waits: it is never sent on the word of such an answer.',
  ),
  'dane-required': kind(
    'error',
    'The profile demands DANE',
    'RFC 8460 §4.3.2.1',
    'The profile makes DANE mandatory, and no usable TLSA records are known for this host.',
  ),
  'requiretls-not-supported': kind(
    'error',
    'The message asks for REQUIRETLS and the host does not offer it',
    'RFC 8689 §4.2.1',
    'The sender forbade to hand the message to a host that does not promise to keep it under TLS.',
  ),
  'requiretls-unmet': kind(
    'error',
    'The message asks for REQUIRETLS and the host is not verified',
    'RFC 8689 §4.2.1',
    'The sender forbade to hand the message over without TLS to an authenticated host.',
  ),
  // The route.
  'null-mx': kind(
    'error',
    'The domain takes no mail',
    'RFC 7505 §3',
    'The domain publishes a null MX: it says itself that it accepts no mail.',
  ),
  'domain-not-found': kind(
    'error',
    'The domain does not exist',
    'RFC 5321 §5.1',
    'DNS answers NXDOMAIN for the recipient domain.',
  ),
  'no-address': kind(
    'error',
    'No mail host has an address',
    'RFC 5321 §5.1',
    'Neither the MX hosts nor the domain itself have an A or AAAA record.',
  ),
  'dns-failed': kind(
    'warning',
    'DNS could not be asked',
    'RFC 5321 §5.1',
    'A DNS query got SERVFAIL or no answer in time. Nothing is known, so the mail waits.',
  ),
  'address-not-tried': kind(
    'warning',
    'An address was not tried',
    'RFC 5321 §5.1',
    'The attempt ended before every address of every MX host was tried.',
  ),
  ...ROUTE_FINDINGS,
  ...SMTP_FINDINGS,
  ...TLS_FINDINGS,
  ...LOCAL_FINDINGS,
  ...BASELINE_FINDINGS,
  // Lint of profiles and rules.
  'rule-unreachable': kind(
    'warning',
    'An earlier rule covers this one',
    null,
    'Everything that this rule matches is matched by an earlier enforcing rule, so that it never applies.',
  ),
  'rule-profile-missing': kind(
    'error',
    'The rule names a profile that does not exist',
    null,
    'A rule without its profile cannot be applied; it never means "no policy".',
  ),
  'receiving-requires-tls': kind(
    'warning',
    'TLS is required of every client',
    'RFC 3207 §4',
    'A publicly referenced SMTP server must not require STARTTLS to take mail for its own domains.',
  ),
  'users-without-tls': kind(
    'warning',
    'There are users, and no listener offers TLS',
    'RFC 4954 §4, RFC 8314 §3',
    'AUTH is offered inside TLS alone, so that nobody can authenticate.',
  ),
  'regex-unanchored': kind(
    'warning',
    'The regular expression is not anchored at its end',
    'RFC 5321 §4.1.2',
    'Without $ at its end it also matches addresses of longer domains, which somebody else may own.',
  ),
  'subject-contains': kind(
    'warning',
    'A substring check can be met by anybody',
    'RFC 9525 §6',
    'Whoever can get a certificate for any domain can put the text into a name of their own.',
  ),
  'subject-any': kind(
    'warning',
    'The name in the certificate is not checked',
    'RFC 9525 §6',
    'Any certificate of a trusted CA passes, whoever it was issued to.',
  ),
  'subject-wildcard-wide': kind(
    'warning',
    'The wildcard covers a whole top-level domain',
    'RFC 9525 §6.3',
    'Anybody can register a name that this pattern covers.',
  ),
  'min-strength-too-low': kind(
    'error',
    'The minimum strength is too low',
    'RFC 9325 §4.1',
    'Fewer than 112 bits can be broken and must not be negotiated.',
  ),
  'min-strength-unattainable': kind(
    'error',
    'No cipher reaches the minimum strength',
    'RFC 8446 §B.4',
    'The strongest ciphers of TLS have 256 bits; with more nothing could ever be delivered.',
  ),
  'min-tls-too-low': kind(
    'error',
    'The minimum version is too low',
    'RFC 8996 §4',
    'TLS 1.0 and 1.1 must not be used.',
  ),
  'no-trust-anchor': kind(
    'error',
    'The profile does not say which CA it trusts',
    'RFC 5280 §6.1',
    'Only imported CAs are trusted and the profile names none, so that every imported one counts: the CA of one partner can vouch for all others. Where none is imported, nothing is trusted.',
  ),
  'mandatory-not-looked-up': kind(
    'warning',
    'A mandatory standard cannot be looked up yet',
    'RFC 7672 §2.2, RFC 8461 §5',
    'The profile demands DANE or MTA-STS, and this version of Postern looks up neither. What is demanded and not known is not met: every host is refused, and mail waits.',
  ),
  'mandatory-without-tls': kind(
    'error',
    'The profile demands a standard and switches TLS off',
    'RFC 7672 §2.2, RFC 8461 §5',
    'At level none STARTTLS is never sent, so that the demand cannot be met and every host is refused.',
  ),
} as const satisfies Record<string, FindingKind>

export type FindingCode = keyof typeof FINDINGS

/** A finding with the severity and section of its code. `message` names the host; `hint` says what to do. */
export function finding(code: FindingCode, message: string, hint: string): Finding {
  const {severity, section} = FINDINGS[code]
  return {code, severity, message, hint, ...(section && {section})}
}
