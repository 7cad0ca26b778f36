import {type FindingPage, page} from './finding-page.ts'
import {TLS_PAGES} from './finding-pages-tls.ts'
import type {FindingCode} from './findings.ts'

export type {FindingPage}

const RENEW = 'The partner renews the certificate, installs it and restarts the mail server.'
const OTHER_NETWORK = 'Look once more from another network: what differs there was done on the way.'
const LATER = 'Nothing has to be done at once: mail waits in the queue and is tried again.'

export const FINDING_PAGES = {
  'starttls-not-supported': page(
    [
      'The mail server has no certificate configured, or TLS is switched off.',
      'A firewall on the way removes or overwrites the keyword; then starttls-stripped or starttls-hidden stands beside it.',
      'The host answers HELO alone (ehlo-refused).',
    ],
    [
      'Ask the partner to offer STARTTLS at port 25.',
      OTHER_NETWORK,
      'Where mail has to go there all the same, a profile at level preferred sends it in clear text.',
    ],
  ),
  'starttls-refused': page(
    [
      'The certificate or key cannot be read, often after a renewal (454).',
      'TLS is offered by a front end and refused by what stands behind it.',
    ],
    ['Send the partner the quoted reply: its log has the other half at the same second.', 'At 4xx, try again later.'],
  ),
  'validation-failure': page(
    [
      'No common version or cipher: the peer stops below TLS 1.2, or offers obsolete ciphers alone.',
      'A filter on the way breaks the handshake.',
      'The peer demands a certificate of ours, or does not know the name in SNI.',
      'Something that is not TLS listens there.',
    ],
    [
      'Read the alert that is quoted: it names what the other side did not like.',
      'Repeat the handshake by hand with openssl s_client -starttls smtp.',
      'The partner enables TLS 1.2 and 1.3.',
    ],
  ),
  'plaintext-injected': page(
    [
      'Somebody on the way injects replies, to be taken for what the peer says inside TLS.',
      'A broken proxy sends two replies at once.',
    ],
    ['Take it for an attack until it is explained.', OTHER_NETWORK, 'Tell the partner: CVE-2011-0411.'],
  ),
  'tls-not-attempted': page(
    [
      'The profile is at level none, where STARTTLS is never sent.',
      'The evidence is of a connection that ended before STARTTLS.',
    ],
    [
      'See what TLS there is: postern probe DOMAIN --level encrypt.',
      'Where mail should be encrypted, give the rule a profile at level preferred or higher: postern policy apply DOMAIN --profile preferred.',
    ],
  ),
  'clear-text-fallback': page(
    [
      'TLS failed at this address as often as --fallback-after of the profile says; level preferred then goes on in clear text.',
      'Somebody who can break a handshake can bring this about: it is opportunistic and no protection against attackers (RFC 7435).',
    ],
    [
      'Find out why TLS fails: the finding before it says so.',
      'Forbid it: postern profile set NAME --fallback-after never, or --level encrypt.',
    ],
  ),
  'certificate-not-trusted': page(
    [
      'The peer does not send its intermediate certificate.',
      'The root is not imported here.',
      'The certificate is self-signed.',
      'Somebody answers in the place of the partner.',
    ],
    [
      'Look at the chain in the report: it says which certificate is missing and who has to act.',
      'The partner sends its full chain; or you import the root that the partner tells you over another way: postern ca import.',
      'Never import a certificate because the peer itself presented it.',
    ],
  ),
  'certificate-expired': page(
    ['The renewal failed, or the new certificate was not loaded.', 'The clock of this machine is wrong (local-clock).'],
    [RENEW, 'Check the date here.'],
  ),
  'certificate-revoked': page(
    ['The key was lost or stolen, or the certificate was replaced.'],
    ['Do not go on until the partner has explained it.', RENEW],
  ),
  'certificate-issuer-mismatch': page(
    [
      'The partner changed its CA.',
      'Another CA issued a certificate for the same name: to the partner, or to somebody else.',
    ],
    [
      'Ask the partner which CA it uses now.',
      'Import that CA and name it in the profile: postern profile set NAME --ca CA.',
    ],
  ),
  'certificate-host-mismatch': page(
    [
      'The certificate is for the web site, or for the old name of the host.',
      'The name stands in the common name alone, which does not count (RFC 9525 §2).',
      'A provider serves many domains under one name of its own.',
      'Somebody answers in the place of the partner.',
    ],
    [
      'Compare the two lists of names in the report.',
      'The partner gets a certificate for the MX host name.',
      'Where the name is known and right, pin it: --subject exact:NAME.',
    ],
  ),
  'tls-version-too-low': page(
    ['The peer stops at TLS 1.2 and the profile wants 1.3.'],
    ['The partner enables the version, or the profile asks for less: --min-tls 1.2.'],
  ),
  'cipher-too-weak': page(
    ['The peer prefers a weak cipher, or has no other.'],
    ['The partner enables AES-256 or ChaCha20, or the profile asks for less: --min-strength 128.'],
  ),
  'mx-name-unauthenticated': page(
    ['The domain is not signed with DNSSEC, or the resolver is not trusted to validate.'],
    [
      'Pin the name: --subject domain, or --subject exact:HOST.',
      'With DNSSEC at the partner and a trusted resolver it goes away.',
    ],
  ),
  'host-unreachable': page(
    [
      'The host is down, or a firewall refuses this address.',
      'Port 25 is blocked in this network (local-port-blocked).',
      'The peer asks to come back later (greeting-deferred).',
    ],
    [LATER, 'When it lasts, tell the partner the stage and the reply that are quoted.'],
  ),
  'sts-policy-invalid': page(
    ['The partner moved to another host and forgot its policy.', 'Somebody forged the MX answer.'],
    ['The partner adds the host as mx: to its policy and changes the id in its TXT record.'],
  ),
  'sts-policy-fetch-error': page(
    ['The policy host mta-sts.DOMAIN is down, or its certificate is not in order.'],
    ['The partner repairs it: https://mta-sts.DOMAIN/.well-known/mta-sts.txt has to answer.'],
  ),
  'sts-required': page(
    ['The domain publishes no MTA-STS policy in mode enforce.'],
    ['Ask the partner to publish one, or set --mta-sts opportunistic in the profile.'],
  ),
  'tlsa-invalid': page(
    [
      'The partner renewed its key and did not publish the new TLSA record first (RFC 7671 §8.4).',
      'Somebody answers in its place.',
    ],
    ['The partner publishes the record of the new key beside the old one.', 'Mail waits until then, and must.'],
  ),
  'tlsa-unusable': page(
    ['The records use PKIX usages (0 and 1), or unknown selectors and matching types.'],
    ['The partner publishes 3 1 1 records.'],
  ),
  'dnssec-invalid': page(
    ['A signature expired, or a key was rolled over wrongly.', 'Somebody forges answers.'],
    ['Tell the partner, or whoever keeps its zone.', 'Look at the chain of signatures with a DNSSEC debugger.'],
  ),
  'dane-required': page(
    ['The domain is not signed, or has no TLSA records at _25._tcp.HOST.'],
    ['Ask the partner to publish them, or set --dane opportunistic in the profile.'],
  ),
  'requiretls-not-supported': page(
    ['Few mail servers offer REQUIRETLS, and none does so in clear text.'],
    [
      'Send the message without REQUIRETLS, under a rule at level secure: that gives the same protection for the first hop.',
      'Ask the partner to offer it.',
    ],
  ),
  'requiretls-unmet': page(
    ['The host is reached, and the profile could not verify it.'],
    [
      'See the other findings: what stands in the way of verification stands in the way of this message.',
      'The message is returned and not sent in another way: the sender asked for exactly that.',
    ],
  ),
  'null-mx': page(
    ['The domain is used for the web alone.', 'The address is misspelt.'],
    ['Check the spelling. There is nobody to deliver to.'],
  ),
  'domain-not-found': page(
    ['The name is misspelt, or its registration ended.'],
    [
      'Check the spelling.',
      'A domain that ended can be registered by somebody else: remove it from rules and address books.',
    ],
  ),
  'mail-loop': page(
    [
      'The MX record of the domain leads to this relay, and no route says where its mail goes from here.',
      'The relay bears the name of a mail host of the partner.',
    ],
    [
      'Where the domain is your own, add a route in relay.yaml to the host that keeps its mailboxes.',
      'Otherwise correct hostname in relay.yaml, or the MX record.',
    ],
  ),
  'no-address': page(
    ['The MX hosts dangle, or their addresses were removed.'],
    ['The partner publishes an MX record for a host with an address.'],
  ),
  'dns-failed': page(
    [
      'The name servers of the partner do not answer.',
      'The DNS server of this machine does not (local-resolver-down).',
    ],
    [LATER, 'Ask another DNS server: --resolver IP.'],
  ),
  'address-not-tried': page(
    ['The attempt ended before, by its time limit or because an earlier host took its time.'],
    ['Nothing has to be done: the next attempt tries it.', 'A probe has more time with --timeout.'],
  ),
  'target-invalid': page(
    [
      'A mail address or a URL stands in the list.',
      'A name holds a blank, an underscore out of place, or too long a label.',
    ],
    ['Correct the line that is named; a # makes it a comment.'],
  ),
  'implicit-mx': page(
    ['The domain was set up for the web, and mail was forgotten.', 'A sub-domain that never had mail in mind.'],
    [
      'The partner publishes MX records, or a null MX (MX 0 .) where it takes no mail.',
      'Until then a profile check mx goes by the name of the domain itself.',
    ],
  ),
  'domain-is-alias': page(
    ['A provider is used through a CNAME at the domain.'],
    ['Nothing has to be done. A --subject domain check goes by the name that was asked for, not by the alias.'],
  ),
  'null-mx-with-others': page(
    ['A template left one of them behind.'],
    ['The partner removes the null MX, or all others.'],
  ),
  'mx-is-alias': page(
    ['The host was moved, and the old name points to the new one.'],
    ['The partner writes the name that the alias leads to into the MX record.'],
  ),
  'mx-is-address': page(
    ['The address was typed into a field that wants a name.'],
    ['The partner publishes an A record for a name, and that name as MX.'],
  ),
  'mx-name-invalid': page(
    ['A typing error: a blank, an underscore out of place, a URL.'],
    ['The partner corrects the MX record.'],
  ),
  'mx-host-not-found': page(
    ['The host was switched off and its MX record left behind.'],
    [
      'The partner removes the record, or brings the host back.',
      'Until then part of the mail is late, and where it is the only host, none arrives.',
    ],
  ),
  'mx-domain-unregistered': page(
    ['A provider went out of business, or a domain was not renewed.', 'A typing error in the MX record.'],
    [
      'Tell the partner at once: whoever registers the domain can take its mail, with a certificate in order.',
      'Until it is repaired, pin the good hosts: --subject exact:HOST.',
    ],
  ),
  'mx-host-without-address': page(
    ['The address was removed, or is known inside the partner’s own network alone.'],
    ['The partner publishes an A or AAAA record, or removes the MX record.'],
  ),
  'loopback-address': page(
    ['An internal view of the zone was published.', 'The domain shall take no mail, and a null MX would say so.'],
    ['The partner publishes a public address, or a null MX.'],
  ),
  'private-address': page(
    [
      'An internal view of the zone was published.',
      'This machine asks an internal DNS server, and then it may be meant so.',
    ],
    ['The partner publishes a public address.', 'Inside one network nothing has to be done.'],
  ),
  'hosts-left-out': page(
    ['More than twenty MX hosts, or more than sixteen addresses at one host.'],
    ['Nothing has to be done: mailers bound their effort as well.'],
  ),
  'name-internationalized': page(
    ['The domain has letters beyond ASCII.'],
    ['Compare A-labels where it matters: letters that look alike make different names.'],
  ),
  'mixed-fleet': page(
    [
      'One host was forgotten when TLS was set up, or its certificate was not renewed.',
      'A backup MX belongs to somebody else.',
    ],
    [
      'The partner brings the hosts in line, or removes the one that falls behind.',
      'See at each host what is missing.',
    ],
  ),
  'starttls-stripped': page(
    [
      'SMTP inspection in a firewall (Cisco: fixup protocol smtp, inspect esmtp) at either end.',
      'A network that wants to read mail.',
    ],
    ['Switch the inspection off for port 25.', OTHER_NETWORK, 'A profile at level encrypt keeps mail back meanwhile.'],
  ),
  'starttls-hidden': page(
    ['A firewall removes the line from the answer to EHLO.', 'The partner offers TLS to some clients only.'],
    [OTHER_NETWORK, 'Ask the partner to offer it to everybody.'],
  ),
  'starttls-temporarily-refused': page(
    ['The key or certificate could not be read.', 'The peer has no resources for TLS now.'],
    ['Try again later.', 'When it lasts, send the partner the quoted reply.'],
  ),
  'handshake-silence': page(
    [
      'A filter drops the ClientHello, which is larger since it carries post-quantum keys.',
      'The process behind the port hangs.',
    ],
    [OTHER_NETWORK, 'The partner looks for what stands between the port and the mail server.'],
  ),
  'ehlo-silence': page(
    ['A greeting proxy holds the session back.', 'The mail server is overloaded.'],
    ['Try again later.', 'The partner looks behind its load balancer.'],
  ),
  'no-greeting': page(
    [
      'A tarpit waits longer than we do.',
      'The port is open and nobody stands behind it.',
      'The port wants TLS at once (tls-on-plain-port).',
    ],
    ['Give it more time: --timeout 300.', 'The partner sees whether its mail server listens.'],
  ),
  'greeting-deferred': page(
    ['Too many connections from here.', 'Greylisting of the client.', 'Maintenance.'],
    [LATER, 'With many targets, look at fewer at once: --concurrency, --pause.'],
  ),
  'greeting-refused': page(
    ['This address is on a block list, or has no name in reverse DNS.', 'The host takes no mail from outside.'],
    ['Follow the address or link in the quoted text.', 'Look from the address that sends your mail.'],
  ),
  'ehlo-refused': page(
    ['A firewall that lets the commands of RFC 821 pass alone.', 'Very old software.'],
    ['The partner lets EHLO pass. Until then there is no TLS.'],
  ),
  'slow-greeting': page(
    ['A tarpit, to be rid of senders of junk.', 'The name of this client is looked up, and its DNS is slow.'],
    ['Give this machine a name in reverse DNS.', 'Otherwise nothing has to be done.'],
  ),
  'bare-line-feed': page(
    ['Home-made software.'],
    ['The partner sends CRLF, and refuses messages with a bare LF: see “SMTP smuggling”.'],
  ),
  'banner-multiline': page(
    ['A notice of the house rules, or of the law.'],
    [
      'Nothing has to be done: RFC 5321 §4.2 allows it, and mailers read all lines.',
      'A client that fails here reads the first line alone, and is to be repaired.',
    ],
  ),
  'banner-without-esmtp': page(
    ['A banner of one’s own, or one that hides which software runs.'],
    [
      'Nothing has to be done: EHLO tells what a host can do, whatever it greets with.',
      'A client that falls back to HELO here has no TLS, and is to be repaired.',
    ],
  ),
  'ehlo-giant': page(
    ['A long list of extensions, or a broken server.', 'Somebody who tries whether clients have a fixed buffer.'],
    [
      'Nothing has to be done here: what is beyond the limit is not read.',
      'The partner offers what it needs alone: older clients may fail over it.',
    ],
  ),
  'smtp-in-place-of-tls': page(
    ['A proxy answers STARTTLS and passes what follows to a server that knows nothing of it.'],
    ['The partner ends TLS at the same place that offers it.'],
  ),
  'plain-smtp-on-tls-port': page(
    ['The port is meant for STARTTLS.', 'Implicit TLS was switched off.'],
    ['Look without --smtps.', 'The partner switches on implicit TLS at port 465.'],
  ),
  'tls-on-plain-port': page(
    ['Implicit TLS was switched on for port 25 or 587.'],
    ['The partner sets the port to STARTTLS: other mailers get no further either.'],
  ),
  'same-banner-everywhere': page(
    ['A proxy in this network answers for port 25.', 'Several names, one provider.'],
    [OTHER_NETWORK, 'See whether local-proxy stands beside it.'],
  ),
  'certificate-expires-soon': page(
    ['The renewal is due.', 'An intermediate or root nears its end, which renewal of the leaf does not mend.'],
    [RENEW, 'For a root: import its successor before the day comes.'],
  ),
  'level-lost': page(
    ['See the other findings: they say what is the matter now.'],
    ['Repair it with the partner.', 'Where it was meant so, take it over: --accept.'],
  ),
  'level-gained': page(
    ['The partner mended something: a certificate, a chain, the offer of STARTTLS.'],
    [
      'Take it over with --accept, so that losing it again is noticed.',
      'A stricter profile may be in place now: postern profile set NAME --level secure.',
    ],
  ),
  'new-issuer': page(
    ['The partner changed its CA.', 'Its CA issues from another intermediate.', 'Somebody else answers.'],
    ['Ask the partner over another way than mail.', 'Then take it over: --accept.'],
  ),
  'new-key': page(
    [
      'A renewal with a fresh key, which is good practice.',
      'Another host, or another machine behind the same name, answers.',
    ],
    [
      'Nothing has to be done, unless a key was pinned by TLSA or by hand.',
      'When new-issuer or changed-name stands beside it, look at those.',
    ],
  ),
  'changed-name': page(
    ['The certificate was issued anew for other hosts.', 'Another host answers.'],
    ['Compare with the MX hosts of the partner.', 'Then take it over: --accept.'],
  ),
  'earlier-expiry': page(
    ['An old certificate was put back.', 'The CA issues for a shorter time than before.'],
    ['Ask the partner.', 'Then take it over: --accept.'],
  ),
  'local-no-ipv6': page(
    ['This network has IPv4 alone, or the machine has no IPv6 address.'],
    [
      'Nothing has to be done where the host has an IPv4 address too.',
      'Where it has none, look from a machine with IPv6: mail cannot be delivered from here either.',
    ],
  ),
  'local-port-blocked': page(
    ['Providers and clouds block outgoing port 25 against junk.', 'A firewall of this machine.'],
    ['Have it opened, or look from the machine that sends your mail.'],
  ),
  'local-proxy': page(
    ['A security gateway, an antivirus program or the provider intercepts SMTP.'],
    ['Except this machine from it.', 'Do not take what was seen for the partner’s TLS.'],
  ),
  'local-resolver-down': page(
    ['The DNS server is down, or its address is wrong.', 'A firewall keeps port 53.'],
    ['Check dns: in relay.yaml, and /etc/resolv.conf.', 'Ask another one: --resolver IP.'],
  ),
  'local-resolver-broken': page(
    ['The DNS server has no way out, or refuses this client.'],
    ['Check its forwarders and its access list.', 'Ask another one: --resolver IP.'],
  ),
  'local-clock': page(
    ['The battery is empty, or a virtual machine was resumed.', 'Time synchronization is off.'],
    ['Set the clock: timedatectl set-ntp true.', 'Then look again: findings about validity are worth nothing before.'],
  ),
  'rule-unreachable': page(
    [
      'A rule for more was put before a rule for less.',
      'A regular expression or a wildcard matches more than was meant.',
    ],
    [
      'Move the narrower one up: postern policy move ID --before ID.',
      'Delete it where it has become superfluous: postern policy delete ID.',
    ],
  ),
  'rule-profile-missing': page(
    [
      'The profile was deleted or renamed by hand.',
      'policy.yaml was copied from another machine without its profiles.',
    ],
    [
      'Create the profile: postern profile create NAME --level secure.',
      'Or give the rule another one: postern policy apply --id ID --profile NAME.',
    ],
  ),
  'receiving-requires-tls': page(
    ['The rule matches every client, those of the whole Internet included.'],
    ['Limit it: --client CIDR, or recipients that only partners write to.'],
  ),
  'users-without-tls': page(
    ['TLS was switched off, or every listener has `tls: off`.', 'The users were added before the listeners.'],
    ['Switch TLS on: postern relay tls on.', 'Give a listener in relay.yaml `tls: starttls` or `tls: implicit`.'],
  ),
  'regex-unanchored': page(
    ['The closing $ is missing, so that the expression is met by the beginning of a longer name.'],
    [
      'Write /…$/ as in /@example.mil$/.',
      'Use a pattern in place of an expression: *@example.mil, or .example.mil for what is below it.',
    ],
  ),
  'subject-contains': page(
    ['The check was taken over from an appliance that knows substrings alone.'],
    ['Use --subject domain, exact:NAME or wildcard:PATTERN.'],
  ),
  'subject-any': page(
    ['The profile was made to get along with a partner whose certificate has the wrong name.'],
    [
      'Pin the wrong name instead: --subject exact:NAME.',
      'Or name the partner’s own CA, where that issues for nobody else: --ca CA --trust imported.',
    ],
  ),
  'subject-wildcard-wide': page(
    ['The pattern has a star right before the top-level domain.'],
    [
      'Write the domain that is meant: wildcard:*.example.mil.',
      'A star stands for one label: for more levels, use --subject domain.',
    ],
  ),
  'min-strength-too-low': page(
    ['A number from the days of 56-bit ciphers.', 'The bits of a hash or of an elliptic curve were meant.'],
    ['Use 128, the default, or 256: postern profile set NAME --min-strength 128.'],
  ),
  'min-strength-unattainable': page(
    ['Bits of the key were meant (RSA of 2048), not of the cipher.'],
    ['Use 128, the default, or 256: postern profile set NAME --min-strength 256.'],
  ),
  'min-tls-too-low': page(
    ['An old file, or a partner who speaks nothing newer.'],
    [
      'Use 1.2 or 1.3: postern profile set NAME --min-tls 1.2.',
      'A partner who stops at TLS 1.1 gets mail in clear text at level preferred, and none at higher ones.',
    ],
  ),
  'no-trust-anchor': page(
    ['--trust imported without --ca.', 'The CA was taken out of the profile: --ca "".'],
    [
      'Name the CA of the partner: postern profile set NAME --ca CA.',
      'Or trust the public CAs as well: postern profile set NAME --trust both.',
    ],
  ),
  'mandatory-not-looked-up': page(
    [
      '--dane mandatory or --mta-sts mandatory in the profile, for a version of Postern that judges both and asks the network for neither.',
    ],
    [
      'postern profile set NAME --dane opportunistic --mta-sts opportunistic lets mail pass again.',
      'To be strict until then, use --level secure with --ca and --subject domain.',
    ],
  ),
  'mandatory-without-tls': page(
    ['Level none beside a mandatory standard: the two contradict each other.'],
    ['Raise the level: postern profile set NAME --level encrypt.', 'Or drop the demand: --dane off --mta-sts off.'],
  ),
  ...TLS_PAGES,
} as const satisfies Partial<Record<FindingCode, FindingPage>>
