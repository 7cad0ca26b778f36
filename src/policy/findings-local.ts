import {kind} from './finding-kind.ts'

/** Causes on this machine or in its network, told apart from the partner's. */
export const LOCAL_FINDINGS = {
  'local-no-ipv6': kind(
    'info',
    'This machine has no IPv6 route',
    'RFC 3484 §5',
    'The host has an IPv6 address that cannot be dialled from here. That says nothing of the partner: such addresses do not count where others can be reached.',
  ),
  'local-port-blocked': kind(
    'warning',
    'Outgoing SMTP looks blocked here',
    'RFC 5068 §3.1',
    'The SMTP port cannot be reached at any host, while the same machines answer at another port, or the system itself refused the connection. Many providers and clouds block port 25.',
  ),
  'local-proxy': kind(
    'warning',
    'Something here answers for every mail host',
    'RFC 3207 §6',
    'A connection to port 25 of an address at which nobody can be was taken. A proxy or firewall in this network answers in the place of the partner, and what was seen is its TLS, not the partner’s.',
  ),
  'local-resolver-down': kind(
    'warning',
    'The DNS server of this machine does not answer',
    'RFC 1034 §5.3.1',
    'No DNS server that was asked gave any answer. Nothing is known of the partner: the fault is here, or on the way to the server.',
  ),
  'local-resolver-broken': kind(
    'warning',
    'The DNS server of this machine resolves nothing',
    'RFC 1034 §5.3.1',
    'The DNS server answers, and fails for the top-level domain too, so that the fault is not in the partner’s zone.',
  ),
  'local-clock': kind(
    'warning',
    'The clock of this machine looks wrong',
    'RFC 5280 §4.1.2.5',
    'Certificates are expired or not yet valid by this clock alone. What else bears a date says that it is the clock.',
  ),
} as const
