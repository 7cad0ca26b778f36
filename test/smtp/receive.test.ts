import {afterEach, describe, expect, test} from 'vitest'
import {MailAddress} from '../../src/mail/address.ts'
import type {ReceiverHandlers} from '../../src/smtp/receiver.ts'
import {greeted, type House, openHouse, RawClient, type Settings} from './receive-support.ts'

const houses: House[] = []
afterEach(async () => {
  await Promise.all(houses.splice(0).map((house) => house.close()))
})

async function visit(settings: Settings = {}, handlers: Partial<ReceiverHandlers> = {}) {
  const house = await openHouse(settings, handlers)
  houses.push(house)
  return {house, client: await greeted(house.port)}
}

/** A transaction opened for one recipient, and the reply to what is sent as its data. */
async function sendData(client: RawClient, data: string): Promise<string> {
  await client.ask('MAIL FROM:<a@b.example>')
  await client.ask('RCPT TO:<c@d.example>')
  expect(await client.ask('DATA')).toMatch(/^354 /)
  client.write(data)
  return client.reply()
}

describe('a receiving session', () => {
  test('greets, offers its extensions, takes a message and says goodbye', async () => {
    const house = await openHouse()
    houses.push(house)
    const client = await RawClient.open(house.port)
    expect(await client.reply()).toBe('220 mx.example.test ESMTP Postern')
    expect(await client.ask('EHLO client.example')).toBe(
      '250-mx.example.test|250-PIPELINING|250-SIZE 1000000|250-8BITMIME|250-SMTPUTF8|250-DSN|250-ENHANCEDSTATUSCODES|250 CHUNKING',
    )
    expect(await sendData(client, 'Subject: x\r\n\r\n..dot\r\n.\r\n')).toBe('250 2.0.0 taken')
    expect(await client.ask('QUIT')).toMatch(/^221 2\.0\.0 /)
    expect(await client.reply()).toBe('closed')
    expect(house.taken[0]!.body.toString()).toBe('Subject: x\r\n\r\n.dot\r\n')
    expect(house.taken[0]!.client).toMatchObject({hello: 'client.example', protocol: 'ESMTP', address: '127.0.0.1'})
  })

  test('answers a pipelined group in order and in step, however it is cut', async () => {
    const {house, client} = await visit()
    const group = 'MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nRCPT TO:<bad\r\nDATA\r\nhi\r\n.\r\nNOOP\r\n'
    for (const octet of group) client.write(octet)
    const codes = []
    for (let i = 0; i < 6; i++) codes.push((await client.reply()).slice(0, 3))
    expect(codes).toEqual(['250', '250', '501', '354', '250', '250'])
    expect(house.taken[0]!.body.toString()).toBe('hi\r\n')
    client.close()
  })

  test('hands the envelope on byte for byte', async () => {
    const {house, client} = await visit()
    const mail = 'MAIL FROM:<Some.One+tag@XN--Bcher-KVA.Example> BODY=8BITMIME RET=HDRS ENVID=q+2B1 SIZE=10 SMTPUTF8'
    expect(await client.ask(mail)).toBe('250 2.1.0 sender OK')
    await client.ask('RCPT TO:<@relay.one,@two.example:"a b"@Example.MIL> NOTIFY=SUCCESS,delay ORCPT=rfc822;A+2Bb@c')
    await client.ask('RCPT TO:<Δ@Bücher.example>')
    await client.ask('RCPT TO:<PostMaster>')
    await client.ask('DATA')
    expect(await client.ask('.')).toMatch(/^250/)
    expect(house.taken[0]!.envelope).toEqual({
      reversePath: MailAddress.parse('Some.One+tag@XN--Bcher-KVA.Example'),
      options: {body: '8bitmime', ret: 'hdrs', envid: 'q+2B1', smtputf8: true},
      recipients: [
        {
          address: MailAddress.parse('"a b"@Example.MIL'),
          options: {notify: ['success', 'delay'], orcpt: 'rfc822;A+2Bb@c'},
        },
        {address: MailAddress.parse('Δ@Bücher.example'), options: {}},
        {address: MailAddress.parse('PostMaster@mx.example.test'), options: {}},
      ],
    })
    expect(house.taken[0]!.body.length).toBe(0)
    client.close()
  })

  test.each([
    ['MAIL FROM:<a@b.example> SIZE=1000001', '552 5.3.4'],
    ['MAIL FROM:<a@b.example> SIZE=x', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> BODY=BINARYMIME', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> NOTIFY=NEVER', '555 5.5.4'],
    ['MAIL FROM:<a@b.example> CONPERM', '555 5.5.4'],
    ['MAIL FROM:<a@b.example> RET=FULL RET=HDRS', '501 5.5.4'],
    ['MAIL FROM:<a@b.example>SIZE=1', '501 5.5.4'],
    ['MAIL FROM:a@b.example', '501 5.5.4'],
    ['MAIL TO:<a@b.example>', '501 5.5.4'],
    ['MAIL', '501 5.5.4'],
    ['MAIL FROM:<a..b@c.example>', '553 5.1.7'],
    ['MAIL FROM:<Δ@c.example>', '553 5.6.7'],
    ['RCPT TO:<a@b.example>', '503 5.5.1'],
    ['DATA', '503 5.5.1'],
    ['DATA now', '501 5.5.4'],
    ['STARTTLS', '502 5.5.1'],
    ['VRFY a', '252 2.0.0'],
    ['VRFY', '501 5.5.4'],
    ['EXPN a', '502 5.5.1'],
    ['HELP', '214 2.0.0'],
    ['NOOP whatever', '250 2.0.0'],
    ['RSET', '250 2.0.0'],
    ['RSET all', '501 5.5.4'],
    ['QUIT now', '501 5.5.4'],
    ['EHLO', '501 5.5.4'],
    ['EHLO (comment)', '501 5.5.4'],
    ['constructor', '500 5.5.1'],
    ['', '500 5.5.1'],
    ['GET / HTTP/1.1', '500 5.5.1'],
    ['NOOP \x00', '500 5.5.2'],
    ['NOOP \rRSET', '500 5.5.2'],
  ])('answers %j with %s and stays in step', async (line, reply) => {
    const {client} = await visit()
    expect((await client.ask(line)).slice(0, reply.length)).toBe(reply)
    expect(await client.ask('NOOP')).toBe('250 2.0.0 OK')
    client.close()
  })

  test.each([
    ['RCPT TO:<>', '553 5.1.3'],
    ['RCPT TO:<a@b.example> NOTIFY=NEVER,DELAY', '501 5.5.4'],
    ['RCPT TO:<a@b.example> ORCPT=rfc822', '501 5.5.4'],
    ['RCPT TO:<a@b.example> SIZE=1', '555 5.5.4'],
    ['MAIL FROM:<a@b.example>', '503 5.5.1'],
    ['DATA', '503 5.5.1'],
  ])('within a transaction answers %j with %s', async (line, reply) => {
    const {client} = await visit()
    await client.ask('MAIL FROM:<>')
    expect((await client.ask(line)).slice(0, reply.length)).toBe(reply)
    client.close()
  })

  test('refuses text that is not UTF-8, and a line that ends in a bare LF', async () => {
    const {client} = await visit()
    expect(await client.ask(Buffer.from('NOOP \xff\r\n', 'latin1'))).toMatch(/^500 5\.5\.2/)
    expect(await client.ask(Buffer.from('NOOP\n'))).toMatch(/^500 5\.5\.2/)
    expect(await client.ask('NOOP')).toMatch(/^250/)
    client.close()
  })

  test('answers one over-long line once', async () => {
    const {client} = await visit()
    client.write('X'.repeat(300_000))
    expect(await client.ask('')).toMatch(/^500 5\.5\.2 line too long/)
    expect(await client.ask('NOOP')).toMatch(/^250/)
    client.close()
  })

  test('takes HELO, and no parameters after it', async () => {
    const {house, client} = await visit()
    expect(await client.ask('HELO old.example')).toBe('250 mx.example.test')
    expect(await client.ask('MAIL FROM:<a@b.example> SIZE=1')).toMatch(/^555/)
    expect(await sendData(client, '.\r\n')).toMatch(/^250/)
    expect(house.taken[0]!.client.protocol).toBe('SMTP')
    client.close()
  })

  test('wants EHLO before MAIL, and forgets the transaction at the next one', async () => {
    const house = await openHouse()
    houses.push(house)
    const client = await RawClient.open(house.port)
    await client.reply()
    expect(await client.ask('MAIL FROM:<>')).toMatch(/^503 5\.5\.1/)
    await client.ask('EHLO x')
    await client.ask('MAIL FROM:<>')
    await client.ask('EHLO x')
    expect(await client.ask('RCPT TO:<a@b.example>')).toMatch(/^503 5\.5\.1/)
    client.close()
  })

  test('says that no recipient was valid when all were refused', async () => {
    const {client} = await visit({}, {rcpt: async () => ({code: 550, lines: ['5.7.1 no']})})
    await client.ask('MAIL FROM:<>')
    expect(await client.ask('RCPT TO:<a@b.example>')).toBe('550 5.7.1 no')
    expect(await client.ask('DATA')).toMatch(/^554 5\.5\.1/)
    client.close()
  })

  test('takes no more recipients than its limit', async () => {
    const {house, client} = await visit({limits: {recipients: 1}})
    await client.ask('MAIL FROM:<>')
    await client.ask('RCPT TO:<a@b.example>')
    expect(await client.ask('RCPT TO:<c@b.example>')).toMatch(/^452 4\.5\.3/)
    await client.ask('DATA')
    await client.ask('.')
    expect(house.taken[0]!.envelope.recipients).toHaveLength(1)
    client.close()
  })

  test('refuses a message over its size once it has read it to the end', async () => {
    const {house, client} = await visit({limits: {messageSize: 1000}})
    const lines = `${'x'.repeat(98)}\r\n`
    expect(await sendData(client, `${lines.repeat(10)}.\r\n`)).toMatch(/^250/)
    expect(await sendData(client, `${lines.repeat(5000)}MAIL FROM:<x@y.example>\r\n.\r\n`)).toMatch(/^552 5\.3\.4/)
    expect(await client.ask('NOOP')).toMatch(/^250/)
    expect([house.taken.length, house.aborted]).toEqual([1, 1])
    client.close()
  })

  const smuggled = 'MAIL FROM:<evil@b.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n'

  test.each(['a\n.\r\nb', 'a\n.\nb', 'a\r\n.\nb', '\n', 'a\r.\r\nb', 'a\r\n.\rb', '\r'])(
    'when it is strict refuses %j as data, whole, and finds no second message in it',
    async (data) => {
      const {house, client} = await visit({bareLineFeeds: 'refuse'})
      expect(await sendData(client, `${data}\r\n${smuggled}.\r\n`)).toMatch(/^550 5\.6\.0/)
      expect(await client.ask('NOOP')).toBe('250 2.0.0 OK')
      expect([house.taken.length, house.aborted]).toEqual([0, 1])
      client.close()
    },
  )

  test.each(['a\r.\r\nb', 'a\r\n.\rb', '\r', 'a\n.\rb'])('refuses %j as data, for its bare CR', async (data) => {
    const {house, client} = await visit()
    expect(await sendData(client, `${data}\r\n${smuggled}.\r\n`)).toMatch(/^550 5\.6\.0/)
    expect([house.taken.length, house.aborted]).toEqual([0, 1])
    client.close()
  })

  test.each([
    ['a\n.\r\nb', 'a\r\n.\r\nb'],
    ['a\n.\nb', 'a\r\n.\r\nb'],
    ['a\r\n.\nb', 'a\r\n\r\nb'],
    ['\n', '\r\n'],
  ])('makes %j harmless: one message, and no bare LF in it', async (data, body) => {
    const {house, client} = await visit()
    expect(await sendData(client, `${data}\r\n${smuggled}.\r\n`)).toMatch(/^250/)
    expect(await client.ask('NOOP')).toBe('250 2.0.0 OK')
    expect(house.taken.map((message) => message.body.toString())).toEqual([`${body}\r\n${smuggled}`])
    client.close()
  })

  test('answers 451 where the house fails, at every step, and keeps nothing', async () => {
    const fails = async (): Promise<never> => {
      throw new Error('disk')
    }
    const sink = {write: async () => {}, end: async () => ({code: 250, lines: []}), abort: async () => {}}
    let step: Partial<ReceiverHandlers> = {mail: fails}
    const {client} = await visit(
      {},
      {
        mail: (...args) => (step.mail ?? (async () => null))(...args),
        rcpt: (...args) => (step.rcpt ?? (async () => null))(...args),
        data: (...args) => (step.data ?? (async () => sink))(...args),
      },
    )
    expect(await client.ask('MAIL FROM:<>')).toMatch(/^451 4\.3\.0/)
    step = {rcpt: fails}
    await client.ask('MAIL FROM:<>')
    expect(await client.ask('RCPT TO:<a@b.example>')).toMatch(/^451 4\.3\.0/)
    step = {data: fails}
    await client.ask('RCPT TO:<a@b.example>')
    expect(await client.ask('DATA')).toMatch(/^451 4\.3\.0/)
    step = {data: async () => ({...sink, write: fails})}
    expect(await sendData(client, 'x\r\n.\r\n')).toMatch(/^451 4\.3\.0/)
    step = {data: async () => ({...sink, end: fails})}
    expect(await sendData(client, 'x\r\n.\r\n')).toMatch(/^451 4\.3\.0/)
    client.close()
  })

  test('holds the client back while the sink is busy', async () => {
    let release = (): void => {}
    let written = 0
    const {client} = await visit(
      {limits: {messageSize: 100_000_000}},
      {
        data: async () => ({
          write: async (chunk) => {
            written += chunk.length
            await new Promise<void>((resolve) => {
              release = resolve
            })
          },
          end: async () => ({code: 250, lines: ['2.0.0 ok']}),
          abort: async () => {},
        }),
      },
    )
    await client.ask('MAIL FROM:<>')
    await client.ask('RCPT TO:<a@b.example>')
    await client.ask('DATA')
    // Far more than the buffers of both sides and of the system hold together.
    const big = Buffer.alloc(64_000_000, 'x'.repeat(98).concat('\r\n'))
    let drained = false
    client.socket.write(big, () => {
      drained = true
    })
    client.write('.\r\n')
    await expect.poll(() => written, {timeout: 20_000}).toBeGreaterThan(0)
    // Turns enough for whatever would still be read.
    for (let turn = 0; turn < 5_000; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(drained).toBe(false)
    expect(written).toBeLessThan(200_000)
    const pump = setInterval(() => release(), 0)
    while (written < big.length) await new Promise((resolve) => setImmediate(() => resolve(release())))
    expect(await client.reply()).toBe('250 2.0.0 ok')
    clearInterval(pump)
    client.close()
  })

  test('aborts the message of a client that goes away', async () => {
    const {house, client} = await visit()
    await client.ask('MAIL FROM:<>')
    await client.ask('RCPT TO:<a@b.example>')
    await client.ask('DATA')
    client.write('half of\r\n')
    client.close()
    await expect.poll(() => [house.aborted, house.open]).toEqual([1, 0])
    expect(house.taken).toEqual([])
  })

  test('answers a client that closed its side after its last command', async () => {
    const {client} = await visit()
    client.socket.end('NOOP\r\nNOOP\r\n')
    expect([await client.reply(), await client.reply(), await client.reply()]).toEqual([
      '250 2.0.0 OK',
      '250 2.0.0 OK',
      'closed',
    ])
  })

  test('sends a client away that makes errors, and counts anew after a message alone', async () => {
    const {client} = await visit({limits: {errors: 2}})
    await client.ask('X')
    await client.ask('X')
    await client.ask('MAIL FROM:<>')
    await client.ask('RCPT TO:<a@b.example>')
    await client.ask('DATA')
    expect(await client.ask('.')).toMatch(/^250/)
    await client.ask('X')
    await client.ask('NOOP')
    expect(await client.ask('X')).toMatch(/^500/)
    expect(await client.ask('X')).toMatch(/^421 4\.7\.0/)
    expect(await client.reply()).toBe('closed')
  })

  test('sends a silent client away, and one that drips', async () => {
    const {client} = await visit({timeouts: {command: 300}})
    const drip = setInterval(() => client.write('x'), 50)
    expect(await client.reply()).toMatch(/^421 4\.4\.2/)
    clearInterval(drip)
    expect(await client.reply()).toBe('closed')
  })

  test('ends a message whose data stop coming', async () => {
    const {house, client} = await visit({timeouts: {data: 200}})
    expect(await sendData(client, 'one line\r\n')).toMatch(/^421 4\.4\.2/)
    await expect.poll(() => [house.aborted, house.open]).toEqual([1, 0])
  })

  test('ends when its whole time is up, busy or not', async () => {
    const {client} = await visit({timeouts: {session: 500}})
    let answer = ''
    while (!answer.startsWith('421') && answer !== 'closed') answer = await client.ask('NOOP')
    expect(answer).toMatch(/^421 4\.4\.2/)
  })

  test('sends a client away that takes no replies', async () => {
    const {house, client} = await visit({timeouts: {command: 300}})
    client.socket.pause()
    const flood = 'HELP\r\n'.repeat(20_000)
    const pump = setInterval(() => client.socket.writableLength < 1_000_000 && client.write(flood), 1)
    await expect.poll(() => house.open, {timeout: 30_000}).toBe(0)
    clearInterval(pump)
    // What it may have been read of is what waits on our side and in the system's buffers, not all that it sent.
    expect(house.events.filter((event) => event.type === 'command').length).toBeLessThan(500_000)
    client.close()
  })

  test('stops between messages, never within one', async () => {
    const stop = new AbortController()
    const {house, client} = await visit({signal: stop.signal})
    await client.ask('MAIL FROM:<>')
    await client.ask('RCPT TO:<a@b.example>')
    await client.ask('DATA')
    stop.abort()
    expect(await client.ask('hi\r\n.')).toMatch(/^250/)
    expect(await client.reply()).toMatch(/^421 4\.3\.2/)
    expect(house.taken).toHaveLength(1)
  })

  test('lets the house refuse a connection', async () => {
    const house = await openHouse({}, {connect: async () => ({code: 554, lines: ['5.7.1 not you']})})
    houses.push(house)
    const client = await RawClient.open(house.port)
    expect(await client.reply()).toBe('554 5.7.1 not you')
    expect(await client.reply()).toBe('closed')
  })

  test("sends one well-formed reply whatever the house's text holds", async () => {
    const {client} = await visit({}, {mail: async () => ({code: 550, lines: ['a\r\n250 ok', `b${'x'.repeat(900)}`]})})
    expect(await client.ask('MAIL FROM:<>')).toMatch(/^550-a\?\?250 ok\|550 bx{499}$/)
    expect(await client.ask('NOOP')).toBe('250 2.0.0 OK')
    client.close()
  })

  test('leaves out what it is told to hide', async () => {
    const {client} = await visit({hideExtensions: ['SIZE', 'PIPELINING']})
    expect(await client.ask('EHLO x')).not.toMatch(/SIZE|PIPELINING/)
    expect(await client.ask('MAIL FROM:<> SIZE=3')).toMatch(/^555/)
    client.close()
  })
})
