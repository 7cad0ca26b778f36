import {MailAddress} from '../../../src/mail/address.ts'
import {printable} from '../../../src/mail/domain.ts'
import type {MailOptions} from '../../../src/mail/envelope.ts'
import {composeDsn} from '../../../src/relay/dsn/compose.ts'
import {readOriginal} from '../../../src/relay/dsn/original.ts'
import type {DsnAction} from '../../../src/relay/dsn/report.ts'
import {impostor, rejected, report} from '../../relay/dsn-support.ts'
import {holds, same, type Target} from '../target.ts'

const KINDS: readonly DsnAction[] = ['failed', 'delayed', 'relayed']

/**
 * A report about a message and replies that somebody wrote to deceive its readers. The lines of the input stand, in turn, for the
 * reply, the host, the client, ENVID, ORCPT, addresses, findings and the returned message (the rest of the input).
 */
export function dsn(): Target {
  return {
    name: 'dsn',
    dictionary: [
      ...[
        '\n',
        '\r',
        '\r\n',
        '\0',
        '\u0085',
        '\u2028',
        'Bcc: x\r\n',
        '\r\n\r\n',
        '--=_D1_dsn',
        '--=_D1_dsn--',
        ' ',
        '\t',
        'é',
        '+0D+0A',
      ],
      ...[
        'rfc822;a+40b',
        'utf-8;',
        '\\x{E9}',
        'Subject: x',
        '=?utf-8?q?=0A?=',
        'x'.repeat(300),
        ' '.repeat(80),
        '=',
        '=0D=0A',
        Buffer.of(0xff),
      ],
    ],
    check: async (input) => {
      const kind = KINDS[(input[0] ?? 0) % 3]!
      const [reply = '', name = '', client = '', envid = '', orcpt = '', local = '', finding = '', ...rest] = input
        .subarray(1)
        .toString('utf8')
        .split('\n')
      const original = await readOriginal([Buffer.from(rest.join('\n'), 'latin1')] as never, 10_000)
      // As the path has it: a domain, or made printable.
      const host = printable(name)
      const options: MailOptions = {envid, smtputf8: /[^\x00-\x7f]/.test(local)}
      const address = MailAddress.tryParse(`${local}@example.mil`)?.text ?? 'joe@example.mil'
      const findings = [
        {code: 'certificate-host-mismatch', severity: 'error' as const, message: finding, hint: finding},
      ]
      const failure = {...impostor, host, findings, certificate: {...impostor.certificate!, subject: finding}}
      const fate = {
        ...rejected,
        ...{address, options: {orcpt}, reason: reply, findings, failures: [failure]},
        remote: {host, address: '192.0.2.3'},
        reply: input.length % 2 ? {reply: {code: 550, lines: reply.split('\r')}, command: 'RCPT'} : null,
      }
      const made = report({kind, recipients: [fate], original})
      const origin = `127.0.0.1 (${client}) ESMTP`
      const {body, message} = composeDsn({...made, message: {...made.message, options, origin, reversePath: address}})
      return judged(body, kind, message.options.body !== '8bitmime')
    },
  }
}

const TOP = 'from to subject date message-id auto-submitted mime-version content-type'
const PART = 'content-type content-transfer-encoding content-description'
const MESSAGE = ['reporting-mta', 'original-envelope-id', 'received-from-mta', 'arrival-date', 'x-postern-queue-id']
const RECIPIENT = [
  ...[
    'original-recipient',
    'final-recipient',
    'action',
    'status',
    'remote-mta',
    'diagnostic-code',
    'last-attempt-date',
  ],
  'will-retry-until',
]

function judged(body: Buffer, kind: DsnAction, sevenBit: boolean): string[] {
  const text = body.toString('latin1')
  holds(!sevenBit || !/[\x80-\xff]/.test(text), 'eight bits in what is said to have seven')
  const [head = '', ...parts] = text.split('\r\n--=_D1_dsn')
  const [top, ...early] = head.split('\r\n\r\n')
  same(names(top!).join(' '), TOP, 'fields of the header')
  same(early, [], 'text before the first part')
  holds(parts.length >= 4 && parts.at(-1) === '--\r\n', 'the parts are not three')
  const [human, status, returned] = parts.map((part) => part.replace(/^\r\n/, ''))
  const ours = [head, human!, status!, returned!.split('\r\n\r\n')[0]!]
  for (const piece of ours) holds(!/\r(?!\n)|(?<!\r)\n|\0/.test(piece), 'a bare CR, LF or NUL')
  for (const part of [human!, status!, returned!])
    same(names(part.split('\r\n\r\n')[0]!).join(' '), PART, 'fields of a part')
  for (const line of `${human}${status}`.split('\r\n')) holds(line.length <= 998, `a line of ${line.length} octets`)
  holds(!/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(`${human}${status}`), 'control characters in our own words')
  const [, about, recipient, ...more] = status!.split('\r\n\r\n')
  same(more, [], 'blocks of recipients that are not there')
  isOf(MESSAGE, names(about!))
  isOf(RECIPIENT, names(recipient!))
  holds(recipient!.includes(`\r\nAction: ${kind}\r\n`), 'another action')
  return [
    kind,
    /Encoding: (\S+)/.exec(human!)![1]!,
    /Type: (\S+)/.exec(status!)![1]!,
    /Type: (\S+)/.exec(returned!)![1]!,
  ]
}

/** Field names in lower case; folded lines belong to the field before them. */
function names(block: string): string[] {
  return block
    .split(/\r\n(?![ \t])/)
    .filter((field) => field !== '')
    .map((field) => /^([\x21-\x39\x3b-\x7e]+):/.exec(field)?.[1]?.toLowerCase() ?? `no field: ${field}`)
}

/** Each once at the most, and in this order. */
function isOf(known: readonly string[], found: readonly string[]): void {
  same(
    found,
    known.filter((name) => found.includes(name)),
    'fields',
  )
}
