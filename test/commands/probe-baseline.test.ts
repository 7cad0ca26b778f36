import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {type IssuedCertificate, issueCertificate} from '../../src/pki/issue.ts'
import {type Ran, run, scratch} from '../support/cli.ts'
import {type Peer, peer} from '../support/peer.ts'
import {type ZoneServer, zoneServer} from '../support/zone.ts'

const DAY = 86_400_000
const names = ['mx1.example.mil', 'old.example.mil']

let dns: ZoneServer
let temporary: Awaited<ReturnType<typeof scratch>>
let configDir: string
let roots: string
let file: string
let host: Peer | null = null
let root: IssuedCertificate
let middle: IssuedCertificate
let otherMiddle: IssuedCertificate
let otherRoot: IssuedCertificate

beforeAll(async () => {
  dns = await zoneServer('example.mil 60 MX 10 mx1.example.mil\nmx1.example.mil 60 A 127.0.0.2\nnull.example 60 MX 0 .')
  temporary = await scratch()
  configDir = join(temporary.dir, 'config')
  await mkdir(configDir)
  root = await issueCertificate({subject: 'Root', ca: true})
  middle = await issueCertificate({subject: 'Middle', ca: true, issuer: root})
  otherMiddle = await issueCertificate({subject: 'Other middle', ca: true, issuer: root})
  otherRoot = await issueCertificate({subject: 'Other root', ca: true})
  roots = join(temporary.dir, 'roots.pem')
  await writeFile(roots, root.certificatePem + otherRoot.certificatePem)
})

let count = 0
let port = 0
beforeEach(() => {
  file = join(temporary.dir, `baseline-${count++}.json`)
})

afterEach(async () => {
  await host?.stop()
  host = null
})

afterAll(async () => {
  await dns.stop()
  await temporary[Symbol.asyncDispose]()
})

interface Made {
  issuer?: IssuedCertificate
  dnsNames?: string[]
  days?: number
}

async function certificate({issuer = middle, dnsNames = names, days = 100}: Made = {}) {
  const notAfter = new Date(Date.now() + days * DAY)
  const leaf = await issueCertificate({subject: 'host', dnsNames, issuer, notAfter})
  return {key: leaf.keyPem, cert: leaf.certificatePem + issuer.certificatePem}
}

/** The partner as it is from now on; without a certificate it has no TLS. */
async function partner(tls: {key: string; cert: string} | null): Promise<void> {
  await host?.stop()
  // On one port, as a partner's host is.
  host = await peer({address: '127.0.0.2', port, ...(tls && {tls})})
  port = host.port
  const settings = `hostname: relay.example.org\ndns: {servers: ["${dns.address}"]}\nports: {smtp: ${host.port}, smtps: 1}\n`
  await writeFile(join(configDir, 'relay.yaml'), settings)
}

const probe = (...args: string[]): Promise<Ran> =>
  run(['probe', 'example.mil', '--level', 'encrypt', '--ca', roots, '--baseline', file, '--json', ...args], {configDir})

const changesOf = ({json}: Ran) =>
  json.results[0].findings
    .filter(({code}: {code: string}) => /^(level-|new-|changed-|earlier-)/.test(code))
    .map(({code, severity}: {code: string; severity: string}) => `${code} ${severity}`)

describe('a baseline', () => {
  test('is saved by the first look, and agrees with the second', async () => {
    await partner(await certificate())
    expect((await probe()).code).toBe(0)
    const saved = JSON.parse(await readFile(file, 'utf8'))
    expect(saved).toMatchObject({
      schema: 'postern.baseline/1',
      targets: {'example.mil': {levels: {secure: 'verified'}}},
    })
    const again = await probe()
    expect(again.code).toBe(0)
    expect(changesOf(again)).toEqual([])
  })

  test.each<[string, Made | null, number, string[]]>([
    ['a renewal', {days: 200}, 0, ['new-key info']],
    [
      'another intermediate below the same root',
      {issuer: 'middle' as never, days: 200},
      0,
      ['new-issuer info', 'new-key info'],
    ],
    ['another root', {issuer: 'root' as never, days: 200}, 1, ['new-issuer error', 'new-key info']],
    ['a lost name', {dnsNames: ['mx1.example.mil']}, 1, ['new-key info', 'changed-name error']],
    ['a name more', {dnsNames: [...names, 'new.example.mil']}, 0, ['new-key info', 'changed-name info']],
    ['an earlier end', {days: 50}, 1, ['new-key info', 'earlier-expiry error']],
    ['no TLS any more', null, 1, ['level-lost error', 'level-lost error', 'level-lost error']],
  ])('tells %s', async (_what, made, exit, codes) => {
    await partner(await certificate())
    await probe()
    const before = await readFile(file, 'utf8')
    const issuer = {middle: otherMiddle, root: otherRoot}[String(made?.issuer) as 'middle' | 'root'] ?? middle
    await partner(made && (await certificate({...made, issuer})))
    const ran = await probe()
    expect(ran.code).toBe(exit)
    expect(changesOf(ran)).toEqual(codes)
    // What got worse is told again until somebody accepts it; anything else is the baseline now.
    const again = await probe()
    expect(again.code).toBe(exit)
    expect(changesOf(again)).toEqual(exit === 0 ? [] : codes)
    expect((await readFile(file, 'utf8')) === before).toBe(exit === 1)
  })

  test('takes over what is worse with --accept', async () => {
    await partner(await certificate())
    await probe()
    await partner(await certificate({days: 50}))
    expect((await probe('--accept')).code).toBe(0)
    expect(changesOf(await probe())).toEqual([])
  })

  test('tells a level that was gained, and keeps it from being lost again', async () => {
    await partner(null)
    expect((await probe()).code).toBe(1)
    const good = await certificate()
    await partner(good)
    expect(changesOf(await probe())).toEqual(['level-gained info', 'level-gained info', 'level-gained info'])
    await partner(null)
    expect(changesOf(await probe())).toContain('level-lost error')
  })

  test('is not touched by a look that could not judge', async () => {
    await partner(await certificate())
    await probe()
    const before = await readFile(file, 'utf8')
    await host?.stop()
    const ran = await probe()
    host = null
    expect(ran.code).toBe(75)
    expect(changesOf(ran)).toEqual([])
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  test.each([
    ['{"schema": "postern.baseline/1", "tar', /baseline-\d+\.json is no baseline/],
    ['{"schema":"postern.probe/1"}', /is no baseline/],
  ])('that cannot be read is an error, and nothing is dialled: %j', async (text, message) => {
    await partner(await certificate())
    await writeFile(file, text)
    const ran = await probe()
    expect(ran.code).toBe(65)
    expect(ran.json.error).toMatchObject({code: 'baseline-unreadable', message: expect.stringMatching(message)})
    expect(host!.connections).toEqual([])
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  test('that is a directory is an error', async () => {
    await partner(await certificate())
    await mkdir(file)
    expect((await probe()).code).toBe(65)
  })
})
