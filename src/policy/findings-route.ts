import {kind} from './finding-kind.ts'

/** Findings of the way to a domain: DNS, hosts, addresses. */
export const ROUTE_FINDINGS = {
  'target-invalid': kind(
    'error',
    'A line of the list names no domain',
    'RFC 5321 §4.1.2',
    'A target is a domain, or an address literal in brackets. The line was passed over; all others were looked at.',
  ),
  'implicit-mx': kind(
    'info',
    'The domain publishes no MX record',
    'RFC 5321 §5.1',
    'Without MX the domain itself is the mail host. It works, and it also works where nobody meant to take mail.',
  ),
  'domain-is-alias': kind(
    'info',
    'The domain is an alias of another',
    'RFC 5321 §5.1',
    'A CNAME stands at the domain, and the name it leads to is treated as the domain. Its owner decides where mail goes.',
  ),
  'mail-loop': kind(
    'warning',
    'The relay itself is a mail host of the domain',
    'RFC 5321 §5.1',
    'A relay passes over itself and every mail host that is not preferred to it. Where none is left mail would go round in a circle, and is returned.',
  ),
  'null-mx-with-others': kind(
    'warning',
    'A null MX stands beside other MX records',
    'RFC 7505 §3',
    'A null MX must be the only MX record of a domain. Here it is not, and mailers disagree about what that means.',
  ),
  'mx-is-alias': kind(
    'warning',
    'An MX host is an alias',
    'RFC 5321 §5.1, RFC 2181 §10.3',
    'The name in an MX record must not be a CNAME. Most mailers follow it, some refuse, and TLSA records are looked for elsewhere.',
  ),
  'mx-is-address': kind(
    'warning',
    'An MX record holds an IP address',
    'RFC 5321 §5.1, RFC 1035 §3.3.9',
    'An MX record names a host. An address in its place is a name that does not exist, so that nothing is ever delivered there.',
  ),
  'mx-name-invalid': kind(
    'warning',
    'An MX record names something that cannot be a host',
    'RFC 1123 §2.1',
    'The name holds characters or labels that no host name has, and is not looked up.',
  ),
  'mx-host-not-found': kind(
    'warning',
    'An MX host does not exist',
    'RFC 5321 §5.1',
    'The MX record names a host for which DNS answers NXDOMAIN: the record dangles. Mail goes to the other hosts, if any.',
  ),
  'mx-domain-unregistered': kind(
    'warning',
    'An MX host lies in a domain that belongs to nobody',
    'RFC 5321 §5.1, RFC 8020 §2',
    'Not even the domain above the MX host exists. Whoever registers it receives mail meant for this domain.',
  ),
  'mx-host-without-address': kind(
    'warning',
    'An MX host has no address',
    'RFC 5321 §5.1',
    'The host exists in DNS, without A or AAAA record. Mail goes to the other hosts, if any.',
  ),
  'loopback-address': kind(
    'warning',
    'A mail host has a loopback address',
    'RFC 1122 §3.2.1.3',
    'The address means the machine that dials it: each sender would hand the mail to itself.',
  ),
  'private-address': kind(
    'warning',
    'A mail host has an address that is not reachable from outside',
    'RFC 1918 §3, RFC 4193 §4.4',
    'Private, link-local and reserved addresses lead nowhere on the Internet, or to some other machine of the same number.',
  ),
  'hosts-left-out': kind(
    'info',
    'Not everything was looked at',
    'RFC 5321 §5.1',
    'The domain publishes more mail hosts or addresses than a mailer would try. The rest was left out.',
  ),
  'name-internationalized': kind(
    'info',
    'A name is internationalized',
    'RFC 5890 §2.3.2.1',
    'On the wire, in DNS and in certificates the name stands in its A-label form (xn--). People see the other one.',
  ),
  'mixed-fleet': kind(
    'warning',
    'The mail hosts of the domain differ',
    'RFC 5321 §5.1',
    'Some hosts meet the profile and some do not, or not as well. Which one takes a message depends on which are up.',
  ),
} as const
