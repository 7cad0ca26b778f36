import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {greeted, type House, openHouse, type RawClient} from './receive-support.ts'

const LIMIT = 1_000_000
let house: House
let client: RawClient
beforeAll(async () => {
  house = await openHouse({limits: {messageSize: LIMIT, errors: 10_000, commandLine: 4096}})
  client = await greeted(house.port)
})
beforeEach(async () => void (await client.ask('RSET')))
afterAll(() => {
  client.close()
  return house.close()
})

const local = (octets: number) => 'l'.repeat(octets)

describe('a parameter of MAIL', () => {
  test.each([
    ['SIZE=0', '250'],
    [`SIZE=${LIMIT}`, '250'],
    [`SIZE=${LIMIT + 1}`, '552 5.3.4'],
    ['SIZE=99999999999999999999', '552 5.3.4'],
    ['SIZE=000000000000000000001', '501'],
    ['SIZE=-1', '501'],
    ['SIZE=+1', '501'],
    ['SIZE=1k', '501'],
    ['SIZE', '501'],
    ['SIZE=', '501'],
    ['BODY=7BIT', '250'],
    ['BODY=8bitmime', '250'],
    ['BODY=BINARYMIME', '501'],
    ['BODY=', '501'],
    ['BODY', '501'],
    ['SMTPUTF8', '250'],
    ['smtputf8', '250'],
    ['SMTPUTF8=1', '501'],
    ['RET=FULL', '250'],
    ['RET=hdrs', '250'],
    ['RET=HDR', '501'],
    [`ENVID=${'e'.repeat(100)}`, '250'],
    [`ENVID=${'e'.repeat(101)}`, '501'],
    ['ENVID=+41', '250'],
    ['ENVID=+4', '501'],
    ['ENVID=+4a', '501'],
    ['ENVID=Δ', '501'],
    // Inside TLS alone, RFC 8689 §2; the others are no parameters that we offer.
    ['REQUIRETLS', '555'],
    ['AUTH=<>', '555'],
    ['HOLDFOR=5', '555'],
    ['BY=5;R', '555'],
    ['NOTIFY=NEVER', '555'],
    ['XUNKNOWN', '555'],
    ['-X=1', '501'],
    ['X==', '501'],
    ['SIZE=1 SIZE=2', '501'],
    ['SIZE=1 size=1', '501'],
  ])('%s is answered %s', async (parameter, reply) => {
    const line = `MAIL FROM:<a@example.org> ${parameter}`
    expect((await client.ask(Buffer.from(`${line}\r\n`))).slice(0, reply.length)).toBe(reply)
  })
})

describe('a parameter of RCPT', () => {
  test.each([
    ['NOTIFY=NEVER', '250'],
    ['NOTIFY=success,FAILURE,Delay', '250'],
    ['NOTIFY=NEVER,NEVER', '501'],
    ['NOTIFY=SUCCESS,NEVER', '501'],
    ['NOTIFY=SUCCESS,', '501'],
    ['NOTIFY=', '501'],
    ['NOTIFY=ALWAYS', '501'],
    [`ORCPT=rfc822;${'o'.repeat(493)}`, '250'],
    [`ORCPT=rfc822;${'o'.repeat(494)}`, '501'],
    ['ORCPT=rfc822;a+2Bb@c.example', '250'],
    ['ORCPT=rfc822;a+2bb@c.example', '501'],
    ['ORCPT=rfc822;', '501'],
    ['ORCPT=;a@b', '501'],
    ['ORCPT=a@b', '501'],
    ['ORCPT=utf-8;a\\x{394}@c.example', '250'],
    ['ORCPT=utf-8;Δ@c.example', '553 5.6.7'],
    ['SIZE=1', '555'],
    ['RRVS=2014-04-03T23:01:00Z', '555'],
  ])('%s is answered %s', async (parameter, reply) => {
    await client.ask('MAIL FROM:<>')
    const line = `RCPT TO:<a@example.mil> ${parameter}`
    expect((await client.ask(Buffer.from(`${line}\r\n`))).slice(0, reply.length)).toBe(reply)
  })

  test('ORCPT may be in UTF-8 once MAIL said SMTPUTF8', async () => {
    await client.ask('MAIL FROM:<> SMTPUTF8')
    expect(await client.ask(Buffer.from('RCPT TO:<a@example.mil> ORCPT=utf-8;Δ@c.example\r\n'))).toMatch(/^250 /)
  })
})

describe('a path', () => {
  test.each([
    [`${local(64)}@example.mil`, '250'],
    [`${local(65)}@example.mil`, '553'],
    [`${'Δ'.repeat(32)}@example.mil`, '553 5.6.7'],
    [`a@${`${'d'.repeat(63)}.`.repeat(3)}${'d'.repeat(61)}`, '250'],
    [`a@${`${'d'.repeat(63)}.`.repeat(3)}${'d'.repeat(63)}`, '553'],
    [`a@${'d'.repeat(64)}.mil`, '553'],
    ['a@bücher.example', '553 5.6.7'],
    ['a@xn--bcher-kva.example', '250'],
    ['a@[192.0.2.1]', '250'],
    ['a@[IPv6:2001:db8::1]', '250'],
    ['a@[2001:db8::1]', '553'],
    ['@one.example,@two.example:a@example.mil', '250'],
    ['@one.example:', '553'],
    ['@:a@example.mil', '501'],
    ['"a\\"b"@example.mil', '250'],
    ['"a"b@example.mil', '553'],
    ['a b@example.mil', '553'],
    ['postmaster', '250'],
    ['POSTMASTER', '250'],
    ['someone', '553'],
  ])('<%s> is answered %s', async (path, reply) => {
    await client.ask('MAIL FROM:<>')
    expect((await client.ask(Buffer.from(`RCPT TO:<${path}>\r\n`))).slice(0, reply.length)).toBe(reply)
  })
})

describe('after HELO', () => {
  test.each(['SIZE=1', 'BODY=8BITMIME', 'SMTPUTF8', 'RET=FULL'])(
    '%s is a parameter that nobody offered',
    async (word) => {
      const plain = await greeted(house.port)
      await plain.ask('HELO client.example')
      expect(await plain.ask(`MAIL FROM:<a@example.org> ${word}`)).toMatch(/^555 /)
      plain.close()
    },
  )

  test('BDAT is answered 502, and its octets are no commands', async () => {
    const plain = await greeted(house.port)
    await plain.ask('HELO client.example')
    expect(await plain.ask(Buffer.from('BDAT 6 LAST\r\nQUIT\r\n'))).toMatch(/^502 /)
    expect(await plain.ask('NOOP')).toBe('250 2.0.0 OK')
    plain.close()
  })
})
