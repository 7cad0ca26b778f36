import {once} from 'node:events'
import {connect} from 'node:net'
import fc from 'fast-check'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {type House, openHouse} from '../smtp/receive-support.ts'

const WORDS = [
  'EHLO x',
  'HELO [::1]',
  'MAIL FROM:<a@b.example>',
  'MAIL FROM:<> SIZE=1 BODY=8BITMIME',
  'RCPT TO:<c@d.example> NOTIFY=NEVER',
  'RCPT TO:<"\\"@>"@e>',
  'DATA',
  'RSET',
  'STARTTLS',
  'BDAT 10 LAST',
  'BDAT 0 LAST',
  'BDAT 7',
  'NOOP',
  'VRFY x',
  '.',
  '..',
  'Subject: x',
  '',
]
const GROUP = 'EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n'
const piece = fc.oneof(
  {weight: 2, arbitrary: fc.constant(Buffer.from(GROUP))},
  {weight: 6, arbitrary: fc.constantFrom(...WORDS).map((word) => Buffer.from(`${word}\r\n`))},
  {weight: 1, arbitrary: fc.uint8Array({maxLength: 60}).map((octets) => Buffer.from(octets))},
  {
    weight: 1,
    arbitrary: fc.constantFrom('\r', '\n', '\r\n', '\r\n.\r\n', '\0', '\u00ff').map((one) => Buffer.from(one)),
  },
  {weight: 1, arbitrary: fc.nat(5000).map((length) => Buffer.alloc(length, 'x'))},
)

let house: House
beforeAll(async () => {
  house = await openHouse({limits: {errors: 1000}})
})
afterAll(() => house.close())

/** All that the session answers to these octets, after which the client has nothing more to say. */
async function answers(octets: Buffer): Promise<string> {
  const socket = connect(house.port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  socket.end(octets)
  await once(socket, 'close')
  return text
}

describe('a receiving session fed with anything', () => {
  test('answers in whole, well-formed replies, ends, and keeps no half message', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, {maxLength: 25}), async (pieces) => {
        const text = await answers(Buffer.concat(pieces))
        expect(text).toMatch(/^220 [^\r\n]*\r\n(?:(?:[2-5]\d\d-[^\r\n]*\r\n)*[2-5]\d\d [^\r\n]*\r\n)*$/)
      }),
      {numRuns: 300},
    )
    await expect.poll(() => house.open).toBe(0)
    expect(house.taken.length + house.aborted).toBe(house.begun)
    // The words above do make messages; a fuzzer that never gets that far would prove little.
    expect(house.taken.length).toBeGreaterThan(0)
  })
})
