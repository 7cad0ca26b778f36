import {appendFile, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {type Ran, run, scratch} from '../../support/cli.ts'
import {type TestPki, testPki} from '../../support/engine.ts'
import {type Peer, type PeerScript, peer} from '../../support/peer.ts'
import {type ZoneServer, zoneServer} from '../../support/zone.ts'

let space: Awaited<ReturnType<typeof scratch>>
let pki: TestPki
let hop: Peer
let zone: ZoneServer
beforeEach(async () => {
  space = await scratch()
  pki = await testPki()
})
afterEach(async () => {
  await hop.stop()
  await zone.stop()
  await space[Symbol.asyncDispose]()
})

/** `example.mil` at mx1.example.mil, whose host plays this script; the test CA is the only one that profile mil trusts. */
async function given(script: PeerScript): Promise<void> {
  hop = await peer(script)
  zone = await zoneServer('example.mil 1 MX 10 mx1.example.mil\nmx1.example.mil 1 A 127.0.0.1\nno.example 1 MX 0 .')
  const files = {
    'relay.yaml': `hostname: relay.example.org\ndns: {servers: ["${zone.address}"]}\nports: {smtp: ${hop.port}}\n`,
    'ca/test.pem': pki.root.certificatePem,
    'profiles/mil.yaml': 'level: secure\nca: [test]\ntrust: imported\n',
    'profiles/strict.yaml': 'level: secure\nca: [test]\ntrust: imported\nonFailure: fail\n',
    'policy.yaml': 'rules:\n  - {id: r1, recipients: [example.mil], profile: mil}\n',
  }
  for (const [name, text] of Object.entries(files)) {
    const path = join(space.dir, 'config', name)
    await mkdir(join(path, '..'), {recursive: true})
    await writeFile(path, text)
  }
}

const direct = (...args: string[]): Promise<Ran> =>
  run(['send', '--direct', '--json', ...args], {
    configDir: join(space.dir, 'config'),
    dataDir: join(space.dir, 'data'),
  })

describe('send --direct', () => {
  test('delivers over verified TLS under the policy, and prints reply and path', async () => {
    await given({tls: await pki.host()})
    const {code, json} = await direct('--to', 'colonel@example.mil', '--subject', 'grüß dich', '--body', 'hello')
    expect(json).toMatchObject({
      schema: 'postern.send/1',
      outcome: 'delivered',
      reply: '250 2.0.0 kept',
      path: {status: 'open', taken: {host: 'mx1.example.mil', level: 'secure', outcome: 'verified', rule: 'r1'}},
    })
    expect(code).toBe(0)
    expect(hop.connections[0]!.messages[0]).toMatch(/Subject: =\?UTF-8\?/i)
  })

  test.each([
    ['mil', 'deferred'],
    ['strict', 'bounced'],
  ])('exit 1 where profile %s refuses: %s', async (profile, outcome) => {
    await given({tls: await pki.host({dnsNames: ['mx.evil.example']})})
    const {code, json} = await direct('--to', 'a@example.mil', '--profile', profile)
    expect([code, json.outcome, json.path.status]).toEqual([1, outcome, 'closed'])
    expect(json.path.attempts[0].findings[0].code).toBe('certificate-host-mismatch')
    expect(hop.connections[0]!.lines.join()).not.toContain('MAIL')
  })

  test('--level judges by that level instead', async () => {
    await given({tls: await pki.host({dnsNames: ['mx.evil.example']})})
    const {code, json} = await direct('--to', 'a@example.mil', '--level', 'encrypt')
    expect([code, json.path.taken.outcome]).toEqual([0, 'tls'])
  })

  test.each([
    ['550 5.1.1 no such user', 'bounced', 69],
    ['451 4.3.2 busy', 'deferred', 75],
  ])('a reply of %s is %s, exit %d', async (reply, outcome, exit) => {
    await given({tls: await pki.host(), replies: {RCPT: reply}})
    const {code, json} = await direct('--to', 'a@example.mil')
    expect([code, json.outcome, json.reply]).toEqual([exit, outcome, reply])
  })

  test('a host that lacks what the message needs is a refusal, exit 69, and is not quoted', async () => {
    await given({tls: await pki.host()})
    const {code, json} = await direct('--to', 'полковник@example.mil')
    expect([code, json.outcome, json.recipients[0]]).toMatchObject([
      69,
      'bounced',
      {status: expect.stringMatching(/^5\.6\.[79]$/), reply: null},
    ])
  })

  test('exit 75 where nobody answers, 68 where there is no mail host', async () => {
    await given({})
    expect((await direct('--to', 'a@example.mil', '--mx', '127.0.0.1:1')).code).toBe(75)
    expect((await direct('--to', 'a@nowhere.example')).code).toBe(68)
    expect((await direct('--to', 'a@no.example')).code).toBe(68)
  })

  test('--timeout ends a silent host', async () => {
    await given({greeting: null})
    const {code, json} = await direct('--to', 'a@example.mil', '--timeout', '1')
    expect([code, json.outcome]).toEqual([75, 'deferred'])
  })

  test("--from '<>' is the null sender, --mx dials that host, and a file with headers is sent as it is", async () => {
    await given({})
    const letter = join(space.dir, 'letter.eml')
    await writeFile(letter, 'Subject: as it is\n\n.dot\nlast')
    const {code} = await direct(
      ...['--to', 'a@elsewhere.example', '--from', '<>', '--mx', `127.0.0.1:${hop.port}`, '--file', letter],
    )
    expect(code).toBe(0)
    expect(hop.connections[0]!.lines.some((line) => line.startsWith('MAIL FROM:<>'))).toBe(true)
    expect(hop.connections[0]!.messages[0]).toBe('Subject: as it is\r\n\r\n..dot\r\nlast\r\n')
  })

  test('--file takes no directory, no device without end, and no more than the relay would', async () => {
    await given({})
    const settings = join(space.dir, 'config', 'relay.yaml')
    await appendFile(settings, 'limits: {messageSize: 2KiB}\n')
    const large = join(space.dir, 'large.eml')
    await writeFile(large, 'x'.repeat(3000))
    for (const [file, what] of [
      [space.dir, 'not-a-file'],
      ['/dev/zero', 'not-a-file'],
      [large, 'file-too-large'],
    ] as const) {
      const {code, json} = await direct('--to', 'a@example.mil', '--file', file)
      expect([code, json.error.code]).toEqual([65, what])
    }
  })

  test.each([
    ['--to', 'not an address'],
    ['--to', 'a@example.mil', '--mx', 'a b'],
    ['--to', 'a@example.mil', '--mx', 'host:99999'],
  ])('usage errors end with 64: %s %s', async (...args) => {
    await given({})
    const {code, json} = await direct(...args)
    expect([code, json.schema]).toEqual([64, 'postern.error/1'])
  })
})
