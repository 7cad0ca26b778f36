import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest'
import type {Peer} from '../support/peer.ts'
import {client, submit} from './client.ts'
import {RelayWorld} from './support.ts'

/** Two next hops, one with DSN and one without, and a third that the senders' domain is at. */
let world: RelayWorld
let withDsn: Peer
let without: Peer
let home: Peer

const NOTIFY = [null, 'NEVER', 'SUCCESS', 'FAILURE', 'DELAY', 'SUCCESS,FAILURE'] as const
const rows = [null, ...NOTIFY.slice(1)].flatMap((notify) =>
  (['taken', 'rejected'] as const).flatMap((outcome) =>
    [true, false].flatMap((offered) => [true, false].map((nullSender) => ({notify, outcome, offered, nullSender}))),
  ),
)

const settings = () => `routes:
  - {domain: dsn.example, host: 127.0.0.1, port: ${withDsn.port}}
  - {domain: plain.example, host: 127.0.0.1, port: ${without.port}}
  - {domain: example.org, host: 127.0.0.1, port: ${home.port}}
`
const reject = {
  RCPT: (talk: {send(octets: string): void}, line: string) => {
    talk.send(line.includes('<rejected@') ? '550 5.1.1 no such user\r\n' : '250 2.1.5 ok\r\n')
  },
}
const messages = (peer: Peer) => peer.connections.flatMap((connection) => connection.messages)
const lines = (peer: Peer) => peer.connections.flatMap((connection) => connection.lines)

beforeAll(async () => {
  world = await RelayWorld.make()
  withDsn = await world.peer({extensions: ['PIPELINING', 'DSN'], replies: reject})
  without = await world.peer({replies: reject})
  home = await world.peer({extensions: ['PIPELINING', 'DSN', '8BITMIME']})
  await world.start(settings())
  const raw = await client(world.port())
  for (const [i, {notify, outcome, offered, nullSender}] of rows.entries()) {
    const reply = await submit(raw, {
      from: nullSender ? '' : 'ops@example.org',
      to: [`${outcome}@${offered ? 'dsn' : 'plain'}.example`],
      mailParameters: `RET=HDRS ENVID=row+2B${i}.`,
      rcptParameters: notify === null ? '' : `NOTIFY=${notify}`,
    })
    expect(reply).toMatch(/^250/)
  }
  raw.socket.destroy()
  await vi.waitFor(async () => expect(await world.queue()).toEqual([]), {timeout: 50_000, interval: 100})
}, 60_000)
afterAll(() => world.end())

describe('the sender is told', () => {
  test.each(rows.map((row, i) => [row.notify, row.outcome, row.offered, row.nullSender, i] as const))(
    'NOTIFY=%s, %s by a next hop with DSN: %s, null sender: %s',
    (notify, outcome, offered, nullSender, i) => {
      const told = messages(home).filter((text) => text.includes(`Original-Envelope-Id: row+${i}.\r\n`))
      const failure = outcome === 'rejected' && (notify === null || notify.includes('FAILURE'))
      const relayed = outcome === 'taken' && !offered && (notify?.includes('SUCCESS') ?? false)
      const expected = nullSender ? [] : failure ? ['failed'] : relayed ? ['relayed'] : []
      expect(told.map((text) => /^Action: (\w+)/m.exec(text)?.[1])).toEqual(expected)
    },
  )
})

describe('a next hop', () => {
  test('with DSN is given NOTIFY, RET and ENVID as they came, and the address where there was no ORCPT', () => {
    const heard = lines(withDsn)
    expect(heard).toContain('MAIL FROM:<ops@example.org> RET=HDRS ENVID=row+2B1.')
    for (const notify of NOTIFY) {
      const words = notify === null ? '' : ` NOTIFY=${notify}`
      expect(heard).toContain(`RCPT TO:<taken@dsn.example>${words} ORCPT=rfc822;taken@dsn.example`)
    }
  })

  test('without DSN is given none of them (RFC 3461 §5.2.2)', () => {
    expect(lines(without).filter((line) => /NOTIFY|ORCPT|RET=|ENVID/.test(line))).toEqual([])
  })

  test('gets a DSN from the null sender, without RET or NOTIFY (RFC 3461 §6.1)', () => {
    const mails = lines(home).filter((line) => line.startsWith('MAIL'))
    expect(new Set(mails)).toEqual(new Set(['MAIL FROM:<>']))
    expect(lines(home).some((line) => line.includes('NOTIFY'))).toBe(false)
  })
})
