import fc from 'fast-check'
import {afterEach, describe, expect, test} from 'vitest'
import type {ReceiverHandlers} from '../../src/smtp/receiver.ts'
import {greeted, type House, openHouse, type RawClient, type Settings} from './receive-support.ts'

let house: House
let client: RawClient
afterEach(async () => {
  client.close()
  await house.close()
})

/** A client that has named a sender and one recipient. */
async function ready(settings: Settings = {}, handlers: Partial<ReceiverHandlers> = {}): Promise<RawClient> {
  house = await openHouse(settings, handlers)
  client = await greeted(house.port)
  await open(client)
  return client
}

async function open(raw: RawClient): Promise<void> {
  await raw.ask('MAIL FROM:<a@example.org>')
  await raw.ask('RCPT TO:<b@example.mil>')
}

const bdat = (octets: string, last = false) => `BDAT ${Buffer.byteLength(octets)}${last ? ' LAST' : ''}\r\n${octets}`
const replies = async (raw: RawClient, count: number) => {
  const all: string[] = []
  for (let i = 0; i < count; i++) all.push((await raw.reply()).slice(0, 9))
  return all
}
const bodies = () => house.taken.map(({body}) => body.toString('latin1'))
/** The session is still in step: the next command gets its own answer. */
const inStep = async () => expect(await client.ask('NOOP')).toBe('250 2.0.0 OK')

describe('BDAT', () => {
  test('takes a message in chunks, answers each, and undoes no dots', async () => {
    await ready()
    const chunks = ['Subject: t\r\n\r\n.one\r', '\n..two\r\n.\r\n', 'three\r\n']
    client.write(bdat(chunks[0]!))
    expect(await client.reply()).toBe('250 2.0.0 19 octets received')
    client.write(bdat(chunks[1]!))
    expect(await client.reply()).toBe('250 2.0.0 11 octets received')
    client.write(bdat(chunks[2]!, true))
    expect(await client.reply()).toBe('250 2.0.0 taken')
    expect(bodies()).toEqual([chunks.join('')])
    await inStep()
  })

  test('takes two pipelined messages, and `BDAT 0 LAST` for the end of one', async () => {
    await ready()
    const next = 'MAIL FROM:<c@example.org>\r\nRCPT TO:<d@example.mil>\r\n'
    client.write(`${bdat('one\r\n')}BDAT 0 LAST\r\n${next}${bdat('two\r\n', true)}NOOP\r\n`)
    expect(await replies(client, 6)).toEqual([
      '250 2.0.0',
      '250 2.0.0',
      '250 2.1.0',
      '250 2.1.5',
      '250 2.0.0',
      '250 2.0.0',
    ])
    expect(bodies()).toEqual(['one\r\n', 'two\r\n'])
  })

  test.each([
    ['a line without its end is completed', ['one'], 'one\r\n'],
    ['a bare LF is made CRLF, as with DATA', ['one\ntwo\n'], 'one\r\ntwo\r\n'],
    ['a bare LF at the start of a chunk too', ['one', '\ntwo'], 'one\r\ntwo\r\n'],
    ['CR and LF in two chunks are one line end', ['one\r', '\ntwo\r\n'], 'one\r\ntwo\r\n'],
    ['nothing at all stays nothing', [''], ''],
  ])('%s', async (_, chunks, body) => {
    await ready()
    client.write(`${chunks.map((chunk) => bdat(chunk)).join('')}BDAT 0 LAST\r\n`)
    const all = await replies(client, chunks.length + 1)
    expect(all.at(-1)).toBe('250 2.0.0')
    expect(bodies()).toEqual([body])
  })

  test.each([
    ['within a chunk', ['one\rtwo\r\n']],
    ['at the border of two', ['one\r', 'two\r\n']],
    ['at the very end', ['one\r']],
  ])('refuses a bare CR %s', async (_, chunks) => {
    await ready()
    client.write(`${chunks.map((chunk) => bdat(chunk)).join('')}BDAT 0 LAST\r\n`)
    expect((await replies(client, chunks.length + 1)).at(-1)).toBe('550 5.6.0')
    expect(house).toMatchObject({taken: [], aborted: 1})
    await inStep()
  })

  test('refuses a chunk beyond the limit before it has come, and reads it all the same', async () => {
    await ready({limits: {messageSize: 1000}})
    client.write(bdat('x'.repeat(1200)))
    expect(await client.reply()).toMatch(/^552 5\.3\.4 /)
    // What follows belongs to a message that is refused already.
    client.write(bdat('QUIT\r\n', true))
    expect(await client.reply()).toMatch(/^552 5\.3\.4 /)
    expect(house).toMatchObject({taken: [], aborted: 1})
    await inStep()
    await open(client)
    client.write(bdat('small\r\n', true))
    expect(await client.reply()).toBe('250 2.0.0 taken')
  })

  test('counts the chunks of a message together', async () => {
    await ready({limits: {messageSize: 1000}})
    client.write(bdat('x'.repeat(600)) + bdat('x'.repeat(600), true))
    expect(await replies(client, 2)).toEqual(['250 2.0.0', '552 5.3.4'])
    await inStep()
  })

  test.each(['99999999999999999999', '-5', '+5', '0x10', '1e3', '5.0', '', 'LAST', '5 LASTLY', '5 LAST 5'])(
    'closes behind `BDAT %s`, so that nothing in a message is taken for a command',
    async (argument) => {
      await ready()
      client.write(`BDAT ${argument}\r\nRSET\r\nMAIL FROM:<forged@example.org>\r\n`)
      expect(await replies(client, 3)).toEqual(['501 5.5.4', '421 4.5.0', 'closed'])
      expect(house.events.filter((event) => event.type === 'command').map(({line}) => line)).not.toContain('RSET')
    },
  )

  test('closes behind a size that is not worth reading', async () => {
    await ready({limits: {messageSize: 1000}})
    client.write('BDAT 999999999999\r\nxxxx')
    expect(await replies(client, 3)).toEqual(['552 5.3.4', '421 4.5.0', 'closed'])
  })

  test('answers 503 without a transaction or recipients, once the octets are read', async () => {
    house = await openHouse()
    client = await greeted(house.port)
    client.write(bdat('RSET\r\n', true))
    expect(await client.reply()).toBe('503 5.5.1 send MAIL first')
    await client.ask('MAIL FROM:<>')
    client.write(bdat('QUIT\r\n') + bdat('QUIT\r\n', true))
    expect(await replies(client, 2)).toEqual(['503 5.5.1', '503 5.5.1'])
    await inStep()
    expect(house.begun).toBe(0)
  })

  test('takes no second half of a message whose first half was refused for want of recipients', async () => {
    house = await openHouse()
    client = await greeted(house.port)
    await client.ask('MAIL FROM:<>')
    client.write(`${bdat('one\r\n')}RCPT TO:<b@example.mil>\r\n${bdat('two\r\n', true)}`)
    expect(await replies(client, 3)).toEqual(['503 5.5.1', '503 5.5.1', '503 5.5.1'])
    expect(house.begun).toBe(0)
  })

  test.each(['DATA', 'MAIL FROM:<>', 'RCPT TO:<c@example.mil>'])('allows no %s within a message', async (line) => {
    await ready()
    client.write(bdat('one\r\n'))
    await client.reply()
    expect(await client.ask(line)).toMatch(/^503 5\.5\.1 /)
    client.write(bdat('two\r\n', true))
    expect(await client.reply()).toBe('250 2.0.0 taken')
    expect(bodies()).toEqual(['one\r\ntwo\r\n'])
  })

  test.each(['RSET', 'EHLO again', 'QUIT'])('keeps nothing of a message that %s cuts off', async (line) => {
    await ready()
    client.write(bdat('one\r\n'))
    await client.reply()
    expect(await client.ask(line)).toMatch(/^2/)
    await expect.poll(() => house.aborted).toBe(1)
    expect(house.taken).toEqual([])
  })

  test('keeps nothing of a client that leaves between two chunks, or within one', async () => {
    for (const text of [bdat('one\r\n'), `${bdat('one\r\n')}BDAT 100\r\nhalf`]) {
      await ready()
      client.write(text)
      await client.reply()
      client.close()
      await expect.poll(() => house.aborted).toBe(1)
      await house.close()
    }
    await ready()
  })

  test('repeats what the house said to the first chunk up to the last one', async () => {
    await ready({}, {data: async () => ({code: 452, lines: ['4.3.1 full']})})
    client.write(bdat('one\r\n') + bdat('two\r\n', true))
    expect(await replies(client, 2)).toEqual(['452 4.3.1', '452 4.3.1'])
    await inStep()
  })

  test('is answered 502 where it is not offered, and its octets are no commands', async () => {
    await ready({hideExtensions: ['CHUNKING']})
    client.write(bdat('QUIT\r\n', true))
    expect(await client.reply()).toMatch(/^502 /)
    await inStep()
  })

  test('has no STARTTLS behind it that would begin within a message', async () => {
    await ready({insteadOfTls: async () => {}})
    client.write(`${bdat('one\r\n')}STARTTLS\r\n`)
    expect(await replies(client, 2)).toEqual(['250 2.0.0', '503 5.5.1'])
  })

  test('brings the same message as DATA, however it is cut', async () => {
    await ready({limits: {errors: 100_000}})
    await client.ask('RSET')
    const part = fc.constantFrom('\r\n', '\n', '.', '..', 'text', ' more text', '\r\n.\r\n', '\r')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(part, {maxLength: 6}), {maxLength: 5}), async (parts) => {
        const chunks = parts.map((texts) => texts.join(''))
        const text = chunks.join('')
        const lines = /(?:^|\r\n)$/.test(text) ? text : `${text}\r\n`
        house.taken.length = 0
        await open(client)
        client.write(`${chunks.map((chunk) => bdat(chunk)).join('')}BDAT 0 LAST\r\n`)
        const byChunks = (await replies(client, chunks.length + 1)).at(-1)
        await client.ask('RSET')
        await open(client)
        await client.ask('DATA')
        client.write(`${`\r\n${lines}`.replaceAll('\r\n.', '\r\n..').slice(2)}.\r\n`)
        const byDots = (await client.reply()).slice(0, 9)
        expect(byChunks).toBe(byDots)
        if (byDots.startsWith('250')) {
          const [a, b] = bodies()
          // A bare LF at the end is a line end by BDAT; before the dot it needs a CRLF of its own.
          expect([a, `${a}\r\n`]).toContain(b)
          expect(a).not.toMatch(/\r(?!\n)|(?<!\r)\n/)
        }
      }),
      {numRuns: 150},
    )
  })
})
