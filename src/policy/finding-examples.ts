import type {FindingCode} from './findings.ts'

/** Whose fault a finding is, or who can mend it. */
export type Fault = 'partner' | 'here' | 'either' | 'way' | 'sender' | 'nobody'

export const FAULT_WORDS: Record<Fault, string> = {
  partner: 'The partner’s: only there it can be mended.',
  here: 'Ours: it is mended on this side.',
  either: 'It can be either side’s: the causes above tell which.',
  way: 'Mostly somebody’s on the way: a firewall, a filter, an attacker.',
  sender: 'The sender’s: the address is the place to look.',
  nobody: 'Nobody’s: nothing is broken.',
}

/** For each code whose fault it is, and a sentence as a probe or a check prints it. */
export const FINDING_EXAMPLES: Record<FindingCode, readonly [Fault, example: string]> = {
  'starttls-not-supported': ['either', 'mx1.example.mil (192.0.2.25) does not offer STARTTLS'],
  'starttls-refused': [
    'partner',
    'mx1.example.mil (192.0.2.25) offered STARTTLS and answered it with "454 4.7.0 TLS not available"',
  ],
  'validation-failure': [
    'either',
    'the TLS handshake with mx1.example.mil (192.0.2.25) failed: the peer sent something that is not TLS',
  ],
  'plaintext-injected': [
    'way',
    'mx1.example.mil (192.0.2.25) sent plaintext after the 220 of STARTTLS; it was discarded',
  ],
  'tls-not-attempted': ['here', 'TLS with mx1.example.mil (192.0.2.25) was not tried on this connection'],
  'clear-text-fallback': [
    'partner',
    'TLS with mx1.example.mil (192.0.2.25) failed before, so this connection is in clear text',
  ],
  'certificate-not-trusted': [
    'either',
    'the certificate chain of mx1.example.mil (192.0.2.25) is not trusted: the peer does not send its intermediate CN=Example Issuing CA',
  ],
  'certificate-expired': [
    'partner',
    'the certificate of mx1.example.mil (192.0.2.25) expired on 2026-11-27 at 08:26 UTC',
  ],
  'certificate-revoked': [
    'partner',
    'the certificate of mx1.example.mil (192.0.2.25) is revoked since 2026-10-02, by the OCSP answer that it brings along',
  ],
  'certificate-issuer-mismatch': [
    'partner',
    'the certificate of mx1.example.mil (192.0.2.25) comes from CN=Other Root, profile secure-mil wants mil',
  ],
  'certificate-host-mismatch': [
    'partner',
    'the certificate of mx1.example.mil (192.0.2.25) names www.example.mil, not mx1.example.mil',
  ],
  'tls-version-too-low': ['either', 'mx1.example.mil (192.0.2.25) speaks TLSv1.2, profile strict wants TLS 1.3'],
  'cipher-too-weak': [
    'either',
    'mx1.example.mil (192.0.2.25) chose TLS_AES_128_GCM_SHA256 with 128 bits, profile strict wants 256',
  ],
  'mx-name-unauthenticated': ['nobody', 'the name mx1.example.mil comes from DNS that was not authenticated'],
  'host-unreachable': ['either', 'SMTP at mx1.example.mil (192.0.2.25) was not reached: the connection was refused'],
  'sts-policy-invalid': ['partner', 'the MTA-STS policy of example.mil does not list mx3.example.mil (192.0.2.27)'],
  'sts-policy-fetch-error': ['partner', 'the MTA-STS policy of example.mil could not be had'],
  'sts-required': [
    'either',
    'profile strict demands MTA-STS, and no policy is enforced for mx1.example.mil (192.0.2.25)',
  ],
  'tlsa-invalid': ['partner', 'no TLSA record matches the certificate of mx1.example.mil (192.0.2.25)'],
  'tlsa-unusable': ['partner', 'no TLSA record of mx1.example.mil (192.0.2.25) can be used'],
  'dnssec-invalid': ['partner', 'the TLSA answer for mx1.example.mil (192.0.2.25) fails DNSSEC validation'],
  'dane-required': [
    'either',
    'profile strict demands DANE, and no TLSA records are usable for mx1.example.mil (192.0.2.25)',
  ],
  'requiretls-not-supported': ['partner', 'mx1.example.mil (192.0.2.25) does not offer REQUIRETLS'],
  'requiretls-unmet': ['partner', 'the message asks for REQUIRETLS and mx1.example.mil (192.0.2.25) is not verified'],
  'null-mx': ['sender', 'example.mil publishes a null MX: it takes no mail'],
  'domain-not-found': ['sender', 'exmaple.mil does not exist'],
  'no-address': ['partner', 'example.mil has no mail host with an address'],
  'dns-failed': ['either', 'example.mil could not be looked up: SERVFAIL'],
  'address-not-tried': ['nobody', 'mx1.example.mil was not tried at 192.0.2.26'],
  'target-invalid': ['here', 'partners.txt:17: "user@example.mil" is not a domain'],
  'implicit-mx': ['partner', 'example.mil has no MX record, so that the domain itself is the mail host'],
  'domain-is-alias': ['nobody', 'example.mil is an alias (CNAME) of mail.example.net, whose mail hosts are used'],
  'mail-loop': [
    'here',
    'the mail host mx1.example.mil of example.mil is the relay of this configuration, which passes over itself',
  ],
  'null-mx-with-others': [
    'partner',
    'example.mil publishes a null MX and other MX records; the null MX is not counted',
  ],
  'mx-is-alias': ['partner', 'the MX host mx1.example.mil is an alias (CNAME) of host7.example.net'],
  'mx-is-address': ['partner', 'the MX record of example.mil holds the address 192.0.2.25 in the place of a name'],
  'mx-name-invalid': ['partner', 'the MX record of example.mil names "-mx-.example.mil", which is no host name'],
  'mx-host-not-found': ['partner', 'the MX record of example.mil names mx2.example.mil, which does not exist'],
  'mx-domain-unregistered': [
    'partner',
    'the MX record of example.mil names mx1.forgotten.example, and forgotten.example belongs to nobody',
  ],
  'mx-host-without-address': ['partner', 'the MX host mx2.example.mil of example.mil has no address'],
  'loopback-address': ['partner', 'mx1.example.mil has the address 127.0.0.1, which is loopback'],
  'private-address': ['partner', 'mx1.example.mil has the address 10.1.2.3, which is private'],
  'hosts-left-out': ['nobody', '4 more MX hosts of example.mil were not looked at'],
  'name-internationalized': ['nobody', 'köln.example is xn--kln-sna.example on the wire, in DNS and in certificates'],
  'mixed-fleet': ['partner', 'example.mil: 1 of 2 hosts passes; if mx1.example.mil is down everything defers'],
  'chain-wrong-order': ['partner', 'mx1.example.mil (192.0.2.25) sends its chain in the wrong order'],
  'chain-unrelated-certificate': [
    'partner',
    'mx1.example.mil (192.0.2.25) sends more than its chain: CN=Old Issuing CA',
  ],
  'chain-root-sent': ['nobody', 'mx1.example.mil (192.0.2.25) sends the root CN=Example Root too'],
  'chain-missing-intermediate': [
    'partner',
    'mx1.example.mil (192.0.2.25) does not send its intermediate CN=Example Issuing CA, which issued the leaf (depth 0) CN=mx1.example.mil',
  ],
  'chain-unknown-root': [
    'here',
    'the chain of mx1.example.mil (192.0.2.25) leads to CN=Example Root, which is not among the trust anchors',
  ],
  'chain-missing-issuer': [
    'either',
    'CN=Example CA, which issued the leaf (depth 0) CN=mx1.example.mil, is neither sent by mx1.example.mil (192.0.2.25) nor trusted here',
  ],
  'chain-self-signed-leaf': [
    'partner',
    'the certificate of mx1.example.mil (192.0.2.25), CN=mx1.example.mil, signed itself',
  ],
  'chain-same-name-other-key': [
    'partner',
    'the leaf (depth 0) CN=mx1.example.mil was not signed by the CN=Example Issuing CA that is at hand, which has another key',
  ],
  'chain-signature-wrong': [
    'partner',
    'the signature of the leaf (depth 0) CN=mx1.example.mil does not fit the key of CN=Example Issuing CA, which it names as its issuer',
  ],
  'chain-expired': ['either', 'the intermediate (depth 1) CN=Example Issuing CA expired on 2026-11-27'],
  'chain-not-yet-valid': ['either', 'the leaf (depth 0) CN=mx1.example.mil is not valid before 2026-12-28'],
  'chain-not-a-ca': ['partner', 'the intermediate (depth 1) CN=www.example.mil issued a certificate and is no CA'],
  'chain-path-length': [
    'partner',
    'too many intermediates below the intermediate (depth 2) CN=Example Policy CA: it allows 0, has 1',
  ],
  'chain-name-constraints': [
    'partner',
    'the intermediate (depth 1) CN=Example Navy CA may not issue for mx1.example.mil',
  ],
  'chain-extended-key-usage': [
    'partner',
    'the leaf (depth 0) CN=mx1.example.mil is made for clientAuth, not for TLS servers',
  ],
  'key-weak': ['partner', 'the leaf (depth 0) CN=mx1.example.mil has a key that is too short: RSA of 1024 bits'],
  'signature-weak': [
    'partner',
    'the intermediate (depth 1) CN=Example Issuing CA is signed with sha1WithRSAEncryption',
  ],
  'ocsp-stale': ['partner', 'mx1.example.mil (192.0.2.25) staples an OCSP response whose time was over on 2026-11-01'],
  'ocsp-unusable': [
    'partner',
    'the OCSP response that mx1.example.mil (192.0.2.25) staples says "good", and is not signed by the issuer',
  ],
  'client-certificate-requested': ['nobody', 'mx1.example.mil (192.0.2.25) asks for a certificate of ours'],
  'client-certificate-required': ['partner', 'mx1.example.mil (192.0.2.25) takes nobody without a certificate'],
  'tls-only-obsolete': ['partner', 'mx1.example.mil (192.0.2.25) speaks nothing newer than TLSv1.0, by a second look'],
  'tls-no-common-cipher': [
    'partner',
    'mx1.example.mil (192.0.2.25) speaks TLS 1.2 and takes none of the usual ciphers; by a second look it would take TLS_RSA_WITH_RC4_128_SHA',
  ],
  'sni-refused': [
    'partner',
    'mx1.example.mil (192.0.2.25) breaks off when it is named as mx1.example.mil in SNI, and goes on when it is not',
  ],
  'tls-version-obsolete': ['partner', 'mx1.example.mil (192.0.2.25) takes TLSv1.0'],
  'cipher-forbidden': ['partner', 'mx1.example.mil (192.0.2.25) takes TLS_RSA_WITH_RC4_128_SHA'],
  'cipher-discouraged': ['partner', 'mx1.example.mil (192.0.2.25) takes TLS_RSA_WITH_AES_256_CBC_SHA'],
  'group-weak': ['partner', 'mx1.example.mil (192.0.2.25) exchanges keys by ffdhe1024'],
  'tls-compression': ['partner', 'mx1.example.mil (192.0.2.25) compresses inside TLS'],
  'renegotiation-insecure': ['partner', 'mx1.example.mil (192.0.2.25) does not know secure renegotiation'],
  'certificate-needs-sni': [
    'nobody',
    'mx1.example.mil (192.0.2.25) shows another certificate to who does not name it (SNI)',
  ],
  'starttls-command-injection': ['partner', 'mx1.example.mil (192.0.2.25) answers inside TLS what was sent before it'],
  'starttls-stripped': [
    'way',
    'mx1.example.mil (192.0.2.25) answers with "XXXXXXXA": a firewall on the way overwrites the offer of STARTTLS',
  ],
  'starttls-hidden': [
    'either',
    'mx1.example.mil (192.0.2.25) does not offer STARTTLS and answers it with "220 2.0.0 ready to start TLS"',
  ],
  'starttls-temporarily-refused': [
    'partner',
    'mx1.example.mil (192.0.2.25) refuses STARTTLS for the moment: "454 4.7.0 TLS not available now"',
  ],
  'handshake-silence': [
    'way',
    'mx1.example.mil (192.0.2.25) said 220 to STARTTLS and nothing to the handshake that followed',
  ],
  'ehlo-silence': ['partner', 'mx1.example.mil (192.0.2.25) greeted and then did not answer EHLO'],
  'no-greeting': ['partner', 'mx1.example.mil (192.0.2.25) takes connections at port 25 and sends no greeting'],
  'greeting-deferred': ['nobody', 'mx1.example.mil (192.0.2.25) answered "421 4.3.2 too busy"'],
  'greeting-refused': ['either', 'mx1.example.mil (192.0.2.25) answered "554 5.7.1 no mail from your address"'],
  'ehlo-refused': ['either', 'mx1.example.mil (192.0.2.25) refused EHLO and took HELO'],
  'slow-greeting': ['either', 'mx1.example.mil (192.0.2.25) took 5.3 s for its greeting'],
  'bare-line-feed': ['partner', 'mx1.example.mil (192.0.2.25) ends lines with LF alone'],
  'banner-multiline': ['nobody', 'the greeting of mx1.example.mil (192.0.2.25) has 4 lines'],
  'banner-without-esmtp': ['nobody', 'the greeting of mx1.example.mil (192.0.2.25) is "220 mx1 ready", without ESMTP'],
  'ehlo-giant': ['partner', 'the answer of mx1.example.mil (192.0.2.25) to EHLO is long: 100 lines, 6805 octets'],
  'smtp-in-place-of-tls': [
    'partner',
    'mx1.example.mil (192.0.2.25) answered the TLS handshake with "500 5.5.1 command not recognized"',
  ],
  'plain-smtp-on-tls-port': [
    'either',
    'port 465 of mx1.example.mil (192.0.2.25) speaks SMTP in clear text: it answered the handshake with "220 mx1.example.mil ESMTP"',
  ],
  'tls-on-plain-port': ['partner', 'mx1.example.mil (192.0.2.25) says nothing at port 25 until a TLS handshake begins'],
  'same-banner-everywhere': [
    'here',
    'mx1.example.mil and mx.example.org greet alike, and as neither of them: "220 filter.local ESMTP"',
  ],
  'certificate-expires-soon': [
    'partner',
    'the certificate of mx1.example.mil (192.0.2.25) expires in 9 days, on 2026-12-08',
  ],
  'level-lost': ['partner', 'example.mil at level secure: verified before, refused now'],
  'level-gained': ['nobody', 'example.mil at level secure: refused before, verified now'],
  'new-issuer': [
    'partner',
    'the certificate of mx1.example.mil (192.0.2.25) comes from CN=Other CA; before from CN=Example Issuing CA',
  ],
  'new-key': ['nobody', 'mx1.example.mil (192.0.2.25) has another key than before'],
  'changed-name': [
    'partner',
    'the names in the certificate of mx1.example.mil (192.0.2.25) changed: mx1.example.mil before, www.example.mil now',
  ],
  'earlier-expiry': [
    'partner',
    'the certificate of mx1.example.mil (192.0.2.25) ends on 2026-12-24, before 2027-03-01',
  ],
  'local-no-ipv6': ['here', 'this machine has no IPv6 route, so that 2001:db8::25 was not looked at'],
  'local-port-blocked': ['here', 'no mail host answers at port 25, while port 443 answers: port 25 looks blocked here'],
  'local-proxy': ['here', 'a connection to port 25 of 192.0.2.1, where nobody can be (RFC 5737), was taken'],
  'local-resolver-down': ['here', 'no DNS server of this machine answers anything'],
  'local-resolver-broken': ['here', 'the DNS server of this machine answers, and fails for other names too'],
  'local-clock': [
    'here',
    'your clock says 2031-01-01: by it every certificate that was seen has expired, and the greetings of the peers say 2026-11-28',
  ],
  'rule-unreachable': ['here', 'rule r2 is never reached: rule r1 before it matches everything that it matches'],
  'rule-profile-missing': ['here', 'rule r1 names profile secure-mil, which does not exist'],
  'receiving-requires-tls': [
    'here',
    'rule r1 requires TLS of every client; a public server on port 25 must not (RFC 3207 §4)',
  ],
  'users-without-tls': ['here', '2 users may authenticate inside TLS alone, and no listener offers it'],
  'regex-unanchored': [
    'here',
    '/@example\\.mil/ in rule r1 also matches addresses of longer domains, such as one below attacker.net',
  ],
  'subject-contains': [
    'here',
    'contains:example.mil in profile secure-mil is met by example.mil.attacker.net, which anybody can own',
  ],
  'subject-any': ['here', 'profile secure-mil takes a certificate of any public CA whoever it names'],
  'subject-wildcard-wide': ['here', 'wildcard:*.mil in profile secure-mil covers names that anybody can register'],
  'min-strength-too-low': [
    'here',
    'profile old allows ciphers of 56 bits; fewer than 112 can be broken (RFC 9325 §4.1)',
  ],
  'min-strength-unattainable': ['here', 'profile strict asks for 2048 bits; no cipher of TLS has more than 256'],
  'min-tls-too-low': ['here', 'profile old allows TLS 1.0; below 1.2 it must not be used (RFC 8996)'],
  'no-trust-anchor': [
    'here',
    'profile partners names no CA and trusts every imported one: the CA of each partner vouches for all others',
  ],
  'mandatory-not-looked-up': [
    'here',
    'profile strict demands DANE; this version cannot look it up yet, so that no mail passes under it',
  ],
  'mandatory-without-tls': ['here', 'profile odd demands DANE and switches TLS off: every host is refused'],
}
