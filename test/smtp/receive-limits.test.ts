import {afterEach, describe, expect, test} from 'vitest'
import {LEAST_WAITING, ReceiveMemory} from '../../src/smtp/receive-memory.ts'
import {greeted, type House, openHouse, RawClient, type Settings} from './receive-support.ts'

const READ = 65_536
const clients: RawClient[] = []
let house: House
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await house.close()
})

async function visit(settings: Settings): Promise<RawClient> {
  house = await openHouse(settings)
  return join()
}

async function join(): Promise<RawClient> {
  const client = await greeted(house.port)
  clients.push(client)
  return client
}

const closed = () => house.events.filter((event) => event.type === 'closed').map(({reason}) => reason)

describe('a message that drips', () => {
  // Every octet comes well within the time-out for data; all of them together come too slowly.
  const slow = {leastPace: {octets: 1000, window: 250}}

  test.each([
    ['DATA', 'DATA\r\n'],
    ['BDAT', 'BDAT 100000 LAST\r\n'],
    ['many chunks of BDAT', ''],
  ])('by %s is over when it keeps no pace', async (_, begin) => {
    const client = await visit(slow)
    await client.ask('MAIL FROM:<>')
    await client.ask('RCPT TO:<a@b.example>')
    client.write(begin)
    const drip = setInterval(() => client.write(begin === '' ? 'BDAT 1\r\nx' : 'x'), 20)
    await expect.poll(closed, {timeout: 15_000}).toEqual(['too slow'])
    clearInterval(drip)
    expect(house).toMatchObject({taken: [], aborted: 1})
  })
})

describe('a client that speaks before the greeting', () => {
  test('is refused and nothing it said is obeyed', async () => {
    house = await openHouse({greetingDelay: 10_000})
    const client = await RawClient.open(house.port)
    clients.push(client)
    client.write('EHLO early.example\r\n')
    expect(await client.reply()).toBe('554 5.5.1 client speaks before the greeting')
    expect(await client.reply()).toBe('closed')
    await expect.poll(closed).toEqual(['the client spoke before the greeting'])
    expect(house.events.some(({type}) => type === 'command')).toBe(false)
  })

  test('is not one that waits', async () => {
    const client = await visit({greetingDelay: 50})
    expect(await client.ask('NOOP')).toBe('250 2.0.0 OK')
  })
})

describe('the memory of all sessions together', () => {
  const MANY = 200
  const MOST = 1_048_576

  test.each([
    ['a line without end', ''],
    ['a chunk of BDAT that the house is too busy to take', 'MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nBDAT 900000\r\n'],
  ])('is bounded with 200 clients that send %s', async (_, begin) => {
    const memory = new ReceiveMemory(MOST)
    const busy = Promise.withResolvers<void>()
    const flood = Buffer.alloc(400_000, 'x')
    house = await openHouse(
      {memory},
      {
        data: async () => ({
          write: () => busy.promise,
          end: async () => ({code: 250, lines: ['2.0.0 taken']}),
          abort: async () => {},
        }),
      },
    )
    for (let i = 0; i < MANY; i++) await join()
    for (const client of clients) client.write(Buffer.concat([Buffer.from(begin), flood]))
    if (begin !== '') await expect.poll(() => memory.full, {timeout: 15_000}).toBe(true)
    // A session that is not touched by the flood goes on.
    expect(await (await join()).ask('NOOP')).toBe('250 2.0.0 OK')
    expect(memory.peak).toBeLessThanOrEqual(MOST + (MANY + 1) * (LEAST_WAITING + READ))
    busy.resolve()
    for (const client of clients.splice(0)) client.close()
    await expect.poll(() => house.open, {timeout: 15_000}).toBe(0)
    expect(memory.held).toBe(0)
  })
})
