import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {composeDsn} from '../../src/relay/dsn/compose.ts'
import {wantsDsn} from '../../src/relay/dsn/notify.ts'
import {readOriginal} from '../../src/relay/dsn/original.ts'
import type {DsnReport} from '../../src/relay/dsn/report.ts'
import type {RecipientFate} from '../../src/relay/fate.ts'

const AT = Date.UTC(2026, 10, 28, 12, 0, 1)
const dir = mkdtempSync(join(tmpdir(), 'postern-dsn-'))
afterAll(() => rmSync(dir, {recursive: true, force: true}))

const refused: RecipientFate = {
  id: 1,
  address: 'colonel@example.mil',
  options: {},
  result: 'bounced',
  status: '5.7.5',
  reason: 'the certificate of mx1.example.mil[127.0.0.3]:25 names mx.evil.example; the mail is returned',
  remote: {host: 'mx1.example.mil', address: '127.0.0.3'},
  reply: null,
  findings: [
    {
      code: 'certificate-host-mismatch',
      severity: 'error',
      message: 'the certificate of mx1.example.mil[127.0.0.3]:25 names mx.evil.example, not mx1.example.mil',
      hint: '',
    },
  ],
  evidence: null,
}

const rejected: RecipientFate = {
  ...refused,
  id: 2,
  address: 'nobody@example.mil',
  status: '5.1.1',
  reason: '550 5.1.1 no such user',
  reply: {reply: {code: 550, lines: ['5.1.1 no such user', '5.1.1 here']}, command: 'RCPT'},
  findings: [],
}

function report(change: Partial<DsnReport> = {}): DsnReport {
  return {
    kind: 'failed',
    hostname: 'relay.example.org',
    id: 'D1',
    at: AT,
    message: {id: 'Q1', reversePath: 'ops@example.org', options: {}, receivedAt: AT - 60_000, size: 100},
    recipients: [refused],
    expiresAt: AT + 5 * 86_400_000,
    original: {part: 'headers', octets: Buffer.from('From: ops@example.org\r\nSubject: hello\r\n')},
    ...change,
  }
}

describe('a DSN', () => {
  test('names the failed check and its host, and says what the sender can do', () => {
    const text = composeDsn(report())
      .body.toString()
      .replaceAll(/\r\n +/g, ' ')
    expect(text).toContain('check: certificate-host-mismatch')
    expect(text).toContain('not mx1.example.mil')
    expect(text).toContain('What you can do: your message was not handed over')
    expect(text).toMatch(/^Diagnostic-Code: x-postern; certificate-host-mismatch: /m)
    expect(text).toMatch(/^Remote-MTA: dns; mx1.example.mil\r$/m)
  })

  test("hands on the remote host's own words", () => {
    const text = composeDsn(report({recipients: [rejected]})).body.toString()
    expect(text).toMatch(/^Diagnostic-Code: smtp; 550 5.1.1 no such user \/ 5.1.1 here\r$/m)
    expect(text).toContain('Status: 5.1.1\r\n')
  })

  test('goes to the sender from the null sender', () => {
    const {message} = composeDsn(report())
    expect(message.reversePath).toBe('')
    expect(message.recipients).toEqual([{address: 'ops@example.org', options: {}, destination: 'example.org'}])
  })

  test('repeats ENVID and ORCPT decoded', () => {
    const message = {...report().message, options: {envid: 'QQ+3D1'}}
    const recipients = [{...refused, options: {orcpt: 'rfc822;a+2Bb@example.mil'}}]
    const text = composeDsn(report({message, recipients})).body.toString()
    expect(text).toContain('Original-Envelope-Id: QQ=1\r\n')
    expect(text).toContain('Original-Recipient: rfc822; a+b@example.mil\r\n')
  })

  test('cannot be made to carry a header or a field of the remote host', () => {
    const lines = ['no\r\nSubject: forged\nX: y']
    const text = composeDsn(
      report({recipients: [{...rejected, reply: {reply: {code: 550, lines}, command: 'RCPT'}}]}),
    ).body.toString()
    expect(text).not.toMatch(/^(Subject: forged|X: y)/m)
  })

  test('holds no bare CR or LF', () => {
    expect(composeDsn(report()).body.toString()).not.toMatch(/[^\r]\n|\r[^\n]/)
  })
})

describe('who is told', () => {
  test.each([
    ['the null sender never', '', undefined, 'failed', false],
    ['NOTIFY=NEVER never', 'a@b.example', ['never'], 'failed', false],
    ['NOTIFY=DELAY not of a failure', 'a@b.example', ['delay'], 'failed', false],
    ['NOTIFY=FAILURE of a failure', 'a@b.example', ['failure'], 'failed', true],
    ['NOTIFY=FAILURE not of a delay', 'a@b.example', ['failure'], 'delayed', false],
    ['without NOTIFY, of both', 'a@b.example', undefined, 'delayed', true],
  ] as const)('%s', (_, reversePath, notify, kind, expected) => {
    expect(wantsDsn(reversePath, notify ? {notify: [...notify]} : {}, kind)).toBe(expected)
  })
})

describe('what is returned', () => {
  const message = Buffer.from('Subject: t\r\nTo: x\r\n\r\nbody\r\n')

  test('is the whole message where that was asked for', async () => {
    expect(await readOriginal(chunks(message), 'full')).toEqual({part: 'full', octets: message})
  })

  test('is the headers where they were asked for, however the body arrives in pieces', async () => {
    const pieces = [...message].map((octet) => Buffer.from([octet]))
    const {part, octets} = await readOriginal(chunks(...pieces), 'headers')
    expect([part, octets.toString()]).toEqual(['headers', 'Subject: t\r\nTo: x\r\n'])
  })

  test('is the headers where a line is too long to travel', async () => {
    const long = Buffer.from(`Subject: t\r\n\r\n${'x'.repeat(2000)}\r\n`)
    expect((await readOriginal(chunks(long), 'full')).part).toBe('headers')
  })

  test('is the headers where the message is large', async () => {
    const large = Buffer.concat([message, Buffer.alloc(300_000, 'x')])
    expect((await readOriginal(chunks(large), 'full')).part).toBe('headers')
  })
})

const python = spawnSync('python3', ['--version']).status === 0

describe.skipIf(!python)('the checker of RFC 3461, 3464 and 6522 (python3) accepts', () => {
  test.each([
    ['a failure', report()],
    ['several recipients', report({recipients: [refused, rejected]})],
    ['a delay', report({kind: 'delayed', recipients: [{...refused, result: 'deferred', status: '4.7.5'}]})],
    ['a whole message', report({original: {part: 'full', octets: Buffer.from('Subject: t\r\n\r\nbody\r\n')}})],
    ['UTF-8 addresses', report({recipients: [{...refused, address: 'полковник@example.mil'}]})],
    ['UTF-8 headers', report({original: {part: 'headers', octets: Buffer.from('Subject: привет\r\n')}})],
    ['nothing returned', report({original: null})],
    [
      'a long reply',
      report({recipients: [{...rejected, reply: {reply: {code: 550, lines: ['x'.repeat(5000)]}, command: 'RCPT'}}]}),
    ],
  ])('%s', (name, made) => {
    const file = join(dir, `${name.replaceAll(' ', '-')}.eml`)
    writeFileSync(file, composeDsn(made).body)
    const checker = new URL('../vectors/dsn/dsn_check.py', import.meta.url).pathname
    const {stdout, stderr} = spawnSync('python3', [checker, file], {encoding: 'utf8'})
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ok: true, errors: [], warnings: []})
  })
})

async function* chunks(...pieces: Buffer[]): AsyncIterable<Buffer> {
  yield* pieces
}
