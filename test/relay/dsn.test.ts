import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {CHECKS} from '../../src/relay/dsn/checks.ts'
import {composeDsn} from '../../src/relay/dsn/compose.ts'
import {wantsDsn} from '../../src/relay/dsn/notify.ts'
import {LARGEST_RETURN, LARGEST_UNASKED, largestReturn, readOriginal} from '../../src/relay/dsn/original.ts'
import type {DsnReport} from '../../src/relay/dsn/report.ts'
import {composed, failing, impostor, refused, rejected, report, saying, taken, told} from './dsn-support.ts'

const waiting = {...refused, result: 'deferred' as const, status: '4.7.5'}

describe('the part for people', () => {
  test('names the host and the failed check in one sentence, and says what the sender can do', () => {
    const {sender} = told()
    expect(sender).toContain(
      'Why: the mail host mx1.example.mil showed a certificate that is made out to another name (check: certificate-host-mismatch).',
    )
    expect(sender).toContain(
      'Let the recipient know in another way; the mail administrator of example.mil has to mend it',
    )
  })

  test.each(Object.entries(CHECKS))(
    'of %s never tells a sender to do what only an administrator can',
    (code, {says}) => {
      for (const kind of ['failed', 'delayed'] as const) {
        const {sender} = told({kind, recipients: [failing(code)]})
        expect(sender).toContain(`${says} (check: ${code})`)
        expect(sender).not.toMatch(/import|trust anchor|root|openssl|fingerprint|SHA-256|profile|hint/i)
        expect(sender).toMatch(/What you can do: \w/)
      }
    },
  )

  test('keeps certificate, fingerprint and a line for openssl for the administrator', () => {
    const {administrator} = told()
    expect(administrator).toContain(`    SHA-256 ${'ab'.repeat(32)}\r\n`)
    expect(administrator).toContain(
      '    openssl s_client -starttls smtp -connect 192.0.2.3:25 \\\r\n      -servername mx1.example.mil -showcerts\r\n',
    )
    expect(administrator).toContain('postern finding certificate-host-mismatch')
  })

  test('tells recipients that met with the same together, and others apart', () => {
    const {sender} = told({recipients: [refused, {...refused, address: 'major@example.mil'}, rejected]})
    expect(sender).toContain('colonel@example.mil major@example.mil Why: ')
    expect(sender.match(/Why: /g)).toHaveLength(2)
    expect(sender).toContain('does not take mail for this address: 550 5.1.1 no such user / 5.1.1 here')
  })

  test('tells of each host once, and not of dozens', () => {
    const failures = Array.from({length: 9}, (_, i) => ({...impostor, host: `mx${i}.example.mil`}))
    const {sender} = told({recipients: [{...refused, failures: [...failures, ...failures]}]})
    expect(sender.match(/check: /g)).toHaveLength(3)
    expect(sender).toContain('and so on for 6 more')
  })

  test.each([
    ['5.1.1', 'check the address for a misspelling'],
    ['5.2.2', 'the mailbox is full'],
    ['5.3.4', 'too large for the recipient'],
    ['5.4.7', 'send the message again later'],
    ['5.6.7', 'a form that the other side cannot take'],
    ['5.7.1', 'Ask postmaster@example.mil'],
    ['5.7.30', 'without that demand'],
  ])('advises on a %s', (status, advice) => {
    expect(told({recipients: [{...rejected, status}]}).sender).toContain(advice)
  })

  test.each([
    [
      'a refusal of our own is not said to be the answer of the host',
      {...rejected, reply: null, reason: '5.6.7 the peer does not take it'},
      'Why: the mail host mx1.example.mil cannot take the message: it does not take it.',
    ],
    [
      'a lost session is told as it was',
      {...rejected, reply: null, reason: 'the session with mx1.example.mil[192.0.2.3] was lost'},
      'Why: the session with mx1.example.mil[192.0.2.3] was lost.',
    ],
    [
      'what was decided in the house is asked about there',
      {...rejected, reply: null, remote: null, status: '5.7.1', reason: 'returned by hand'},
      'Why: returned by hand. What you can do: ask your own mail administrator',
    ],
    [
      'a check that has no words of its own is told by its title',
      failing('tls-not-attempted'),
      'Why: the mail host mx1.example.mil failed a check: TLS was not tried on this connection (check: tls-not-attempted).',
    ],
  ])('%s', (_, fate, words) => {
    const {sender} = told({recipients: [fate]})
    expect(sender).toContain(words)
    expect(composed({recipients: [fate]})).toMatch(/^Diagnostic-Code: x-postern; /m)
  })

  test('promises to tell of a failure only whom it will tell', () => {
    const silent = {...waiting, options: {notify: ['delay' as const]}}
    expect(told({kind: 'delayed', recipients: [waiting]}).sender).toContain('you will be told if it fails')
    expect(told({kind: 'delayed', recipients: [silent]}).sender).not.toContain('you will be told')
  })

  test('keeps to 76 columns', () => {
    const [text] = composeDsn(report({recipients: [refused, rejected]}))
      .body.toString()
      .split('--=_D1_dsn\r\nContent-Type: message')
    for (const line of text!.split('\r\n')) expect(line.length).toBeLessThanOrEqual(76)
  })
})

describe('the part for programs', () => {
  test.each<[string, Partial<DsnReport>, string[], RegExp[]]>([
    [
      'a failure',
      {},
      [
        'Reporting-MTA: dns; relay.example.org',
        'Received-From-MTA: dns; client.example (127.0.0.1)',
        'Arrival-Date: Sat, 28 Nov 2026 11:59:01 +0000',
        'Final-Recipient: rfc822; colonel@example.mil',
        'Action: failed',
        'Status: 5.7.5',
        'Remote-MTA: dns; mx1.example.mil',
        'Last-Attempt-Date: Sat, 28 Nov 2026 12:00:01 +0000',
      ],
      [/^Will-Retry-Until/m, /^Original-/m, /^Diagnostic-Code: smtp/m],
    ],
    [
      'a delay',
      {kind: 'delayed', recipients: [{...waiting, status: '5.7.5'}]},
      ['Action: delayed', 'Status: 4.7.5', 'Will-Retry-Until: Thu, 3 Dec 2026 12:00:01 +0000'],
      [/^Action: failed/m],
    ],
    [
      'relaying',
      {kind: 'relayed', recipients: [taken]},
      ['Action: relayed', 'Status: 2.0.0', 'Diagnostic-Code: smtp; 250 2.0.0 kept'],
      [/^Action: delivered/m],
    ],
    ['what time ended', {recipients: [{...waiting, status: '4.4.1'}]}, ['Action: failed', 'Status: 5.4.1'], []],
    [
      'the words of a host',
      {recipients: [rejected]},
      ['Diagnostic-Code: smtp; 550-5.1.1 no such user 550 5.1.1 here', 'Status: 5.1.1'],
      [],
    ],
    [
      'a client without a name',
      {message: {...report().message, origin: '127.0.0.1 (no name) SMTP'}},
      [],
      [/^Received-From/m],
    ],
  ])('of %s has the fields of RFC 3464', (_, change, fields, absent) => {
    const text = composed(change)
    for (const field of fields) expect(text).toContain(`\r\n${field}\r\n`)
    for (const pattern of absent) expect(text).not.toMatch(pattern)
  })

  test.each([
    ['QQ+3D1', 'QQ=1'],
    ['a+2Bb+20c', 'a+b c'],
    ['evil+0D+0ASubject:+20forged', 'evil\\x0d\\x0aSubject: forged'],
  ])('repeats ENVID %s decoded', (envid, text) => {
    expect(composed({message: {...report().message, options: {envid}}})).toContain(
      `\r\nOriginal-Envelope-Id: ${text}\r\n`,
    )
  })

  test.each([
    ['rfc822;a+2Bb@example.mil', false, 'rfc822; a+b@example.mil'],
    ['x400;/C=gb/S=x/', false, 'x400; /C=gb/S=x/'],
    ['utf-8;полковник@example.mil', true, 'utf-8; полковник@example.mil'],
    ['utf-8;\\x{43F}olkovnik@example.mil', true, 'utf-8; пolkovnik@example.mil'],
    ['utf-8;\\x{43F}olkovnik@example.mil', false, 'utf-8; \\x{43F}olkovnik@example.mil'],
    ['rfc822;a+0D+0AX-Forged:+20y', false, 'rfc822; a\\x0d\\x0aX-Forged: y'],
  ])('repeats ORCPT %s (SMTPUTF8: %s)', (orcpt, smtputf8, text) => {
    const message = {...report().message, options: smtputf8 ? {smtputf8} : {}}
    expect(composed({message, recipients: [{...refused, options: {orcpt}}]})).toContain(
      `\r\nOriginal-Recipient: ${text}\r\n`,
    )
  })

  test('is of the global type where an address is UTF-8, and ASCII elsewhere', () => {
    const address = 'полковник@example.mil'
    expect(composed({recipients: [{...refused, address}]})).toMatch(
      /message\/global-delivery-status[\s\S]*Final-Recipient: utf-8; полковник@example.mil\r\n/,
    )
    expect(composed({recipients: [saying('5.1.1 нет')]})).toMatch(
      /message\/delivery-status[\s\S]*smtp; 550 5.1.1 \?\?\?\r\n/,
    )
  })
})

describe('a DSN', () => {
  test('goes to the sender from the null sender', () => {
    const {message} = composeDsn(report())
    expect(message).toMatchObject({reversePath: '', options: {}})
    expect(message.recipients).toEqual([{address: 'ops@example.org', options: {}, destination: 'example.org'}])
  })

  test.each([
    [{}, undefined],
    [{requireTls: true}, true],
  ])('about a message with %j inherits REQUIRETLS: %s', (options, inherited) => {
    expect(composeDsn(report({message: {...report().message, options}})).message.options.requireTls).toBe(inherited)
  })

  test.each([
    ['ASCII', {}, {}],
    ['words of the host in UTF-8', {recipients: [saying('нет')]}, {}],
    [
      'headers in latin-1',
      {original: {part: 'headers' as const, octets: Buffer.from('Subject: caf\xe9\r\n', 'latin1')}},
      {},
    ],
    ['a recipient in UTF-8', {recipients: [{...refused, address: 'п@example.mil'}]}, {body: '8bitmime'}],
    [
      'a sender in UTF-8',
      {message: {...report().message, reversePath: 'п@example.org'}},
      {body: '8bitmime', smtputf8: true},
    ],
  ])('with %s needs of the next hop what it must and no more', (_, change, options) => {
    expect(composeDsn(report(change)).message.options).toEqual(options)
  })

  test.each([
    ['line ends', ['no\r\nSubject: forged\nX-Forged: y\rZ: z']],
    ['a boundary', ['no\r\n--=_D1_dsn--\r\n\r\nmore']],
    ['control characters', ['\x1b]0;owned\x07\x00\x9b31m']],
    ['direction marks', ['\u202egnp.exe']],
    ['hundreds of lines', Array.from({length: 500}, (_, i) => `5.1.1 line ${i} ${'y'.repeat(400)}`)],
    ['one endless word', ['x'.repeat(100_000)]],
    ['one endless word of wide characters', ['😀'.repeat(50_000)]],
  ])('is safe against %s in what a host says', (_, lines) => {
    const fate = saying(...lines)
    const {body} = composeDsn(report({recipients: [fate]}))
    const text = body.toString()
    expect(text).not.toMatch(/^(Subject: forged|X-Forged|Z: )/m)
    expect(text.match(/^--=_D1_dsn--/gm)).toHaveLength(1)
    expect(text).not.toMatch(/[^\r]\n|\r[^\n]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]/)
    expect(body.length).toBeLessThan(16_384)
    for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(998)
  })

  test('bounds certificates that were made to fill it', () => {
    const certificate = {
      ...impostor.certificate!,
      subject: `CN=${'x'.repeat(60_000)}\r\nX: y`,
      issuer: 'y '.repeat(9000),
    }
    const {body} = composeDsn(report({recipients: [{...refused, failures: [{...impostor, certificate}]}]}))
    expect(body.length).toBeLessThan(8192)
    expect(body.toString()).not.toMatch(/^X: y/m)
  })
})

describe('who is told', () => {
  const sender = 'a@b.example'
  test.each([
    // NOTIFY, then whether a failure, a delay and relaying are told.
    [sender, undefined, true, true, false],
    [sender, ['never'], false, false, false],
    [sender, ['failure'], true, false, false],
    [sender, ['delay'], false, true, false],
    [sender, ['success'], false, false, true],
    [sender, ['success', 'failure', 'delay'], true, true, true],
    ['', undefined, false, false, false],
    ['', ['success', 'failure', 'delay'], false, false, false],
  ] as const)('<%s> with NOTIFY=%s: failure %s, delay %s, relaying %s', (reversePath, notify, ...expected) => {
    const options = notify ? {notify: [...notify]} : {}
    const kinds = ['failed', 'delayed', 'relayed'] as const
    expect(kinds.map((kind) => wantsDsn(reversePath, options, kind))).toEqual(expected)
  })
})

describe('what is returned', () => {
  const message = (octets: number) => Buffer.from(`Subject: t\r\n\r\n${'0123456\r\n'.repeat(octets / 9)}`)
  test.each([
    ['failed', {}, 900, 'full'],
    ['failed', {}, LARGEST_UNASKED, 'headers'],
    ['failed', {ret: 'full'}, LARGEST_UNASKED, 'full'],
    ['failed', {ret: 'full'}, LARGEST_RETURN, 'headers'],
    ['failed', {ret: 'hdrs'}, 900, 'headers'],
    ['failed', {ret: 'full', requireTls: true}, 900, 'headers'],
    ['failed', {requireTls: true}, 900, 'headers'],
    ['failed', {ret: 'full', body: 'binarymime'}, 900, 'headers'],
    ['delayed', {ret: 'full'}, 900, 'headers'],
    ['relayed', {ret: 'full'}, 900, 'headers'],
  ] as const)('of a message that %s, with %j and %i octets and more: %s', async (kind, options, octets, part) => {
    const made = message(octets)
    const returned = await readOriginal(chunks(made), largestReturn(kind, options))
    expect(returned).toEqual({part, octets: part === 'full' ? made : Buffer.from('Subject: t\r\n')})
  })

  test('is the headers however the body arrives in pieces', async () => {
    const pieces = [...Buffer.from('Subject: t\r\nTo: x\r\n\r\nbody\r\n')].map((octet) => Buffer.from([octet]))
    const {part, octets} = await readOriginal(chunks(...pieces), 0)
    expect([part, octets.toString()]).toEqual(['headers', 'Subject: t\r\nTo: x\r\n'])
  })

  test('is the headers where a line is too long to travel', async () => {
    const long = Buffer.from(`Subject: t\r\n\r\n${'x'.repeat(2000)}\r\n`)
    expect((await readOriginal(chunks(long), LARGEST_RETURN)).part).toBe('headers')
  })
})

const python = spawnSync('python3', ['--version']).status === 0
const samples: [string, DsnReport][] = [
  ['a failure', report()],
  ['several recipients', report({recipients: [refused, rejected]})],
  ['a delay', report({kind: 'delayed', recipients: [waiting]})],
  ['relaying', report({kind: 'relayed', recipients: [taken]})],
  ['a whole message', report({original: {part: 'full', octets: Buffer.from('Subject: t\r\n\r\nbody\r\n')}})],
  ['UTF-8 addresses', report({recipients: [{...refused, address: 'полковник@example.mil'}]})],
  ['UTF-8 headers', report({original: {part: 'headers', octets: Buffer.from('Subject: привет\r\n')}})],
  ['latin-1 headers', report({original: {part: 'headers', octets: Buffer.from('Subject: caf\xe9\r\n', 'latin1')}})],
  ['nothing returned', report({original: null})],
  ['a long reply', report({recipients: [saying('x'.repeat(5000))]})],
  ['a reply in UTF-8', report({recipients: [saying(`5.1.1 ${'нет '.repeat(100)}`, '😀'.repeat(300))]})],
]

describe.skipIf(!python)('read by python3', () => {
  const dir = mkdtempSync(join(tmpdir(), 'postern-dsn-'))
  afterAll(() => rmSync(dir, {recursive: true, force: true}))
  const run = (made: DsnReport, ...command: string[]) => {
    const file = join(dir, 'dsn.eml')
    writeFileSync(file, composeDsn(made).body)
    const {stdout, stderr} = spawnSync('python3', [...command, file], {encoding: 'utf8'})
    expect(stderr).toBe('')
    return JSON.parse(stdout)
  }

  test.each(samples)('%s passes the checker of RFC 3461, 3464 and 6522', (_, made) => {
    const checker = new URL('../vectors/dsn/dsn_check.py', import.meta.url).pathname
    expect(run(made, checker)).toMatchObject({ok: true, errors: [], warnings: []})
  })

  test.each(samples)(
    '%s is parsed by the email package without a defect, and its text comes out as it went in',
    (_, made) => {
      const {defects, types, text} = run(made, '-c', PARSE)
      expect([defects, types.slice(0, 2)]).toEqual([
        [],
        ['text/plain', expect.stringMatching(/^message\/(global-)?delivery-status$/)],
      ])
      expect(text).toContain(`This is the mail relay relay.example.org.`)
      const reply = made.recipients[0]!.reply
      if (reply?.reply.lines[0]?.includes('нет')) expect(text).toContain('нет нет')
    },
  )
})

const PARSE = `
import sys, json, email, email.policy
m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.SMTP)
parts = m.get_payload()
defects = [str(d) for p in m.walk() for d in p.defects]
print(json.dumps({'defects': defects, 'types': [p.get_content_type() for p in parts], 'text': parts[0].get_content()}))
`

async function* chunks(...pieces: Buffer[]): AsyncIterable<Buffer> {
  yield* pieces
}
