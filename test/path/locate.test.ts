import {afterEach, describe, expect, test} from 'vitest'
import {createResolver} from '../../src/dns/client.ts'
import {parseMailDomain} from '../../src/mail/address.ts'
import {locate, MOST_ADDRESSES, MOST_HOSTS} from '../../src/path/locate.ts'
import type {PathRequest} from '../../src/path/path.ts'
import type {RouteEvidence} from '../../src/policy/evidence.ts'
import {type ZoneOptions, type ZoneServer, zoneServer} from '../support/zone.ts'

let server: ZoneServer | undefined

afterEach(() => server?.stop())

async function located(
  domain: string,
  zone: string,
  options: ZoneOptions & Partial<PathRequest> & {trusted?: boolean; lots?: number[]} = {},
) {
  server = await zoneServer(zone, options)
  const {trusted = false, lots = [], ...request} = options
  const clock = {now: () => Date.now()}
  const resolver = createResolver({servers: [server.address], trusted, timeout: 2_000, clock})
  return locate({resolver, random: () => lots.shift() ?? 0.5}, {domain: parseMailDomain(domain)!, ...request})
}

const hosts = (route: RouteEvidence) => {
  return route.hosts.map(({preference, name, addresses}) => [preference, name, ...addresses].join(' '))
}

describe('the hosts of a domain', () => {
  test('come in the order of their preference, with A and AAAA', async () => {
    const route = await located(
      'example.mil',
      `
      example.mil     60 MX   20 mx2.example.mil
      example.mil     60 MX   10 mx1.example.mil
      mx1.example.mil 60 A    127.0.0.2
      mx1.example.mil 60 AAAA ::1
      mx2.example.mil 60 A    127.0.0.3
    `,
    )
    expect(hosts(route)).toEqual(['10 mx1.example.mil 127.0.0.2 ::1', '20 mx2.example.mil 127.0.0.3'])
    expect(route).toMatchObject({source: 'mx', status: 'insecure', nullMx: false, failure: null})
  })

  test('are shuffled where their preference is equal', async () => {
    const zone = `
      example.mil 60 MX 10 a.example.mil
      example.mil 60 MX 10 b.example.mil
      example.mil 60 MX 5  c.example.mil
    `
    const first = await located('example.mil', zone, {lots: [0.1, 0.2, 0.9]})
    await server!.stop()
    const second = await located('example.mil', zone, {lots: [0.2, 0.1, 0.9]})
    expect(first.hosts.map(({name}) => name[0]).join('')).toBe('cab')
    expect(second.hosts.map(({name}) => name[0]).join('')).toBe('cba')
  })

  test('are the domain itself where there is no MX', async () => {
    const route = await located('example.mil', 'example.mil 60 A 127.0.0.2')
    expect(route).toMatchObject({source: 'implicit', failure: null})
    expect(hosts(route)).toEqual(['0 example.mil 127.0.0.2'])
  })

  test('are none for a null MX', async () => {
    const route = await located('example.mil', 'example.mil 60 MX 0 .')
    expect(route).toMatchObject({nullMx: true, hosts: [], failure: {kind: 'null-mx'}})
  })

  test('are the others where a null MX is not alone', async () => {
    const route = await located(
      'example.mil',
      `
      example.mil     60 MX 0  .
      example.mil     60 MX 10 mx1.example.mil
      mx1.example.mil 60 A  127.0.0.2
    `,
    )
    expect(route.nullMx).toBe(false)
    expect(hosts(route)).toEqual(['10 mx1.example.mil 127.0.0.2'])
  })

  test('are those of the name that a CNAME leads to', async () => {
    const route = await located(
      'example.mil',
      `
      example.mil     60 CNAME mail.example.net
      mail.example.net 60 MX   10 mx.example.net
      mx.example.net  60 CNAME real.example.net
      real.example.net 60 A    127.0.0.2
    `,
    )
    expect(hosts(route)).toEqual(['10 mx.example.net 127.0.0.2'])
    await server!.stop()
    const implicit = await located(
      'example.mil',
      `
      example.mil      60 CNAME mail.example.net
      mail.example.net 60 A     127.0.0.2
    `,
    )
    expect(hosts(implicit)).toEqual(['0 mail.example.net 127.0.0.2'])
  })

  test.each([
    ['does not exist', 'other.mil 60 A 127.0.0.2', 'nxdomain'],
    ['has neither MX nor address', 'example.mil 60 TXT hello', 'no-address'],
    ['cannot be looked up', 'example.mil 0 FAIL 2', 'dns-failed'],
  ])('are none where the domain %s', async (_, zone, kind) => {
    expect(await located('example.mil', zone)).toMatchObject({failure: {kind}})
  })

  test('are none where the answer is bogus', async () => {
    const route = await located('example.mil', 'example.mil 0 BOGUS', {trusted: true})
    expect(route).toMatchObject({status: 'bogus', failure: {kind: 'dns-bogus'}})
  })

  test('each say why they have no address', async () => {
    const route = await located(
      'example.mil',
      `
      example.mil        60 MX 10 gone.example.mil
      example.mil        60 MX 20 bare.example.mil
      example.mil        60 MX 30 broken.example.mil
      example.mil        60 MX 40 127.0.0.1
      example.mil        60 MX 50 mx1.example.mil
      bare.example.mil   60 TXT hello
      broken.example.mil 0  FAIL 2
      mx1.example.mil    60 A 127.0.0.2
    `,
    )
    expect(route.failure).toBeNull()
    expect(route.hosts.map(({failure}) => failure?.kind ?? null)).toEqual([
      'nxdomain',
      'no-address',
      'dns-failed',
      'no-address',
      null,
    ])
    expect(route.hosts[3]!.failure!.reason).toBe('"127.0.0.1" is not a host name')
  })

  test('carry the authenticity of the answer that named them', async () => {
    const route = await located('example.mil', 'example.mil 60 MX 10 mx1.example.mil', {
      authenticated: true,
      trusted: true,
    })
    expect(route.status).toBe('secure')
  })

  test('are looked at up to a bound', async () => {
    const many = Array.from({length: 40}, (_, i) => `example.mil 60 MX ${i} mx${i}.example.mil`)
    const route = await located(
      'example.mil',
      [...many, ...Array.from({length: 40}, (_, i) => `mx0.example.mil 60 A 127.0.1.${i}`)].join('\n'),
    )
    expect(route.hosts).toHaveLength(MOST_HOSTS)
    expect(route.hosts[0]!.addresses).toHaveLength(MOST_ADDRESSES)
  })
})

describe('a next hop without MX', () => {
  test('is the address of a literal', async () => {
    const v4 = await located('[127.0.0.2]', '')
    expect(v4).toMatchObject({source: 'literal', status: 'unknown'})
    expect(hosts(v4)).toEqual([' [127.0.0.2] 127.0.0.2'])
    await server!.stop()
    expect(hosts(await located('[IPv6:::1]', ''))).toEqual([' [IPv6:::1] ::1'])
    expect(server!.asked).toEqual([])
  })

  test('is the host of a static route, by its addresses only', async () => {
    const zone = `
      hop.example.org 60 MX 10 other.example.org
      hop.example.org 60 A  127.0.0.2
    `
    const route = await located('example.mil', zone, {route: {host: 'hop.example.org'}})
    expect(route).toMatchObject({source: 'static', failure: null})
    expect(hosts(route)).toEqual([' hop.example.org 127.0.0.2'])
    expect(server!.asked.sort()).toEqual(['UDP hop.example.org A', 'UDP hop.example.org AAAA'])
  })

  test('is the address of a static route', async () => {
    for (const host of ['127.0.0.2', '[127.0.0.2]']) {
      const route = await located('example.mil', '', {route: {host}})
      expect(hosts(route)).toEqual([' [127.0.0.2] 127.0.0.2'])
      await server!.stop()
    }
  })

  test('says why the host of a static route cannot be dialled', async () => {
    const route = await located('example.mil', '', {route: {host: 'hop.example.org'}})
    expect(route).toMatchObject({
      source: 'static',
      failure: {kind: 'no-address', reason: 'hop.example.org does not exist'},
    })
  })

  test('is the one that was named by hand', async () => {
    const fixed = {address: '127.0.0.2', port: 2525, host: 'mx1.example.mil'}
    const route = await located('example.mil', '', {fixed})
    expect(hosts(route)).toEqual([' mx1.example.mil 127.0.0.2'])
    expect(server!.asked).toEqual([])
  })
})
