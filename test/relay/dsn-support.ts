import {composeDsn} from '../../src/relay/dsn/compose.ts'
import type {DsnReport} from '../../src/relay/dsn/report.ts'
import type {RecipientFate} from '../../src/relay/fate.ts'
import type {HostFailure} from '../../src/relay/host-failure.ts'

export const AT = Date.UTC(2026, 10, 28, 12, 0, 1)

export const impostor: HostFailure = {
  host: 'mx1.example.mil',
  address: '192.0.2.3',
  port: 25,
  mode: 'starttls',
  outcome: 'refused',
  findings: [
    {
      code: 'certificate-host-mismatch',
      severity: 'error',
      message: 'the certificate of mx1.example.mil (192.0.2.3) names mx.evil.example, not mx1.example.mil',
      hint: 'import the CA',
    },
  ],
  certificate: {
    subject: 'CN=mx.evil.example',
    issuer: 'CN=Some CA',
    notAfter: '2027-01-01T00:00:00.000Z',
    sha256: 'ab'.repeat(32),
  },
}

/** The policy let it go nowhere. */
export const refused: RecipientFate = {
  id: 1,
  address: 'colonel@example.mil',
  options: {},
  result: 'bounced',
  status: '5.7.5',
  reason: `${impostor.findings[0]!.message}; the mail is returned`,
  remote: {host: 'mx1.example.mil', address: '192.0.2.3'},
  reply: null,
  findings: impostor.findings,
  failures: [impostor],
  dsnHandedOn: false,
  evidence: null,
}

/** The remote host would not have it. */
export const rejected: RecipientFate = {
  ...refused,
  id: 2,
  address: 'nobody@example.mil',
  status: '5.1.1',
  reason: '550 5.1.1 no such user',
  reply: {reply: {code: 550, lines: ['5.1.1 no such user', '5.1.1 here']}, command: 'RCPT'},
  findings: [],
  failures: [],
}

export const taken: RecipientFate = {
  ...rejected,
  id: 3,
  result: 'delivered',
  status: '2.0.0',
  reason: '250 2.0.0 kept',
  reply: {reply: {code: 250, lines: ['2.0.0 kept']}, command: 'end of DATA'},
}

/** What a host says, whatever it is. */
export function saying(...lines: string[]): RecipientFate {
  return {...rejected, reply: {reply: {code: 550, lines}, command: 'RCPT'}}
}

/** Refused by this check at mx1.example.mil. */
export function failing(code: string): RecipientFate {
  const findings = [{code, severity: 'error' as const, message: `what was found: ${code}`, hint: 'import the CA'}]
  return {...refused, findings, failures: [{...impostor, findings}]}
}

export function report(change: Partial<DsnReport> = {}): DsnReport {
  return {
    kind: 'failed',
    hostname: 'relay.example.org',
    id: 'D1',
    at: AT,
    message: {
      id: 'Q1',
      reversePath: 'ops@example.org',
      options: {},
      receivedAt: AT - 60_000,
      size: 100,
      origin: '127.0.0.1 (client.example) ESMTPS TLSv1.3',
    },
    recipients: [refused],
    expiresAt: AT + 5 * 86_400_000,
    original: {part: 'headers', octets: Buffer.from('From: ops@example.org\r\nSubject: hello\r\n')},
    ...change,
  }
}

/** The whole message as it goes out, fields unfolded. */
export function composed(change: Partial<DsnReport> = {}): string {
  return composeDsn(report(change))
    .body.toString()
    .replaceAll(/\r\n +/g, ' ')
}

/** The part for people, decoded and unwrapped: what a sender is told, and what is for the administrator. */
export function told(change: Partial<DsnReport> = {}): {sender: string; administrator: string} {
  const body = composeDsn(report(change)).body.toString()
  const [, part = ''] = /text\/plain[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--=_/.exec(body) ?? []
  const [sender = '', administrator = ''] = part.split('For the mail administrator:')
  return {sender: sender.replaceAll(/\s+/g, ' '), administrator}
}
