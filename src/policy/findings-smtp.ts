import {kind} from './finding-kind.ts'

/** Findings of how a peer speaks SMTP. None of them changes a verdict: they say why it came out as it did. */
export const SMTP_FINDINGS = {
  'starttls-stripped': kind(
    'warning',
    'Something on the way overwrites the STARTTLS offer',
    'RFC 3207 §6, RFC 7435 §1',
    'The EHLO answer holds a keyword that was overwritten with filler (XXXXXXXA, asterisks). That is the work of a firewall on the way which inspects SMTP, here or there, and it leaves mail in clear text.',
  ),
  'starttls-hidden': kind(
    'warning',
    'STARTTLS works and is not offered',
    'RFC 3207 §4',
    'The host answers STARTTLS with 220 although EHLO does not list it. Either the partner hides it, or a firewall removes the line. No mailer uses what is not offered.',
  ),
  'starttls-temporarily-refused': kind(
    'info',
    'STARTTLS is refused for the moment',
    'RFC 3207 §4',
    'The host offers STARTTLS and answers it with a 4xx reply. It has TLS and cannot use it now: often a key or certificate that could not be read after a renewal.',
  ),
  'handshake-silence': kind(
    'warning',
    'Silence after the 220 of STARTTLS',
    'RFC 3207 §4',
    'The host said to go ahead and then sent nothing in answer to the ClientHello. A filter on the way swallows it, or the host waits for something that never comes.',
  ),
  'ehlo-silence': kind(
    'warning',
    'The host greets and then says nothing',
    'RFC 5321 §4.5.3.2.1',
    'A banner came, and no answer to EHLO in the time allowed. A filter that holds sessions back, or a process that hangs behind a load balancer.',
  ),
  'no-greeting': kind(
    'warning',
    'The connection stands and no greeting comes',
    'RFC 5321 §4.5.3.2.1',
    'TCP connects, and not one octet of a banner arrives. The peer may delay on purpose, wait for TLS, or have nobody behind the port.',
  ),
  'greeting-deferred': kind(
    'warning',
    'The host asks to come back later',
    'RFC 5321 §3.8, §4.2.1',
    'The greeting is a 4xx reply such as 421 or 450: too many connections, greylisting of the client or a stop for maintenance. Mail waits and is tried again.',
  ),
  'greeting-refused': kind(
    'warning',
    'The host refuses this client',
    'RFC 5321 §3.1',
    'The greeting is a 5xx reply, mostly 554: the address of this machine is blocked there, or the host takes no mail.',
  ),
  'ehlo-refused': kind(
    'info',
    'EHLO is refused and HELO taken',
    'RFC 5321 §3.2',
    'The host does not speak extended SMTP, and with it no STARTTLS. Old software, or a firewall that allows only the commands of 1982.',
  ),
  'slow-greeting': kind(
    'info',
    'The greeting is slow',
    'RFC 5321 §4.5.3.2.1',
    'The banner took seconds. Tarpits do that on purpose, to be rid of senders that do not wait; others look up the name of the client first.',
  ),
  'bare-line-feed': kind(
    'info',
    'Lines end in LF alone',
    'RFC 5321 §2.3.8',
    'SMTP lines end in CRLF. A peer that sends LF alone may also take it for the end of a line, which is how messages are smuggled.',
  ),
  'banner-multiline': kind(
    'info',
    'The greeting has several lines',
    'RFC 5321 §4.2.1',
    'This is allowed, and trips simple clients which take the first line for the whole.',
  ),
  'banner-without-esmtp': kind(
    'info',
    'The greeting does not mention ESMTP',
    'RFC 1869 §4',
    'Extended SMTP is found out with EHLO, whatever the banner says. Some old clients look for the word and go on without TLS.',
  ),
  'ehlo-giant': kind(
    'info',
    'The answer to EHLO is unusually long',
    'RFC 5321 §4.5.3.1.5',
    'Beyond two KiB, or fifty lines, clients with a fixed buffer lose the end of the answer, and STARTTLS with it.',
  ),
  'smtp-in-place-of-tls': kind(
    'warning',
    'The host answers the ClientHello with SMTP',
    'RFC 3207 §4',
    'Text of SMTP came where the handshake should begin: STARTTLS was agreed by something that does not do TLS itself, such as a proxy in front.',
  ),
  'plain-smtp-on-tls-port': kind(
    'warning',
    'The implicit-TLS port speaks SMTP in clear text',
    'RFC 8314 §3.3',
    'A banner came in answer to the ClientHello. The port wants STARTTLS, or its TLS is switched off.',
  ),
  'tls-on-plain-port': kind(
    'warning',
    'The SMTP port speaks TLS from the first octet',
    'RFC 8314 §3.3, RFC 3207 §4',
    'The host says nothing until a ClientHello comes, and answers that. Implicit TLS was switched on where STARTTLS is expected.',
  ),
  'same-banner-everywhere': kind(
    'warning',
    'Different hosts greet with the same words',
    'RFC 5321 §4.2',
    'Hosts of different names and addresses sent one banner that names none of them. A proxy on the way may answer in their place.',
  ),
  'certificate-expires-soon': kind(
    'warning',
    'A certificate of the chain expires soon',
    'RFC 5280 §4.1.2.5',
    'A certificate of the chain, presented or used to build it, ends within the days of --expiry-days. When it does, what needs trust stops.',
  ),
} as const
