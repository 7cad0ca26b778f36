import {X509Certificate} from 'node:crypto'
import {readFile, writeFile} from 'node:fs/promises'
import {createServer, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import * as v from 'valibot'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {type SuggestOptions, suggestCas} from '../../../src/app/ca-suggest.ts'
import {probeTarget} from '../../../src/app/probe-targets.ts'
import {type IssuedCertificate, issueCertificate} from '../../../src/pki/issue.ts'
import {DOCUMENTS} from '../../../src/report/schema/documents.ts'
import {authorities, expired, issuerOf, MX, pemOf} from '../../support/authorities.ts'
import {run, scratch} from '../../support/cli.ts'
import {findingOf, probeBench} from '../../support/probe.ts'

const ZONE = `example.mil 60 MX 10 ${MX}\n${MX} 60 A 127.0.0.2\npki.example.mil 60 A 127.0.0.1\nfar.example.mil 60 A 10.0.0.1`

let home: Awaited<ReturnType<typeof scratch>>
let pki: Awaited<ReturnType<typeof authorities>>
let other: Awaited<ReturnType<typeof authorities>>
const servers: Server[] = []

beforeAll(async () => {
  home = await scratch()
  pki = await authorities('Example')
  other = await authorities('Other')
})

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})
afterAll(() => home[Symbol.asyncDispose]())

const shown = (...chain: IssuedCertificate[]) => ({tls: {cert: pemOf(...chain), key: chain[0]!.keyPem}})

/** Trusts these alone. */
async function trusting(...trusted: IssuedCertificate[]): Promise<string> {
  const file = join(home.dir, `${Math.random()}.pem`)
  await writeFile(file, pemOf(...trusted))
  return file
}

async function suggest(chain: IssuedCertificate[], trusted: IssuedCertificate[], change: Partial<SuggestOptions> = {}) {
  await using bench = await probeBench(ZONE, [shown(...chain)])
  const options = {profile: 'secure', ca: [await trusting(...trusted)], pause: 0, fetchMissing: false, ...change}
  const suggestion = await suggestCas(bench.world, probeTarget('example.mil'), options)
  const document = {schema: 'postern.ca-suggest/1', ...suggestion}
  expect(v.safeParse(DOCUMENTS.get('ca-suggest')!, document).issues).toBeUndefined()
  return suggestion
}

/** An HTTP server on loopback that answers with these octets; the requests that it saw. */
async function publishes(answers: Record<string, Buffer | number>) {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    const answer = answers[request.url ?? '']
    if (typeof answer === 'object') return void response.end(answer)
    response.writeHead(answer ?? 404, {Location: 'http://pki.example.mil/elsewhere'}).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push(server)
  return {seen, at: (path: string) => `http://pki.example.mil:${(server.address() as AddressInfo).port}${path}`}
}

const der = ({certificatePem}: IssuedCertificate): Buffer => new X509Certificate(certificatePem).raw
const print = (one: IssuedCertificate) =>
  new X509Certificate(one.certificatePem).fingerprint256.replaceAll(':', '').toLowerCase()

describe('ca suggest', () => {
  test('needs nothing where the chain passes', async () => {
    const found = await suggest([await pki.leaf(), pki.intermediate], [pki.root])
    expect(found).toMatchObject({certificates: [], commands: [], exit: 0})
  })

  test('names the root that lacks, which the peer sent', async () => {
    const output = join(home.dir, 'suggested.pem')
    const found = await suggest([await pki.leaf(), pki.intermediate, pki.root], [other.root], {output})
    expect(found).toMatchObject({
      chains: [{trusted: false, wouldPass: true, error: null}],
      certificates: [
        {
          ...{subject: 'CN=Example Root,O=Example', role: 'root', fault: 'local', source: 'presented'},
          ...{sha256: print(pki.root), hosts: [`${MX} (127.0.0.2)`]},
        },
      ],
      commands: [
        ['ca', 'import', output],
        ['probe', 'example.mil', '--level', 'secure'],
      ],
      ...{output, exit: 1},
    })
    expect(await readFile(output, 'utf8')).toBe(new X509Certificate(pki.root.certificatePem).toString())
  })

  test('names a root that nobody has here, and says that it decides', async () => {
    const found = await suggest([await pki.leaf(), pki.intermediate], [other.root])
    expect(found).toMatchObject({
      chains: [{wouldPass: null}],
      certificates: [{subject: 'CN=Example Root,O=Example', role: 'root', fault: 'local', source: null, sha256: null}],
      ...{commands: [], exit: 1},
    })
  })

  test('names the intermediate that the peer forgot, as its fault', async () => {
    const found = await suggest([await pki.leaf()], [pki.root])
    expect(found.certificates).toMatchObject([
      {subject: 'CN=Example Intermediate,O=Example', role: 'intermediate', fault: 'peer', source: null},
    ])
  })

  test('suggests nothing for a chain that nothing helps', async () => {
    const found = await suggest([await pki.leaf(expired), pki.intermediate], [pki.root])
    expect(found).toMatchObject({
      chains: [{wouldPass: false, error: 'CERT_HAS_EXPIRED'}],
      certificates: [],
      commands: [],
    })
    const alone = await issueCertificate({subject: MX, dnsNames: [MX]})
    expect(await suggest([alone], [pki.root])).toMatchObject({chains: [{wouldPass: false}], certificates: []})
  })

  test('fetches what lacks only when it is told to, link by link, and nothing beyond', async () => {
    const answers: Record<string, Buffer> = {'/root': Buffer.from(pemOf(pki.root))}
    const site = await publishes(answers)
    const aia = (path: string) => ({aia: [site.at(path)]})
    const middle = await issueCertificate({subject: 'Middle', ca: true, issuer: issuerOf(pki.root), ...aia('/root')})
    const leaf = await issueCertificate({subject: MX, dnsNames: [MX], issuer: issuerOf(middle), ...aia('/middle')})
    answers['/middle'] = der(middle)
    const told = await suggest([leaf], [other.root])
    expect(site.seen).toEqual([])
    expect(told.commands[0]).toEqual(['ca', 'suggest', 'example.mil', '--fetch-missing', '--output', 'example.mil.pem'])
    const found = await suggest([leaf], [other.root], {fetchMissing: true})
    expect(found.fetched.map(({error}) => error)).toEqual([null, null])
    expect(found.certificates.map(({subject, role}) => [subject, role])).toEqual([
      ['CN=Middle', 'intermediate'],
      ['CN=Example Root,O=Example', 'root'],
    ])
    expect(found.chains).toMatchObject([{trusted: false, wouldPass: true}])
    expect(site.seen).toEqual(['GET /middle', 'GET /root'])
  })

  test.each([
    ['another status', 302, 'HTTP 302'],
    ['what is no certificate', Buffer.from('<html>'), /not a certificate/],
    ['more than it should be', Buffer.alloc(80_000, 'x'), /more than 65536 octets/],
  ] as const)('%s is told, and helps nobody', async (_what, answer, error) => {
    const site = await publishes({'/ca': answer})
    const leaf = await pki.leaf({aia: [site.at('/ca')]})
    const found = await suggest([leaf], [other.root], {fetchMissing: true})
    expect(found.fetched).toMatchObject([{error: typeof error === 'string' ? error : expect.stringMatching(error)}])
    expect(found.chains[0]!.wouldPass).toBeNull()
    expect(site.seen).toEqual(['GET /ca'])
  })

  test.each([
    ['https://pki.example.mil/ca', 'not an address of http'],
    ['file:///etc/passwd', 'not an address of http'],
    ['http://far.example.mil/ca', '10.0.0.1 is no address of the Internet'],
    ['http://169.254.169.254/latest', '169.254.169.254 is no address of the Internet'],
    ['http://gone.example.mil/ca', 'gone.example.mil has no address'],
  ])('%s is never dialled', async (url, error) => {
    const found = await suggest([await pki.leaf({aia: [url]})], [other.root], {fetchMissing: true})
    expect(found.fetched).toEqual([{url, error}])
  })

  test('of a domain without a mail host ends like a probe', async () => {
    await using bench = await probeBench('example.org 60 MX 0 .')
    const found = await suggestCas(bench.world, probeTarget('example.org'), {fetchMissing: false})
    expect(found).toMatchObject({chains: [], exit: 68})
  })
})

test('probe --fetch-missing tells what it fetched, and keeps its verdict', async () => {
  const site = await publishes({'/ca': der(pki.intermediate)})
  const leaf = await pki.leaf({aia: [site.at('/ca')]})
  await using bench = await probeBench(ZONE, [shown(leaf)])
  const options = {profile: 'secure', ca: [await trusting(pki.root)], pause: 0}
  const plain = await bench.probe('example.mil', options)
  expect(plain.hosts[0]!.addresses[0]!.chain!.issuers).toBeUndefined()
  expect(site.seen).toEqual([])
  const result = await bench.probe('example.mil', {...options, fetchMissing: true})
  expect(result.hosts[0]!.addresses[0]!.chain).toMatchObject({
    trusted: false,
    issuers: {
      fetched: [
        {
          url: site.at('/ca'),
          subject: 'CN=Example Intermediate,O=Example',
          sha256: print(pki.intermediate),
          error: null,
        },
      ],
      wouldPass: true,
    },
  })
  expect(result.verdict).toBe('fail')
  expect(findingOf(result, 'chain-missing-intermediate')).toBeDefined()
})

test('the command prints what lacks and what to type', async () => {
  await using bench = await probeBench(ZONE, [shown(await pki.leaf(), pki.intermediate, pki.root)])
  const ca = await trusting(other.root)
  const ran = await run(['ca', 'suggest', 'example.mil', '--level', 'secure', '--ca', ca], {
    configDir: bench.world.configDir,
    dataDir: bench.world.dataDir,
  })
  expect(ran.code).toBe(1)
  expect(ran.stdout).toContain('CN=Example Root,O=Example')
  expect(ran.stdout).toContain('postern ca import example.mil.pem')
})
