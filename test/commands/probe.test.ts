import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import * as v from 'valibot'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {issueCertificate} from '../../src/pki/issue.ts'
import {PROBE_SCHEMA, type ProbeDocument} from '../../src/report/probe-schema.ts'
import {authorities} from '../support/authorities.ts'
import {type Ran, run, scratch} from '../support/cli.ts'
import {type TestPki, testPki} from '../support/engine.ts'
import {type Peer, type PeerScript, peer} from '../support/peer.ts'
import {type ZoneServer, zoneServer} from '../support/zone.ts'

const ZONE = `
example.mil 60 MX 10 mx1.example.mil
mx1.example.mil 60 A 127.0.0.2
fleet.example 60 MX 10 mx1.example.mil
fleet.example 60 MX 20 mx2.example.mil
mx2.example.mil 60 A 127.0.0.3
null.example 60 MX 0 .
broken.example 0 FAIL 2
half.example 60 MX 10 mx1.example.mil
half.example 60 MX 20 mx3.example.mil
mx3.example.mil 0 FAIL 2
`

let pki: TestPki
let good: PeerScript
let stranger: PeerScript
let dns: ZoneServer
let dir: string
let configDir: string
let rootFile: string
let temporary: Awaited<ReturnType<typeof scratch>>
const peers: Peer[] = []

beforeAll(async () => {
  pki = await testPki()
  good = {tls: await pki.host({dnsNames: ['mx1.example.mil', 'mx2.example.mil']}), address: '127.0.0.2'}
  const alone = await issueCertificate({subject: 'stranger', dnsNames: ['mx1.example.mil', 'mx2.example.mil']})
  stranger = {tls: {cert: alone.certificatePem, key: alone.keyPem}, address: '127.0.0.2'}
  dns = await zoneServer(ZONE)
  temporary = await scratch()
  dir = temporary.dir
  configDir = join(dir, 'config')
  rootFile = join(dir, 'root.pem')
  await mkdir(configDir)
  await writeFile(rootFile, pki.root.certificatePem)
})

afterEach(async () => {
  for (const one of peers.splice(0)) await one.stop()
  dns.asked.length = 0
})

afterAll(async () => {
  await dns.stop()
  await temporary[Symbol.asyncDispose]()
})

/** Starts these hosts on one port, and the configuration that leads to them. */
async function hosts(...scripts: PeerScript[]): Promise<number> {
  for (const script of scripts) peers.push(await peer({...script, port: peers[0]?.port ?? 0}))
  const port = peers[0]?.port ?? 1
  const settings = `hostname: relay.example.org\ndns: {servers: ["${dns.address}"]}\nports: {smtp: ${port}, smtps: ${port}}\n`
  await writeFile(join(configDir, 'relay.yaml'), settings)
  return port
}

const probe = (...args: string[]): Promise<Ran> => run(['probe', ...args], {configDir, dataDir: join(dir, 'data')})

/** The document, held to its schema: nothing missing, nothing that the schema does not know. */
function valid(ran: Ran): ProbeDocument {
  const document = v.parse(PROBE_SCHEMA, ran.json)
  expect(document).toEqual(ran.json)
  return document
}

describe('a look at one domain', () => {
  test('passes where the certificate does, and says so at every level', async () => {
    await hosts(good)
    const ran = await probe('example.mil', '--level', 'secure', '--ca', rootFile, '--json')
    const [result] = valid(ran).results
    expect(ran.code).toBe(0)
    expect(result).toMatchObject({
      target: 'example.mil',
      verdict: 'pass',
      exit: 0,
      summary: 'mail is delivered over verified TLS',
      levels: {none: 'clear', preferred: 'tls', encrypt: 'tls', secure: 'verified'},
      fate: 'delivered',
      timedOut: false,
      profile: {name: 'secure', level: 'secure', rule: null},
      route: {source: 'mx', nullMx: false, failure: null},
    })
    expect(result!.hosts[0]).toMatchObject({name: 'mx1.example.mil', preference: 10})
    expect(result!.hosts[0]!.addresses).toMatchObject([
      {
        address: '127.0.0.2',
        starttls: {advertised: true, accepted: true},
        tls: {version: 'TLSv1.3', group: 'X25519MLKEM768', signatureAlgorithm: 'ecdsa_secp256r1_sha256'},
        chain: {trusted: true, error: null, anchor: 'CN=Test root', missing: []},
        subject: {matched: true, reference: ['mx1.example.mil']},
        findings: [],
      },
    ])
  })

  test('sends neither MAIL nor RCPT, on one connection that it ends with QUIT', async () => {
    await hosts(good)
    await probe('example.mil', '--level', 'secure', '--ca', rootFile)
    expect(peers[0]!.connections).toHaveLength(1)
    const {lines} = peers[0]!.connections[0]!
    expect(lines.at(-1)).toBe('QUIT')
    expect(lines.filter((line) => /^(MAIL|RCPT|DATA)/i.test(line))).toEqual([])
  })

  test('shows the chain as it was presented, in order, with what does not belong there', async () => {
    const names = {subject: 'mail host', dnsNames: ['mx1.example.mil']}
    const leaf = await issueCertificate({...names, issuer: pki.intermediate})
    const cert = leaf.certificatePem + pki.root.certificatePem + pki.intermediate.certificatePem
    await hosts({...good, tls: {key: leaf.keyPem, cert}})
    const [result] = valid(await probe('example.mil', '--level', 'secure', '--ca', rootFile, '--json')).results
    const {chain} = result!.hosts[0]!.addresses[0]!
    expect(chain!.presented.map(({subject}) => subject)).toEqual([
      'CN=mail host',
      'CN=Test root',
      'CN=Test intermediate',
    ])
    expect(chain!.trusted).toBe(true)
  })

  test('fails where the intermediate was left out, and says which one and who has to send it', async () => {
    const example = await authorities('Example')
    const leaf = await example.leaf()
    await hosts({...good, tls: {key: leaf.keyPem, cert: leaf.certificatePem}})
    const ca = join(dir, 'example.pem')
    await writeFile(ca, example.root.certificatePem)
    const ran = await probe('example.mil', '--level', 'secure', '--ca', ca)
    expect(ran.code).toBe(1)
    const text = ran.stdout.replace(/\s+/g, ' ')
    expect(text).toMatch(/missing: CN=Example Intermediate,O=Example, key id [0-9a-f]{40}; the partner has to send it/)
  })

  test('tells below which level a stranger is taken for good', async () => {
    await hosts(stranger)
    const ran = await probe('example.mil', '--level', 'encrypt', '--ca', rootFile, '--json')
    const [result] = valid(ran).results
    expect(ran.code).toBe(0)
    expect(result!.levels).toEqual({none: 'clear', preferred: 'tls', encrypt: 'tls', secure: 'refused'})
    expect(result!.hosts[0]!.addresses[0]!.findings).toMatchObject([
      {code: 'certificate-not-trusted', severity: 'warning'},
      {code: 'chain-self-signed-leaf', severity: 'warning'},
    ])
  })
})

describe('the profile in force', () => {
  beforeAll(async () => {
    await mkdir(join(configDir, 'ca'), {recursive: true})
    await mkdir(join(configDir, 'profiles'), {recursive: true})
    await writeFile(join(configDir, 'ca', 'mil.pem'), pki.root.certificatePem)
    await writeFile(
      join(configDir, 'profiles', 'secure-mil.yaml'),
      'level: secure\nonFailure: fail\nca: [mil]\ntrust: imported\n',
    )
    const rule = '- {id: r1, direction: delivery, recipients: [example.mil], profile: secure-mil, mode: enforce}'
    await writeFile(join(configDir, 'policy.yaml'), `rules:\n  ${rule}\n`)
  })

  test('is what the policy picks for the domain, with its trust anchors and its action', async () => {
    await hosts(good)
    const [passing] = valid(await probe('example.mil', '--json')).results
    expect(passing).toMatchObject({verdict: 'pass', profile: {name: 'secure-mil', level: 'secure', rule: 'r1'}})
    await peers.splice(0)[0]!.stop()
    await hosts(stranger)
    const ran = await probe('example.mil', '--json')
    expect(valid(ran).results[0]).toMatchObject({verdict: 'fail', exit: 1, fate: 'bounced', status: '5.7.5'})
    expect(ran.code).toBe(1)
  })

  test('is preferred where no rule matches', async () => {
    await hosts(stranger, {...stranger, address: '127.0.0.3'})
    const [result] = valid(await probe('fleet.example', '--json')).results
    expect(result).toMatchObject({verdict: 'pass', profile: {name: 'preferred', rule: null}})
  })

  test('is the named one with --profile, and --ca replaces whom it trusts', async () => {
    await hosts(good, {...good, address: '127.0.0.3'})
    expect((await probe('fleet.example', '--profile', 'secure-mil')).code).toBe(0)
    const other = join(dir, 'other.pem')
    await writeFile(other, (await issueCertificate({subject: 'Other root', ca: true})).certificatePem)
    expect((await probe('fleet.example', '--profile', 'secure-mil', '--ca', other)).code).toBe(1)
  })

  test('may be given an imported CA by name', async () => {
    await hosts(good)
    expect((await probe('example.mil', '--level', 'secure', '--ca', 'mil')).code).toBe(0)
  })
})

describe('a fleet', () => {
  test('is judged by its worst address, while the relay takes the first that works', async () => {
    await hosts(good, {...stranger, address: '127.0.0.3'})
    const args = ['fleet.example', '--level', 'secure', '--ca', rootFile, '--json']
    const ran = await probe(...args)
    const [result] = valid(ran).results
    expect(ran.code).toBe(1)
    expect(result).toMatchObject({verdict: 'fail', levels: {secure: 'refused'}, delivery: {secure: 'verified'}})
    expect(result!.summary).toContain(
      'not everywhere: 1 of 2 hosts passes; if mx1.example.mil is down everything defers',
    )
    const any = await probe(...args, '--any')
    expect(any.code).toBe(0)
    expect(valid(any).results[0]).toMatchObject({verdict: 'pass', levels: {secure: 'verified'}})
  })

  test('that answers in part is undetermined, and passes with --any', async () => {
    await hosts(good)
    const args = ['fleet.example', '--level', 'secure', '--ca', rootFile, '--json']
    const ran = await probe(...args)
    expect(ran.code).toBe(75)
    expect(valid(ran).results[0]).toMatchObject({verdict: 'undetermined', levels: {secure: 'unreachable'}})
    expect((await probe(...args, '--any')).code).toBe(0)
  })

  test('one of whose hosts cannot be looked up is undetermined', async () => {
    await hosts(good)
    const ran = await probe('half.example', '--level', 'secure', '--ca', rootFile, '--json')
    expect(ran.code).toBe(75)
    expect(valid(ran).results[0]!.hosts[1]).toMatchObject({name: 'mx3.example.mil', addresses: []})
  })
})

describe('what cannot be judged', () => {
  test.each<[string, PeerScript, string[]]>([
    ['a 421 greeting', {greeting: '421 4.3.2 busy'}, []],
    ['silence until the time is over', {greeting: null}, ['--timeout', '1']],
    [
      'silence in the handshake until the time is over',
      {extensions: ['STARTTLS'], replies: {STARTTLS: '220 go'}},
      ['--timeout', '1'],
    ],
    ['a banner without end', {greeting: ({send}) => void setInterval(() => send('x'.repeat(65_536)), 1).unref()}, []],
  ])('is neither passed nor failed: %s', async (_what, script, args) => {
    await hosts({...script, address: '127.0.0.2'})
    const ran = await probe('example.mil', '--level', 'secure', '--json', ...args)
    expect(valid(ran).results[0]).toMatchObject({
      verdict: 'undetermined',
      exit: 75,
      levels: {none: 'unreachable', secure: 'unreachable'},
      timedOut: args.length > 0,
    })
    expect(ran.code).toBe(75)
  })

  test('is a domain whose DNS fails', async () => {
    await hosts()
    const ran = await probe('broken.example', '--json')
    expect(ran.code).toBe(75)
    expect(valid(ran).results[0]!.findings).toMatchObject([{code: 'dns-failed'}])
  })
})

test.each([
  ['null.example', 'null-mx', '5.1.10'],
  ['nowhere.test', 'domain-not-found', '5.1.2'],
])('%s has no mail host: exit 68', async (target, code, status) => {
  await hosts()
  const ran = await probe(target, '--json')
  expect(ran.code).toBe(68)
  expect(valid(ran).results[0]).toMatchObject({verdict: 'fail', exit: 68, fate: 'bounced', status, findings: [{code}]})
})

describe('several targets', () => {
  test('are all looked at, in their order, and the worst decides', async () => {
    await hosts({...good, tls: undefined})
    const list = 'example.mil # a partner\n\n# nobody\nnull.example\nEXAMPLE.MIL\n'
    const ran = await run(['probe', 'broken.example', '--file', '-', '--level', 'encrypt', '--json'], {
      configDir,
      input: list,
    })
    expect(valid(ran).results.map(({target, exit}) => [target, exit])).toEqual([
      ['broken.example', 75],
      ['example.mil', 1],
      ['null.example', 68],
    ])
    expect(ran.code).toBe(1)
  })

  test('end with 75 rather than 68 where no verdict says no', async () => {
    await hosts()
    expect((await probe('null.example', 'broken.example')).code).toBe(75)
  })

  test('come one a line with jsonl, each a document of its own', async () => {
    await hosts(good)
    const {stdout} = await probe('example.mil', 'null.example', '--format', 'jsonl')
    const documents = stdout
      .trimEnd()
      .split('\n')
      .map((line) => v.parse(PROBE_SCHEMA, JSON.parse(line)))
    // As they come: which of them is first is not said.
    const targets = documents.map(({results}) => results.map(({target}) => target))
    expect(targets.sort()).toEqual([['example.mil'], ['null.example']])
  })
})

describe('ways to dial', () => {
  test('--connect with --name asks no DNS and judges one address under that name', async () => {
    const port = await hosts(good)
    const args = ['--name', 'mx1.example.mil', '--level', 'secure', '--ca', rootFile]
    const ran = await probe('--connect', `127.0.0.2:${port}`, ...args, '--json')
    expect(ran.code).toBe(0)
    expect(valid(ran).results[0]).toMatchObject({target: 'mx1.example.mil', route: {source: 'static'}})
    expect(dns.asked).toEqual([])
    expect(peers[0]!.connections[0]!.lines).toContain('<SNI mx1.example.mil>')
    const other = ['--name', 'mx9.example.mil', ...args.slice(2)]
    expect((await probe('--connect', `127.0.0.2:${port}`, ...other)).code).toBe(1)
  })

  test('--mx takes the place of the MX hosts', async () => {
    const port = await hosts({...good, address: '127.0.0.3'})
    const ran = await probe('null.example', '--mx', `mx2.example.mil:${port}`, '--level', 'secure', '--ca', rootFile)
    expect(ran.code).toBe(0)
  })

  test('--smtps begins with TLS, --port dials elsewhere, --resolver asks somebody else', async () => {
    const port = await hosts({...good, implicit: true})
    await writeFile(join(configDir, 'relay.yaml'), 'dns: {servers: ["127.0.0.1:1"]}\n')
    const at = ['--resolver', dns.address, '--port', String(port)]
    const ran = await probe('example.mil', '--smtps', ...at, '--level', 'secure', '--ca', rootFile, '--json')
    expect(ran.code).toBe(0)
    expect(valid(ran).results[0]!.hosts[0]!.addresses[0]).toMatchObject({port, mode: 'implicit'})
  })

  test('an address literal is its own host', async () => {
    const port = await hosts(good)
    const ran = await probe('[127.0.0.2]', '--port', String(port), '--level', 'encrypt', '--json')
    expect(ran.code).toBe(0)
    expect(valid(ran).results[0]).toMatchObject({target: '[127.0.0.2]', route: {source: 'literal'}})
  })
})

describe('the answer', () => {
  test('has no colours in a pipe and fits eighty columns, but for words that cannot be cut', async () => {
    await hosts(stranger)
    const {stdout, stderr} = await probe('example.mil', 'null.example', '--level', 'secure')
    expect(stdout).not.toContain('\x1b')
    expect(stderr).toBe('')
    expect(stdout.split('\n').filter((line) => line.length > 80 && line.trim().includes(' '))).toEqual([])
  })

  test('goes to a file with --output, whole, and the exit code stays', async () => {
    await hosts(stranger)
    const file = join(dir, 'answer.json')
    const ran = await probe('example.mil', '--level', 'secure', '--format', 'json', '--output', file)
    expect(ran.code).toBe(1)
    expect(ran.stdout).toBe('')
    v.parse(PROBE_SCHEMA, JSON.parse(await readFile(file, 'utf8')))
  })
})

describe('nonsense', () => {
  test.each<[string[], number, string]>([
    [[], 64, 'target-missing'],
    [['example.mil', 'not a domain'], 64, 'target-invalid'],
    [['colonel@example.mil'], 64, 'target-invalid'],
    [['example.mil', '--level', 'high'], 64, 'usage'],
    [['example.mil', '--level', 'secure', '--profile', 'secure'], 64, 'usage'],
    [['example.mil', '--profile', 'nobody'], 66, 'profile-unknown'],
    [['example.mil', '--ca', '/nonexistent.pem'], 66, 'file-missing'],
    [['example.mil', '--ca', '/etc/passwd'], 65, 'not-a-certificate'],
    [['example.mil', '--mx', ':25'], 64, 'mx-invalid'],
    [['example.mil', '--resolver', 'dns.example'], 64, 'dns-server-invalid'],
    [['--connect', '127.0.0.1:25'], 64, 'usage'],
    [['--connect', 'mx1.example.mil:25', '--name', 'mx1.example.mil'], 64, 'connect-invalid'],
    [['--connect', '127.0.0.1:25', '--name', '127.0.0.1'], 64, 'name-invalid'],
    [['a.example', 'b.example', '--connect', '127.0.0.1:25', '--name', 'mx'], 64, 'target-surplus'],
    [['--file', '/nonexistent/targets.txt'], 66, 'file-missing'],
    [['example.mil', '--timeout', '0'], 64, 'usage'],
  ])('%j ends with %i, and nothing is dialled or asked', async (args, exit, code) => {
    await hosts(good)
    const ran = await probe(...args, '--json')
    expect(ran.code).toBe(exit)
    expect(ran.json).toMatchObject({schema: 'postern.error/1', error: {code, exit}})
    expect(ran.json.error.hints).not.toEqual([])
    expect(dns.asked).toEqual([])
    expect(peers[0]!.connections).toEqual([])
  })

  test('in a file is told with its line', async () => {
    const list = join(dir, 'list.txt')
    await writeFile(list, 'example.mil\n\nfoo bar\n')
    const ran = await probe('--file', list)
    expect(ran.code).toBe(64)
    expect(ran.stderr).toContain(`${list}:3: "foo bar" is not a domain`)
  })
})
