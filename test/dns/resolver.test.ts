import {getServers} from 'node:dns'
import {afterEach, describe, expect, test} from 'vitest'
import {createResolver} from '../../src/dns/client.ts'
import {dnsServers, parseServer} from '../../src/dns/servers.ts'
import {type ZoneOptions, type ZoneServer, zoneServer} from '../support/zone.ts'

let server: ZoneServer | undefined
let now = Date.UTC(2026, 0, 1)
const clock = {now: () => now}

afterEach(async () => {
  await server?.stop()
  server = undefined
})

async function resolverFor(zone: string, options: ZoneOptions & {trusted?: boolean} = {}) {
  server = await zoneServer(zone, options)
  return createResolver({servers: [server.address], trusted: options.trusted ?? false, timeout: 2_000, clock})
}

describe('the resolver', () => {
  test('finds MX records, names in lower case', async () => {
    const resolver = await resolverFor(`
      example.mil 300 MX 10 MX1.Example.MIL
      example.mil 300 MX 20 mx2.example.mil
    `)
    expect(await resolver.mx('Example.mil')).toEqual({
      status: 'insecure',
      existence: 'records',
      records: [
        {preference: 10, exchange: 'mx1.example.mil'},
        {preference: 20, exchange: 'mx2.example.mil'},
      ],
      canonicalName: 'example.mil',
      ttl: 300,
    })
  })

  test('gives a null MX as an empty exchange', async () => {
    const resolver = await resolverFor('example.mil 300 MX 0 .')
    expect(await resolver.mx('example.mil')).toMatchObject({records: [{preference: 0, exchange: ''}]})
  })

  test('joins A and AAAA, A first', async () => {
    const resolver = await resolverFor(`
      mx1.example.mil 60 AAAA ::1
      mx1.example.mil 30 A 127.0.0.2
    `)
    const answer = await resolver.addresses('mx1.example.mil')
    expect(answer).toMatchObject({existence: 'records', records: ['127.0.0.2', '::1'], ttl: 30})
  })

  test('tells a name that does not exist from one without such records', async () => {
    const resolver = await resolverFor('www.example.mil 60 A 127.0.0.2')
    expect(await resolver.mx('nobody.example.mil')).toMatchObject({existence: 'nxdomain', ttl: 60})
    expect(await resolver.mx('www.example.mil')).toMatchObject({existence: 'nodata', ttl: 60})
    expect(await resolver.addresses('example.mil')).toMatchObject({existence: 'nodata'})
  })

  test('follows CNAMEs and says where they led', async () => {
    const resolver = await resolverFor(`
      example.mil     300 CNAME mail.example.com
      mail.example.com 60 CNAME hosted.example.net
      hosted.example.net 90 MX 5 mx.example.net
    `)
    expect(await resolver.mx('example.mil')).toMatchObject({
      canonicalName: 'hosted.example.net',
      records: [{preference: 5, exchange: 'mx.example.net'}],
      ttl: 60,
    })
  })

  test('calls a circle of CNAMEs a failure', async () => {
    const resolver = await resolverFor(`
      a.example.mil 60 CNAME b.example.mil
      b.example.mil 60 CNAME a.example.mil
    `)
    expect(await resolver.mx('a.example.mil')).toEqual({status: 'failed', reason: 'CNAME loop at a.example.mil'})
  })

  test('joins the character-strings of each TXT record', async () => {
    const resolver = await resolverFor('_mta-sts.example.mil 60 TXT "v=STSv1;" "id=1;"')
    expect(await resolver.txt('_mta-sts.example.mil')).toMatchObject({records: ['v=STSv1;id=1;']})
  })

  test('reads TLSA records', async () => {
    const resolver = await resolverFor('_25._tcp.mx1.example.mil 60 TLSA 3 1 1 00ffab', {
      authenticated: true,
      trusted: true,
    })
    expect(await resolver.tlsa('_25._tcp.mx1.example.mil')).toMatchObject({
      status: 'secure',
      records: [{usage: 3, selector: 1, matchingType: 1, data: '00ffab'}],
    })
  })

  test('takes TCP when the answer does not fit into a datagram', async () => {
    const many = Array.from({length: 60}, (_, i) => `example.mil 60 MX ${i} a-rather-long-host-name-${i}.example.mil`)
    const resolver = await resolverFor(many.join('\n'))
    expect(await resolver.mx('example.mil')).toMatchObject({existence: 'records'})
    expect(server!.asked).toEqual(['UDP example.mil MX', 'TCP example.mil MX'])
  })

  test('counts AD only where the servers are trusted', async () => {
    const zone = 'example.mil 60 MX 10 mx1.example.mil'
    const trusting = await resolverFor(zone, {authenticated: true, trusted: true})
    expect((await trusting.mx('example.mil')).status).toBe('secure')
    await server!.stop()
    const wary = await resolverFor(zone, {authenticated: true})
    expect((await wary.mx('example.mil')).status).toBe('insecure')
    await server!.stop()
    const unsigned = await resolverFor(zone, {trusted: true})
    expect((await unsigned.mx('example.mil')).status).toBe('insecure')
  })

  test('tells a bogus answer from a broken server, where the servers are trusted', async () => {
    const zone = `
      forged.example.mil 0 BOGUS
      broken.example.mil 0 FAIL 2
    `
    const trusting = await resolverFor(zone, {trusted: true})
    expect((await trusting.mx('forged.example.mil')).status).toBe('bogus')
    expect((await trusting.mx('broken.example.mil')).status).toBe('failed')
    await server!.stop()
    const wary = await resolverFor(zone)
    expect((await wary.mx('forged.example.mil')).status).toBe('failed')
  })

  test('says why in the words of the server, where it has any (RFC 8914)', async () => {
    const zone = `
      forged.example.mil 0 BOGUS 2 7 signatures ended \x1b[31m yesterday
      broken.example.mil 0 FAIL 2 22
      strange.example.mil 0 FAIL 2 4711 ask somebody else
    `
    const resolver = await resolverFor(zone, {trusted: true})
    const reason = async (name: string) => {
      const answer = await resolver.mx(name)
      return 'reason' in answer ? answer.reason : answer.status
    }
    expect(await reason('forged.example.mil')).toBe(
      'the answer for forged.example.mil MX fails DNSSEC validation: ' +
        'Signature Expired (EDE 7): signatures ended \\x1b[31m yesterday',
    )
    expect(await reason('broken.example.mil')).toBe(`${server!.address}: SERVFAIL: No Reachable Authority (EDE 22)`)
    expect(await reason('strange.example.mil')).toBe(`${server!.address}: SERVFAIL: EDE 4711: ask somebody else`)
  })

  test('names the server and the rcode of a failure', async () => {
    const resolver = await resolverFor('example.mil 0 FAIL 5')
    expect(await resolver.mx('example.mil')).toEqual({status: 'failed', reason: `${server!.address}: REFUSED`})
    expect(server!.asked).toHaveLength(1)
  })

  test('answers again from its cache until the TTL is over', async () => {
    const resolver = await resolverFor('example.mil 60 MX 10 mx1.example.mil')
    await resolver.mx('example.mil')
    now += 59_000
    expect(await resolver.mx('EXAMPLE.mil.')).toMatchObject({existence: 'records', ttl: 1})
    expect(server!.asked).toHaveLength(1)
    now += 1_000
    await resolver.mx('example.mil')
    expect(server!.asked).toHaveLength(2)
  })

  test('asks afresh once it was told to forget', async () => {
    const resolver = await resolverFor('example.mil 60 MX 10 mx1.example.mil')
    await resolver.mx('example.mil')
    resolver.forget()
    await resolver.mx('example.mil')
    expect(server!.asked).toHaveLength(2)
  })

  test('keeps a negative answer for the minimum of the SOA', async () => {
    const resolver = await resolverFor('www.example.mil 60 A 127.0.0.2')
    await resolver.mx('nobody.example.mil')
    now += 59_000
    await resolver.mx('nobody.example.mil')
    expect(server!.asked).toHaveLength(1)
    now += 2_000
    await resolver.mx('nobody.example.mil')
    expect(server!.asked).toHaveLength(2)
  })

  test('keeps no failure', async () => {
    const resolver = await resolverFor('example.mil 0 FAIL 2')
    await resolver.mx('example.mil')
    await resolver.mx('example.mil')
    expect(server!.asked).toHaveLength(2)
  })

  test('never asks for a name that cannot be asked for', async () => {
    const resolver = await resolverFor('example.mil 60 A 127.0.0.2')
    for (const name of ['', '.', 'a..b', `${'x'.repeat(64)}.mil`, 'a b.mil', 'a\r\nb.mil', 'ü.mil', 'a.'.repeat(127)]) {
      expect(await resolver.mx(name)).toMatchObject({existence: 'nxdomain'})
    }
    expect(server!.asked).toEqual([])
  })

  test('knows localhost by itself', async () => {
    const resolver = await resolverFor('example.mil 60 A 127.0.0.2')
    expect(await resolver.addresses('localhost')).toMatchObject({records: ['127.0.0.1', '::1']})
    expect(server!.asked).toEqual([])
  })

  test('refuses what is no address of a server', () => {
    for (const text of ['dns.example', '127.0.0.1:0', '127.0.0.1:70000', '127.0.0.1:x', '[::1', '']) {
      expect(() => createResolver({servers: [text], trusted: false, clock})).toThrow(/is not the address/)
    }
    for (const text of ['127.0.0.1', '127.0.0.1:5353', '::1', '[::1]:5353', '[::1]']) {
      expect(() => createResolver({servers: [text], trusted: false, clock})).not.toThrow()
    }
  })
})

test('the servers of the system are asked where none are given', () => {
  expect(dnsServers([]).map(({address}) => address)).toEqual(getServers().map((text) => parseServer(text).address))
})
