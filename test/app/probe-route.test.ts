import {beforeAll, describe, expect, test} from 'vitest'
import {type TestPki, testPki} from '../support/engine.ts'
import {type PeerScript, peer} from '../support/peer.ts'
import {codesOf, findingOf, probeBench} from '../support/probe.ts'

let pki: TestPki
let good: PeerScript

beforeAll(async () => {
  pki = await testPki()
  good = {tls: await pki.host({dnsNames: ['mx1.example.mil', 'mx2.example.mil', 'mx3.example.mil']})}
})

describe('the route to a domain', () => {
  test('says how each name was learned', async () => {
    await using bench = await probeBench('example.mil 60 MX 10 mx1.example.mil\nmx1.example.mil 60 A 127.0.0.2', [good])
    const result = await bench.probe('example.mil', {profile: 'encrypt'})
    expect(result.hosts[0]!.learned).toBe('MX 10 of example.mil, not signed; addresses not signed')
    expect(codesOf(result)).not.toContain('loopback-address')
  })

  test.each<[string, string, string, RegExp]>([
    ['implicit-mx', 'plain.example', 'plain.example 60 A 127.0.0.2', /plain\.example has no MX record/],
    [
      'mx-is-alias',
      'alias.example',
      'alias.example 60 MX 10 mx.alias.example\nmx.alias.example 60 CNAME mx1.example.mil\nmx1.example.mil 60 A 127.0.0.2',
      /the MX host mx\.alias\.example is an alias \(CNAME\) of mx1\.example\.mil/,
    ],
    [
      'domain-is-alias',
      'other.example',
      'other.example 60 CNAME example.mil\nexample.mil 60 MX 10 mx1.example.mil\nmx1.example.mil 60 A 127.0.0.2',
      /other\.example is an alias \(CNAME\) of example\.mil/,
    ],
    [
      'null-mx-with-others',
      'both.example',
      'both.example 60 MX 0 .\nboth.example 60 MX 10 mx1.example.mil\nmx1.example.mil 60 A 127.0.0.2',
      /both\.example publishes a null MX and other MX records/,
    ],
    ['mx-is-address', 'literal.example', 'literal.example 60 MX 10 127.0.0.2', /holds the address 127\.0\.0\.2/],
    [
      'mx-name-invalid',
      'odd.example',
      'odd.example 60 MX 10 m$x.example',
      /names "m\$x\.example", which is no host name/,
    ],
    [
      'mx-host-not-found',
      'dangling.example',
      'dangling.example 60 MX 10 gone.dangling.example\ndangling.example 60 TXT x',
      /names gone\.dangling\.example, which does not exist/,
    ],
    [
      'mx-domain-unregistered',
      'lost.example',
      'lost.example 60 MX 10 mx.nobody.test\nsomebody.test 60 A 127.0.0.9',
      /names mx\.nobody\.test, and nobody\.test belongs to nobody/,
    ],
    [
      'mx-host-without-address',
      'empty.example',
      'empty.example 60 MX 10 mx.empty.example\nmx.empty.example 60 TXT here',
      /the MX host mx\.empty\.example of empty\.example has no address/,
    ],
    [
      'private-address',
      'private.example',
      'private.example 60 MX 10 mx.private.example\nmx.private.example 60 A 10.1.2.3',
      /mx\.private\.example has the address 10\.1\.2\.3, which is private \(RFC 1918\)/,
    ],
    ['null-mx', 'null.example', 'null.example 60 MX 0 .', /publishes a null MX/],
    ['domain-not-found', 'gone.example', 'x.test 60 A 127.0.0.2', /gone\.example does not exist/],
  ])('%s at %s', async (code, target, zone, message) => {
    await using bench = await probeBench(zone, [good])
    const result = await bench.probe(target, {profile: 'preferred'})
    expect(findingOf(result, code)).toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/./),
    })
    expect(codesOf(result).filter((found) => found.startsWith('mx-'))).toEqual(code.startsWith('mx-') ? [code] : [])
  })

  test('does not claim a domain for anybody’s where its top-level domain is unknown too', async () => {
    await using bench = await probeBench('corp.example 60 MX 10 mail.corp.internal')
    expect(codesOf(await bench.probe('corp.example'))).toContain('mx-host-not-found')
  })

  test('finds a loopback address where mail goes over port 25', async () => {
    const zone = 'loop.example 60 MX 10 mx.loop.example\nmx.loop.example 60 A 127.0.0.77'
    await using bench = await probeBench(zone, [], {smtp: 25})
    expect(findingOf(await bench.probe('loop.example'), 'loopback-address')?.message).toContain('127.0.0.77')
  })

  test('shows an internationalized name both ways', async () => {
    const zone = 'xn--mller-kva.example 60 MX 10 mx1.example.mil\nmx1.example.mil 60 A 127.0.0.2'
    await using bench = await probeBench(zone, [good])
    const result = await bench.probe('MÜLLER.example', {profile: 'encrypt'})
    expect(result).toMatchObject({target: 'xn--mller-kva.example', unicode: 'müller.example', verdict: 'pass'})
    expect(bench.dns.asked[0]).toBe('UDP xn--mller-kva.example MX')
    expect(codesOf(result)).toContain('name-internationalized')
  })
})

describe('a mixed fleet', () => {
  const ZONE = ['mx1', 'mx2', 'mx3']
    .map((name, i) => `example.mil 60 MX ${i + 1}0 ${name}.example.mil\n${name}.example.mil 60 A 127.0.0.${i + 2}`)
    .join('\n')
  const at = (last: number, script: PeerScript): PeerScript => ({...script, address: `127.0.0.${last}`})

  test('is summed up in one sentence', async () => {
    const scripts = [at(2, {}), at(3, good), at(4, {})]
    await using bench = await probeBench(ZONE, scripts)
    const result = await bench.probe('example.mil', {profile: 'encrypt'})
    expect(result.summary).toContain('1 of 3 hosts passes; if mx2.example.mil is down everything defers')
    expect(findingOf(result, 'mixed-fleet')?.severity).toBe('warning')
  })

  test('tells which hosts all have to be down', async () => {
    await using bench = await probeBench(ZONE, [at(2, good), at(3, good), at(4, {})])
    const result = await bench.probe('example.mil', {profile: 'encrypt'})
    expect(result.summary).toContain(
      '2 of 3 hosts pass; everything defers only if mx1.example.mil and mx2.example.mil are both down',
    )
  })

  test('tells when mail would go in clear text', async () => {
    await using bench = await probeBench(ZONE, [at(2, good), at(3, {}), at(4, good)])
    const result = await bench.probe('example.mil', {profile: 'preferred'})
    expect(result.verdict).toBe('pass')
    expect(result.summary).toContain('if mx1.example.mil is down mail goes to mx2.example.mil in clear text')
  })
})

describe('several ports', () => {
  test('are looked at one after the other, 465 style ports with TLS at once, and mail is judged by the first', async () => {
    const zone = 'example.mil 60 MX 10 mx1.example.mil\nmx1.example.mil 60 A 127.0.0.2'
    await using bench = await probeBench(zone, [good])
    const implicit = await peer({...good, implicit: true, address: '127.0.0.2', port: bench.port + 1})
    const plain = await peer({address: '127.0.0.2'})
    bench.peers.push(implicit, plain)
    const ports = [bench.port, implicit.port, plain.port]
    const result = await bench.probe('example.mil', {profile: 'encrypt', ports, pause: 0})
    const seen = result.hosts[0]!.addresses.map(({port, mode, policy}) => [port, mode, policy.outcome])
    expect(seen).toEqual([
      [ports[0], 'starttls', 'tls'],
      [ports[1], 'implicit', 'tls'],
      [ports[2], 'starttls', 'refused'],
    ])
    expect(result).toMatchObject({fate: 'delivered', delivery: {encrypt: 'tls'}, verdict: 'fail', exit: 1})
    for (const one of bench.peers) expect(one.connections).toHaveLength(1)
  })
})
