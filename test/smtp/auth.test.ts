import {once} from 'node:events'
import {type ConnectionOptions, connect, createSecureContext, type SecureContext} from 'node:tls'
import fc from 'fast-check'
import {afterEach, beforeAll, describe, expect, test} from 'vitest'
import {issueCertificate} from '../../src/pki/issue.ts'
import type {ReceiverHandlers} from '../../src/smtp/receiver.ts'
import {formatCredential, makeCredential, parseCredential} from '../../src/smtp/sasl/credential.ts'
import {MECHANISMS} from '../../src/smtp/sasl/mechanisms.ts'
import {isUnambiguous, preparePassword} from '../../src/smtp/sasl/password.ts'
import type {Users} from '../../src/smtp/sasl/users.ts'
import {greeted, type House, openHouse, type RawClient, type Settings} from './receive-support.ts'
import {base64, plainMessage, scramLogin, scramProof, tlsExporter} from './sasl-client.ts'

let secureContext: SecureContext
let users: Users
beforeAll(async () => {
  const {certificatePem, keyPem} = await issueCertificate({subject: 'mx', dnsNames: ['mx.example.test']})
  secureContext = createSecureContext({cert: certificatePem, key: keyPem})
  const credentials = new Map([
    ['anna', await makeCredential('correct horse')],
    ['bob', await makeCredential('battery staple')],
  ])
  users = {credentials, decoySecret: Buffer.alloc(24, 7)}
})

const houses: House[] = []
const clients: RawClient[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await Promise.all(houses.splice(0).map((house) => house.close()))
})

async function house(settings: Settings = {}, handlers: Partial<ReceiverHandlers> = {}): Promise<House> {
  const auth = {users: () => users, failures: 3}
  const opened = await openHouse({secureContext, auth, ...settings}, handlers)
  houses.push(opened)
  return opened
}

/** A client inside TLS that has said EHLO, and what it was offered. */
async function inside(port: number, options: ConnectionOptions = {}): Promise<{client: RawClient; offer: string}> {
  const client = await greeted(port)
  clients.push(client)
  await client.ask('STARTTLS')
  client.socket.removeAllListeners('data')
  const tls = connect({socket: client.socket, rejectUnauthorized: false, ...options})
  await once(tls, 'secureConnect')
  client.take(tls)
  return {client, offer: await client.ask('EHLO client.example')}
}

const rightPlain = () => `AUTH PLAIN ${plainMessage('anna', 'correct horse')}`
const DENIED = '535 5.7.8 authentication credentials invalid'

describe('AUTH is offered', () => {
  test('inside TLS alone, and refused in clear text whatever the mechanism', async () => {
    const {port} = await house()
    const client = await greeted(port)
    clients.push(client)
    expect(await client.ask('EHLO client.example')).not.toContain('AUTH')
    for (const mechanism of ['PLAIN', 'login', 'SCRAM-SHA-256']) {
      expect(await client.ask(`AUTH ${mechanism}`)).toMatch(/^538 5\.7\.11/)
    }
    expect(await client.ask(rightPlain())).toMatch(/^538/)
    expect(await client.ask('MAIL FROM:<> AUTH=<>')).toMatch(/^555/)
    expect((await inside(port)).offer).toContain('AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN')
  })

  test('without channel binding where TLS 1.2 gives no key for it', async () => {
    const {port} = await house()
    const {client, offer} = await inside(port, {maxVersion: 'TLSv1.2'})
    expect(offer).toContain('AUTH SCRAM-SHA-256 PLAIN LOGIN')
    expect(await client.ask('AUTH SCRAM-SHA-256-PLUS')).toMatch(/^504 5\.5\.4/)
    expect((await scramLogin(client, {header: 'y,,'})).reply).toMatch(/^235/)
  })

  test('to nobody where there are no users', async () => {
    const opened = await openHouse({secureContext})
    houses.push(opened)
    const {port} = opened
    const {client, offer} = await inside(port)
    expect(offer).not.toContain('AUTH')
    expect(await client.ask(rightPlain())).toMatch(/^502/)
  })

  test('and no other mechanism, nor without EHLO', async () => {
    const {port} = await house()
    const {client} = await inside(port)
    for (const word of ['CRAM-MD5', 'GSSAPI', 'toString', '__proto__']) {
      expect(await client.ask(`AUTH ${word}`)).toMatch(/^504 5\.5\.4/)
    }
    expect(await client.ask('AUTH')).toMatch(/^501/)
    await client.ask('HELO client.example')
    expect(await client.ask(rightPlain())).toMatch(/^503/)
  })
})

describe('a user is proved', () => {
  test('by PLAIN, with the message at once or after the challenge', async () => {
    const {port} = await house()
    expect(await (await inside(port)).client.ask(rightPlain())).toBe('235 2.7.0 authentication succeeded')
    const {client} = await inside(port)
    expect(await client.ask('AUTH plain')).toBe('334')
    expect(await client.ask(plainMessage('anna', 'correct horse', 'anna'))).toMatch(/^235/)
  })

  test('by LOGIN, with the name at once or after the challenge', async () => {
    const {port} = await house()
    for (const start of [['AUTH LOGIN', base64('bob')], [`AUTH LOGIN ${base64('bob')}`]]) {
      const {client} = await inside(port)
      const replies = []
      for (const line of start) replies.push(await client.ask(line))
      expect(replies).toEqual(start.length === 2 ? ['334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6'] : ['334 UGFzc3dvcmQ6'])
      expect(await client.ask(base64('battery staple'))).toMatch(/^235/)
    }
  })

  test('by SCRAM-SHA-256, whose proof the client gets back signed', async () => {
    // RFC 7677 §3, which holds the client of this test to the standard.
    const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
    const salt = 'W22ZaJ0SNY7soEsUEjb6gQ=='
    const words = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=${salt},i=4096,c=biws,r=${nonce}`
    const {proof} = scramProof('pencil', Buffer.from(salt, 'base64'), 4096, words)
    expect(proof).toBe('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=')
    const {port} = await house()
    expect((await scramLogin((await inside(port)).client)).reply).toMatch(/^235/)
  })

  test('by SCRAM-SHA-256-PLUS, bound to this TLS session', async () => {
    const {port} = await house()
    const plus = {mechanism: 'SCRAM-SHA-256-PLUS', header: 'p=tls-exporter,,'}
    const {client} = await inside(port)
    expect((await scramLogin(client, {...plus, binding: tlsExporter(client)})).reply).toMatch(/^235/)
    const [other, third] = [(await inside(port)).client, (await inside(port)).client]
    expect((await scramLogin(other, {...plus, binding: tlsExporter(third)})).reply).toBe(DENIED)
    expect((await scramLogin(other, plus)).reply).toBe(DENIED)
  })

  test('once in a session, outside of transactions, and the house is told', async () => {
    const {port, taken} = await house()
    const {client} = await inside(port)
    await client.ask('MAIL FROM:<a@b.example>')
    expect(await client.ask(rightPlain())).toMatch(/^503/)
    await client.ask('RSET')
    expect(await client.ask(rightPlain())).toMatch(/^235/)
    expect(await client.ask(rightPlain())).toBe('503 5.5.1 already authenticated')
    expect(await client.ask('MAIL FROM:<a@b.example> AUTH=e+3Dmc2@example.com')).toMatch(/^250/)
    await client.ask('RCPT TO:<c@d.example>')
    await client.ask('DATA')
    await client.ask('.')
    await client.ask('EHLO again.example')
    expect(await client.ask('MAIL FROM:<a@b.example> AUTH=<>')).toMatch(/^250/)
    await client.ask('RSET')
    expect(await client.ask('MAIL FROM:<a@b.example> AUTH=a+zz')).toMatch(/^501/)
    expect(taken[0]!.client).toMatchObject({user: 'anna', protocol: 'ESMTPSA'})
    expect(taken[0]!.envelope.options).toEqual({})
  })
})

describe('an exchange ends without a user', () => {
  test.each([
    ['a wrong password', () => [`AUTH PLAIN ${plainMessage('anna', 'wrong')}`], DENIED],
    ['a password of another user', () => [`AUTH PLAIN ${plainMessage('bob', 'correct horse')}`], DENIED],
    ['a user who does not exist', () => [`AUTH PLAIN ${plainMessage('eve', 'correct horse')}`], DENIED],
    ['acting for another', () => [`AUTH PLAIN ${plainMessage('anna', 'correct horse', 'bob')}`], DENIED],
    ['an empty message', () => ['AUTH PLAIN ='], /^501 5\.5\.2/],
    ['four parts', () => [`AUTH PLAIN ${base64('\0anna\0correct horse\0')}`], /^501 5\.5\.2/],
    ['no UTF-8', () => [`AUTH PLAIN ${base64(Buffer.from([0, 255, 0, 254]))}`], /^501 5\.5\.2/],
    ['no base64 at once', () => ['AUTH PLAIN %%%'], /^501 5\.5\.2/],
    ['no base64 later', () => ['AUTH PLAIN', 'AGFu!bmE'], /^501 5\.5\.2/],
    ['base64 with bits left over', () => ['AUTH PLAIN', 'AB=='], /^501 5\.5\.2/],
    ['a star', () => ['AUTH LOGIN', '*'], '501 5.7.0 authentication cancelled'],
    ['a line of 12,289 octets', () => ['AUTH PLAIN', 'A'.repeat(12_287)], /^500 5\.5\.6/],
    ['a line of 12,288 octets', () => ['AUTH PLAIN', 'A'.repeat(12_286)], /^501 5\.5\.2/],
  ] as [string, () => string[], string | RegExp][])('for %s', async (_, lines, expected) => {
    const {port, taken} = await house()
    const {client} = await inside(port)
    let reply = ''
    for (const line of lines()) reply = await client.ask(line)
    expect(reply).toMatch(expected)
    expect(await client.ask('NOOP')).toMatch(/^250/)
    expect(taken).toEqual([])
  })

  test('when a SCRAM message is changed, replayed, or claims what is not so', async () => {
    const {port} = await house({auth: {users: () => users, failures: 100}})
    const {client} = await inside(port)
    const {sent} = await scramLogin((await inside(port)).client)
    const changes: [string, (message: string) => string, RegExp][] = [
      ['replayed', () => sent, /^535/],
      ['a longer nonce', (message) => message.replace(/(r=[^,]+)/, '$1x'), /^535/],
      ['a proof too short', (message) => message.replace(/p=.*/, 'p=AAAA'), /^535/],
      ['no proof', (message) => message.replace(/,p=.*/, ''), /^501/],
      ['a proof that is no base64', (message) => message.replace(/p=.*/, 'p=%'), /^501/],
      ['another header', (message) => message.replace('c=biws', `c=${base64('y,,')}`), /^535/],
      ['NULs', (message) => `\0${message}`, /^501/],
    ]
    for (const [name, final, expected] of changes) {
      expect((await scramLogin(client, {final})).reply, name).toMatch(expected)
    }
    // RFC 5802 §6: a client that could bind and was not told that we can.
    for (const header of ['y,,', 'p=tls-exporter,,', 'n,a=bob,']) {
      expect((await scramLogin(client, {header})).reply, header).toBe(DENIED)
    }
    for (const header of ['n,a=b=3Xb,', 'x,,', '', 'm=ext,n,,']) {
      expect((await scramLogin(client, {header})).reply, header).toMatch(/^501/)
    }
    const plus = {mechanism: 'SCRAM-SHA-256-PLUS'}
    expect((await scramLogin(client, {...plus, header: 'n,,'})).reply).toBe(DENIED)
    expect((await scramLogin(client, {...plus, header: 'p=tls-unique,,'})).reply).toBe(DENIED)
    expect((await scramLogin(client)).reply).toMatch(/^235/)
  })

  test('and nothing tells whether the user exists', async () => {
    const {port} = await house({auth: {users: () => users, failures: 100}})
    const {client} = await inside(port)
    const shape = (first: string) => first.replace(/^r=[^,]+,s=[\w+/]+/, 'r,s')
    const salt = (first: string) => /s=([^,]+)/.exec(first)![1]
    const known = await scramLogin(client, {password: 'wrong'})
    const unknown = await scramLogin(client, {user: 'eve', password: 'wrong'})
    const again = await scramLogin(client, {user: 'eve', password: 'other'})
    const other = await scramLogin(client, {user: 'mallory', password: 'wrong'})
    expect([known.reply, unknown.reply]).toEqual([DENIED, DENIED])
    expect(shape(unknown.first)).toBe(shape(known.first))
    expect(salt(unknown.first)).toHaveLength(salt(known.first)!.length)
    expect(salt(again.first)).toBe(salt(unknown.first))
    expect(salt(other.first)).not.toBe(salt(unknown.first))
  })

  test('and after the failures allowed the session is over; each is told, and no secret ever', async () => {
    const attempts: unknown[] = []
    const {port, events} = await house(
      {},
      {authFailed: (_, attempt) => attempts.push({user: attempt.user, mechanism: attempt.mechanism}) && 1},
    )
    const {client} = await inside(port)
    expect(await client.ask(`AUTH PLAIN ${plainMessage('anna', 'hunter2!')}`)).toBe(DENIED)
    await client.ask('AUTH LOGIN')
    await client.ask(base64('eve'))
    expect(await client.ask(base64('hunter2!'))).toBe(DENIED)
    expect((await scramLogin(client, {password: 'hunter2!'})).reply).toMatch(/^421 4\.7\.0/)
    expect(await client.ask('NOOP')).toBe('closed')
    expect(attempts).toEqual([
      {user: 'anna', mechanism: 'PLAIN'},
      {user: 'eve', mechanism: 'LOGIN'},
      {user: 'anna', mechanism: 'SCRAM-SHA-256'},
    ])
    const told = JSON.stringify(events)
    expect(told).toContain('AUTH PLAIN …')
    for (const secret of ['hunter2!', base64('hunter2!'), plainMessage('anna', 'hunter2!')]) {
      expect(told).not.toContain(secret)
    }
  })

  test('when the client leaves in the middle, and the session with it', async () => {
    const opened = await house()
    const {client} = await inside(opened.port)
    await client.ask('AUTH LOGIN')
    client.close()
    await expect.poll(() => opened.open, {timeout: 20_000}).toBe(0)
  })
})

test('STARTTLS forgets whom the session was for, because nobody is proved before it', async () => {
  const {port} = await house()
  const {client} = await inside(port)
  expect(await client.ask('STARTTLS')).toMatch(/^503/)
  expect(await client.ask('MAIL FROM:<>')).toMatch(/^250/)
})

describe('whatever octets come', () => {
  const messages = fc.array(
    fc.oneof(
      fc.uint8Array({maxLength: 300}).map((octets) => Buffer.from(octets)),
      fc.string({unit: 'binary', maxLength: 300}).map((text) => Buffer.from(text)),
      fc
        .array(
          fc.constantFrom('n,', 'y,', 'p=tls-exporter,', 'a=', 'n=', 'r=', 'c=biws', 'p=', ',', '\0', '=2C', 'anna'),
        )
        .map((words) => Buffer.from(words.join(''))),
    ),
    {minLength: 1, maxLength: 3},
  )

  // PLAIN and LOGIN hash what they get, which takes its time.
  test.each([...MECHANISMS.keys()])('%s proves nobody and does not throw', async (name) => {
    await fc.assert(
      fc.asyncProperty(messages, async (responses) => {
        const exchange = MECHANISMS.get(name)!({users, channelBinding: Buffer.alloc(32)})
        let step = await exchange.next()
        for (const response of responses) if (!step.done) step = await exchange.next(response)
        if (step.done) expect(step.value).toHaveProperty('failure')
      }),
      {numRuns: name.startsWith('SCRAM') ? 500 : 40},
    )
  })

  test('a giant message costs little', async () => {
    for (const [name, start] of MECHANISMS) {
      for (const giant of [',', 'n,,n=a,r=', 'c=,r=,p=', ',p=', 'n,a=,'].map((part) => part.repeat(100_000))) {
        const exchange = start({users, channelBinding: Buffer.alloc(32)})
        await exchange.next()
        let step = await exchange.next(Buffer.from(giant))
        if (!step.done) step = await exchange.next(Buffer.from(giant))
        expect(step.value, name).toHaveProperty('failure')
      }
    }
  })
})

describe('a credential', () => {
  test('is written as RFC 5803 has it, and read back alike', () => {
    const text = formatCredential(users.credentials.get('anna')!)
    expect(text).toMatch(/^SCRAM-SHA-256\$50000:[\w+/]{22}==\$[\w+/]{43}=:[\w+/]{43}=$/)
    expect(parseCredential(text)).toEqual(users.credentials.get('anna'))
  })

  test.each([
    ['correct horse'],
    [''],
    ['SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$aaaa:bbbb'],
    [
      'SCRAM-SHA-256$1:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    ],
    [
      'SCRAM-SHA-256$99999999:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    ],
  ])('is not %s', (text) => {
    expect(parseCredential(text)).toBeNull()
  })
})

describe('a password', () => {
  test.each([
    ['pa\u00a0ss', 'pa ss'],
    ['cafe\u0301', 'café'],
    ['Пароль 🐎', 'Пароль 🐎'],
  ])('%j is hashed as %j', (text, prepared) => {
    expect(preparePassword(text)).toBe(prepared)
  })

  test.each([[''], ['a\0b'], ['a\tb'], ['a\u200bb'], ['a\u00adb'], ['\ud800']])('%j is none', (text) => {
    expect(preparePassword(text)).toBeNull()
  })

  test('of more than 1024 octets is none', () => {
    expect(preparePassword('x'.repeat(1025))).toBeNull()
  })

  test('is ambiguous when NFKC changes it', () => {
    expect(['secret²', 'ﬁsh', 'fish'].map(isUnambiguous)).toEqual([false, false, true])
  })
})
