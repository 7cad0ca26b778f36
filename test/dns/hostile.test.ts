import {createSocket, type Socket} from 'node:dgram'
import {type AddressInfo, createServer, type Socket as TcpSocket} from 'node:net'
import {Packet} from 'dns2'
import {afterEach, describe, expect, test} from 'vitest'
import {createResolver} from '../../src/dns/client.ts'
import {expectNoLeak, openSockets} from '../support/handles.ts'
import {zoneServer} from '../support/zone.ts'

const ends: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

type Answering = (query: Packet, send: (octets: Buffer, from?: Socket) => void) => void

/** A name server made by hand, on UDP; TCP on the same port where a test needs it. */
async function nameServer(onUdp: Answering, onTcp?: (socket: TcpSocket) => void): Promise<string> {
  const tcp = createServer((socket) => {
    socket.on('error', () => {})
    ends.push(() => socket.destroy())
    onTcp?.(socket)
  })
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  const {port} = tcp.address() as AddressInfo
  const udp = createSocket('udp4')
  udp.on('message', (octets, {port: theirs}) => {
    onUdp(Packet.parse(octets), (reply, from = udp) => from.send(reply, theirs, '127.0.0.1'))
  })
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve))
  ends.push(
    () => new Promise<void>((resolve) => udp.close(() => resolve())),
    () => new Promise((resolve) => tcp.close(resolve)),
  )
  return `127.0.0.1:${port}`
}

function reply(query: Packet, answers: object[], header: object = {}): Packet {
  const response = Packet.createResponseFromRequest(query)
  Object.assign(response.header, header)
  response.answers = answers as never
  return response
}

const mx = (name: string, exchange: string) => ({name, ttl: 60, type: 15, class: 1, priority: 10, exchange})
const truth = (query: Packet) => reply(query, [mx('example.mil', 'mx1.example.mil')]).toBuffer()

const resolverFor = (servers: string[], timeout = 2_000) => {
  return createResolver({servers, trusted: false, timeout, clock: {now: () => 0}})
}

const found = {existence: 'records', records: [{preference: 10, exchange: 'mx1.example.mil'}]}

describe('a resolver among liars', () => {
  test('waits for the true answer behind junk, a wrong id and a wrong question', async () => {
    const server = await nameServer((query, send) => {
      send(Buffer.from('junk'))
      send(Buffer.alloc(12))
      const guess = reply(query, [mx('example.mil', 'mx.evil.example')])
      guess.header.id = (query.header.id + 1) & 0xffff
      send(guess.toBuffer())
      const other = reply(query, [mx('example.mil', 'mx.evil.example')])
      other.questions = [{...query.questions[0]!, name: 'example.com'} as never]
      send(other.toBuffer())
      const echoed = query.toBuffer()
      send(echoed)
      send(truth(query))
    })
    expect(await resolverFor([server]).mx('example.mil')).toMatchObject(found)
  })

  test('does not hear a datagram from another port', async () => {
    const stranger = createSocket('udp4')
    ends.push(() => stranger.close())
    await new Promise<void>((resolve) => stranger.bind(0, '127.0.0.1', resolve))
    const server = await nameServer((query, send) => {
      send(reply(query, [mx('example.mil', 'mx.evil.example')]).toBuffer(), stranger)
      setTimeout(() => send(truth(query)), 50)
    })
    expect(await resolverFor([server]).mx('example.mil')).toMatchObject(found)
  })

  test('leaves out records of names that it did not ask for', async () => {
    const server = await nameServer((query, send) => {
      const stray = [mx('example.com', 'mx.evil.example'), mx('sub.example.mil', 'mx.evil.example')]
      send(reply(query, [...stray, mx('EXAMPLE.mil', 'mx1.example.mil')]).toBuffer())
    })
    expect(await resolverFor([server]).mx('example.mil')).toMatchObject(found)
  })

  test('outlives a compression loop and a count that promises the world', async () => {
    const server = await nameServer((query, send) => {
      const looped = truth(query)
      looped.writeUInt16BE(0xc000 | (looped.length - 2), looped.length - 2)
      send(looped)
      const vast = truth(query)
      vast.writeUInt16BE(0xffff, 6)
      send(vast)
    })
    const answer = await resolverFor([server], 200).mx('example.mil')
    expect(answer.status).toBe('failed')
  })

  test('reads no datagram that is far longer than it asked for', async () => {
    const server = await nameServer((query, send) => {
      const many = Array.from({length: 150}, (_, i) => mx('example.mil', `a-long-name-of-an-evil-host-${i}.example`))
      send(reply(query, many).toBuffer())
      send(truth(query))
    })
    expect(await resolverFor([server]).mx('example.mil')).toMatchObject(found)
  })

  test('goes on to the next server when one is silent or not there', async () => {
    const silent = await nameServer(() => {})
    const zone = await zoneServer('example.mil 60 MX 10 mx1.example.mil')
    ends.push(() => zone.stop())
    const nobody = '127.0.0.1:1'
    expect(await resolverFor([nobody, silent, zone.address], 200).mx('example.mil')).toMatchObject(found)
  })

  test('asks a silent server twice, then says so', async () => {
    let asked = 0
    const server = await nameServer(() => {
      asked++
    })
    const before = openSockets()
    expect(await resolverFor([server], 100).mx('example.mil')).toEqual({
      status: 'failed',
      reason: `${server}: no answer within 0.1 s`,
    })
    expect(asked).toBe(2)
    await expectNoLeak(before)
  })

  test('asks without EDNS where a server does not know it', async () => {
    const server = await nameServer((query, send) => {
      const old = query.additionals.length > 0
      send(old ? reply(query, [], {rcode: 1}).toBuffer() : truth(query))
    })
    expect(await resolverFor([server]).mx('example.mil')).toMatchObject(found)
  })

  test('announces 1232 octets and DNSSEC OK', async () => {
    const seen: object[] = []
    const server = await nameServer((query, send) => {
      seen.push(...query.additionals)
      send(truth(query))
    })
    await resolverFor([server]).mx('example.mil')
    expect(seen).toMatchObject([{type: 41, class: 1232, doFlag: true}])
  })

  test.each([
    ['closes', (socket: TcpSocket) => socket.end()],
    ['sends another id', (socket: TcpSocket) => socket.write(Buffer.concat([Buffer.from([0, 12]), Buffer.alloc(12)]))],
    ['promises more than it sends', (socket: TcpSocket) => socket.write(Buffer.from([0xff, 0xff, 0]))],
    ['says nothing', () => {}],
  ])('fails in bounded time when the TCP side %s after a truncated answer', async (_, onTcp) => {
    const server = await nameServer((query, send) => send(reply(query, [], {tc: 1}).toBuffer()), onTcp)
    const before = openSockets()
    expect((await resolverFor([server], 150).mx('example.mil')).status).toBe('failed')
    await expectNoLeak(before + 2)
  })

  test('takes an answer with a damaged record for no answer', async () => {
    const server = await nameServer((query, send) => {
      const two = reply(query, [
        mx('example.mil', 'mx1.example.mil'),
        {...mx('example.mil', ''), type: 1, address: '1.2.3.4'},
      ])
      const octets = two.toBuffer()
      // The A record gets the type of a CNAME, whose name its four octets are not.
      octets.writeUInt16BE(5, octets.length - 14)
      send(octets)
    })
    expect(await resolverFor([server], 200).mx('example.mil')).toMatchObject({status: 'failed'})
  })

  test('ends at once when it is told to', async () => {
    const server = await nameServer(() => {})
    const before = openSockets()
    const end = new AbortController()
    const answer = resolverFor([server], 60_000).mx('example.mil', end.signal)
    setTimeout(() => end.abort(new Error('enough')), 20)
    await expect(answer).rejects.toThrow('enough')
    await expectNoLeak(before)
  })
})
