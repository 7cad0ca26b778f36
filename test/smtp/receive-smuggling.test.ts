import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {greeted, type House, openHouse, type RawClient} from './receive-support.ts'

// Every end of data that some receiver or other was once found to take for one (CVE-2023-51764, -51765, -51766).
const ENDS = {
  'LF . LF': '\n.\n',
  'LF . CRLF': '\n.\r\n',
  'CRLF . LF': '\r\n.\n',
  'CR . CR': '\r.\r',
  'CR . CRLF': '\r.\r\n',
  'CR . LF': '\r.\n',
  'LF . CR': '\n.\r',
  'CRLF . CR': '\r\n.\r',
  'CRLF . CR NUL LF': '\r\n.\r\0\n',
  'CRLF NUL . CRLF': '\r\n\0.\r\n',
  'CRLF . NUL CRLF': '\r\n.\0\r\n',
  'CR NUL LF . CR NUL LF': '\r\0\n.\r\0\n',
  'CRCRLF . CRCRLF': '\r\r\n.\r\r\n',
  'CRLF . CRCRLF': '\r\n.\r\r\n',
  'LFCR . LFCR': '\n\r.\n\r',
  'CRLF blank . CRLF': '\r\n .\r\n',
}
const FORGED = 'MAIL FROM:<forged@example.org>\r\nRCPT TO:<victim@example.mil>\r\nDATA\r\nforged\r\n'

let house: House
let client: RawClient
beforeAll(async () => {
  house = await openHouse({limits: {errors: 10_000}})
  client = await greeted(house.port)
})
afterAll(() => {
  client.close()
  return house.close()
})

const TRANSACTION = ['MAIL FROM:<a@example.org>', 'RCPT TO:<b@example.mil>']

/** What became of it: the one reply, and what the house took. */
async function sent(write: () => Promise<unknown>): Promise<{reply: string; bodies: string[]}> {
  house.taken.length = 0
  for (const line of TRANSACTION) await client.ask(line)
  await write()
  const reply = await client.reply()
  expect(await client.ask('NOOP')).toBe('250 2.0.0 OK')
  expect(client.rest).toBe('')
  return {reply, bodies: house.taken.map(({body}) => body.toString('latin1'))}
}

function expectOne({reply, bodies}: {reply: string; bodies: string[]}): void {
  if (reply.startsWith('550 5.6.0')) expect(bodies).toEqual([])
  else {
    expect(reply).toBe('250 2.0.0 taken')
    expect(bodies).toHaveLength(1)
    expect(bodies[0]).toContain('MAIL FROM:<forged@example.org>')
    // What comes next must find one message in it too: no bare CR or LF, no NUL that somebody would drop.
    expect(bodies[0]).not.toMatch(/\r(?!\n)|(?<!\r)\n|\0/)
  }
}

describe.each(Object.entries(ENDS))('two messages never come out of one: %s', (_, end) => {
  const text = `Subject: outer\r\n\r\nouter${end}${FORGED}`

  test('by DATA', async () => {
    expectOne(
      await sent(async () => {
        await client.ask('DATA')
        client.write(`${text}.\r\n`)
      }),
    )
  })

  test('by DATA, cut at every octet of it', async () => {
    const from = text.indexOf(end)
    for (let cut = from; cut <= from + end.length; cut++) {
      const result = await sent(async () => {
        await client.ask('DATA')
        client.write(text.slice(0, cut))
        await new Promise(setImmediate)
        client.write(`${text.slice(cut)}.\r\n`)
      })
      expectOne(result)
    }
  })

  test('by BDAT, the border of two chunks at every octet of it', async () => {
    const from = text.indexOf(end)
    for (let cut = from; cut <= from + end.length; cut++) {
      const result = await sent(async () => {
        client.write(`BDAT ${cut}\r\n${text.slice(0, cut)}BDAT ${text.length - cut} LAST\r\n${text.slice(cut)}`)
        await client.reply()
      })
      expectOne(result)
    }
  })
})
