import {createServer, type Server} from 'node:net'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {issueCertificate} from '../../src/pki/issue.ts'
import {clockRemarks} from '../../src/policy/remarks/clock.ts'
import {attempt, certificate, handshake} from '../support/evidence.ts'
import {peer} from '../support/peer.ts'
import {codesOf, findingOf, probeBench} from '../support/probe.ts'

const ZONE = `
  example.mil 60 MX 10 mx1.example.mil
  mx1.example.mil 60 A 198.51.99.5
`
const DAY = 86_400_000

/** A listener that takes connections and says nothing. */
let open: Server
let openPort: number

beforeAll(async () => {
  open = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => open.listen(0, '127.0.0.1', resolve))
  openPort = (open.address() as {port: number}).port
})

afterAll(() => new Promise((resolve) => open.close(resolve)))

/** A dialler to whom the SMTP port never answers. */
function silentPort(answering: Record<string, number> = {}) {
  return async (dial: (address: string, port: number) => import('node:net').Socket) => {
    const {Socket} = await import('node:net')
    return (address: string, port: number) => {
      if (port === 25 && answering[`${address}:25`] === undefined) return new Socket()
      return dial(address, port)
    }
  }
}

describe('port 25', () => {
  test('looks blocked here where the host answers elsewhere', async () => {
    await using bench = await probeBench(ZONE, [], {smtp: 25, at: {'198.51.99.5:443': openPort}})
    bench.world.dial = await silentPort()(bench.world.dial)
    const result = await bench.probe('example.mil', {timeout: 14_000})
    expect(findingOf(result, 'local-port-blocked')?.message).toContain('198.51.99.5 port 443 answers')
    expect(result).toMatchObject({verdict: 'undetermined', exit: 75})
  }, 30_000)

  test('is the partner’s affair where it was refused', async () => {
    await using bench = await probeBench(ZONE, [], {smtp: 25, at: {'198.51.99.5:443': openPort}})
    expect(codesOf(await bench.probe('example.mil'))).not.toContain('local-port-blocked')
  })

  test('of an address that nobody has is answered by a proxy', async () => {
    const proxy = await peer({greeting: '220 gateway.local ESMTP'})
    await using bench = await probeBench(ZONE, [], {
      smtp: 25,
      at: {'198.51.99.5:25': proxy.port, '192.0.2.1:25': proxy.port},
    })
    const result = await bench.probe('example.mil', {profile: 'encrypt'})
    await proxy.stop()
    expect(findingOf(result, 'local-proxy')?.message).toContain('192.0.2.1')
    expect(result.verdict).toBe('fail')
  })

  test('is not asked about where nothing failed', async () => {
    const dialled: string[] = []
    const key = await issueCertificate({subject: 'x', dnsNames: ['mx1.example.mil']})
    const good = await peer({tls: {cert: key.certificatePem, key: key.keyPem}})
    await using bench = await probeBench(ZONE, [], {smtp: 25, at: {'198.51.99.5:25': good.port}})
    const {dial} = bench.world
    bench.world.dial = (address, port) => {
      dialled.push(`${address}:${port}`)
      return dial(address, port)
    }
    await bench.probe('example.mil', {profile: 'none'})
    await good.stop()
    expect(dialled.filter((at) => at.startsWith('198.51.'))).toEqual(['198.51.99.5:25'])
  })
})

describe('the resolver', () => {
  test('that is down is told apart from a partner whose DNS fails', async () => {
    await using bench = await probeBench('broken.example 0 FAIL 2\nother.example 60 A 127.0.0.2')
    expect(codesOf(await bench.probe('broken.example'))).toEqual(['dns-failed'])
    const down = await bench.probe('example.mil', {resolver: ['127.0.0.1:1'], timeout: 20_000})
    expect(codesOf(down)).toEqual(['dns-failed', 'local-resolver-down'])
    expect(down.exit).toBe(75)
  }, 30_000)

  test('that fails for every name has no way out', async () => {
    await using bench = await probeBench('example.mil 0 FAIL 2\nmil 0 FAIL 2')
    expect(codesOf(await bench.probe('example.mil'))).toEqual(['dns-failed', 'local-resolver-broken'])
  })
})

describe('the clock', () => {
  const zone = 'example.mil 60 MX 10 mx1.example.mil\nmx1.example.mil 60 A 127.0.0.2'
  const greeting = `220 mx1.example.mil ESMTP ${new Date().toUTCString().replace('GMT', '+0000')}`

  async function lookIn(year: number, banner: string) {
    const {certificatePem, keyPem} = await issueCertificate({subject: 'x', dnsNames: ['mx1.example.mil']})
    await using bench = await probeBench(zone, [{greeting: banner, tls: {cert: certificatePem, key: keyPem}}])
    bench.world.now = () => Date.UTC(year, 4, 1)
    return await bench.probe('example.mil', {profile: 'secure', pause: 0})
  }

  test('that runs ahead is named, with what contradicts it', async () => {
    const message = findingOf(await lookIn(2041, greeting), 'local-clock')?.message
    expect(message).toMatch(
      /^your clock says 2041-05-01: .* has expired, and the greeting of mx1\.example\.mil says 20/,
    )
  })

  test('that runs behind is found by the files of this machine', async () => {
    const message = findingOf(await lookIn(2001, '220 mx1.example.mil ESMTP'), 'local-clock')?.message
    expect(message).toMatch(/^your clock says 2001-05-01: .* is not valid yet, and files of this machine are from 20/)
  })

  test('is not blamed for one partner’s expired certificate', () => {
    const now = Date.parse('2026-06-01T00:00:00Z')
    const expired = handshake({presented: [certificate({notAfter: '2026-05-01T00:00:00.000Z'})]})
    const said = attempt({handshake: expired, banner: '220 mx Mon, 1 Jun 2026 00:00:00 +0000'})
    expect(clockRemarks([said], {newestFile: now - 40 * DAY, now})).toEqual([])
  })
})
