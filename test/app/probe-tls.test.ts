import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {createServer, type TlsOptions} from 'node:tls'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {ProbeOptions} from '../../src/app/probe-domain.ts'
import type {AppWorld} from '../../src/app/world.ts'
import {type IssuedCertificate, issueCertificate} from '../../src/pki/issue.ts'
import {authorities, issuerOf, MX, pemOf} from '../support/authorities.ts'
import {scratch} from '../support/cli.ts'
import {ocspResponse} from '../support/ocsp.ts'
import type {PeerScript} from '../support/peer.ts'
import {codesOf, findingOf, probeBench} from '../support/probe.ts'

const ZONE = `example.mil 60 MX 10 ${MX}\n${MX} 60 A 127.0.0.2`

let home: Awaited<ReturnType<typeof scratch>>
let pki: Awaited<ReturnType<typeof authorities>>
let leaf: IssuedCertificate
let ca: string

beforeAll(async () => {
  home = await scratch()
  pki = await authorities('Example')
  leaf = await pki.leaf()
  ca = join(home.dir, 'root.pem')
  await writeFile(ca, pki.root.certificatePem)
})

afterAll(() => home[Symbol.asyncDispose]())

async function look(script: PeerScript, options: ProbeOptions = {}, world: Partial<AppWorld> = {}) {
  await using bench = await probeBench(ZONE, [script], {world})
  const result = await bench.probe('example.mil', {profile: 'secure', ca: [ca], pause: 0, timeout: 20_000, ...options})
  return {result, address: result.hosts[0]!.addresses[0]!, connections: bench.peers[0]!.connections}
}

const shown = (...chain: IssuedCertificate[]) => ({cert: pemOf(...chain), key: chain[0]!.keyPem})

/** A peer whose TLS is that of a whole `tls.Server`, which alone can staple. */
function served(options: TlsOptions, ocsp?: Buffer): PeerScript {
  const server = createServer(options, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (line) => socket.write(/^QUIT/.test(String(line)) ? '221 bye\r\n' : '250 peer\r\n'))
  })
  server.on('tlsClientError', () => {})
  if (ocsp) server.on('OCSPRequest', (_certificate, _issuer, done) => done(null, ocsp))
  const upgrade: PeerScript['replies'] = {
    STARTTLS: ({send, stream}) => {
      stream.removeAllListeners('data')
      send('220 go ahead\r\n')
      server.emit('connection', stream)
    },
  }
  return {extensions: ['STARTTLS'], replies: upgrade}
}

describe('remarks on the chain', () => {
  test('none where it is in order', async () => {
    const {result} = await look({tls: shown(leaf, pki.intermediate)})
    expect(result.verdict).toBe('pass')
    expect(codesOf(result).filter((code) => /^(chain|key|signature|ocsp|client)-/.test(code))).toEqual([])
  })

  test('a root that was sent, wrong order and strangers are told, and the chain is trusted', async () => {
    const stranger = await issueCertificate({subject: 'Stranger', ca: true})
    const {result} = await look({tls: shown(leaf, pki.root, pki.intermediate, stranger)})
    expect(result.verdict).toBe('pass')
    expect(codesOf(result)).toEqual(
      expect.arrayContaining(['chain-wrong-order', 'chain-unrelated-certificate', 'chain-root-sent']),
    )
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('an intermediate that was forgotten, in %s', async (maxVersion) => {
    const {result, address} = await look({tls: {...shown(leaf), maxVersion}})
    expect(address).toMatchObject({tls: {version: maxVersion}, chain: {trusted: false}})
    expect(findingOf(result, 'chain-missing-intermediate')?.message).toContain('CN=Example Intermediate,O=Example')
    expect(codesOf(result)).not.toContain('chain-unknown-root')
  })

  test('an RSA key of 1024 bits, where OpenSSL names no reason', async () => {
    const small = await issueCertificate({
      ...{subject: 'Small', ca: true, issuer: issuerOf(pki.root), key: 'rsa-1024'},
    })
    const end = await issueCertificate({subject: MX, dnsNames: [MX], issuer: issuerOf(small)})
    const {result, address} = await look({tls: {...shown(end, small), ciphers: 'DEFAULT:@SECLEVEL=0'}})
    expect(address.chain?.trusted).toBe(false)
    expect(findingOf(result, 'key-weak')?.message).toContain('RSA of 1024 bits')
  })
})

describe('a stapled OCSP response', () => {
  const staple = (state: 'good' | 'revoked', maxVersion: 'TLSv1.2' | 'TLSv1.3', world: Partial<AppWorld> = {}) => {
    const response = ocspResponse({leaf, issuer: pki.intermediate, state})
    return look(served({...shown(leaf, pki.intermediate), maxVersion}, response), {}, world)
  }

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('that says good is a fact, in %s', async (version) => {
    const {result, address} = await staple('good', version)
    expect(address.tls).toMatchObject({version, ocspStapled: true, ocsp: {status: 'good', signed: true, stale: false}})
    expect(result.verdict).toBe('pass')
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('that says revoked refuses at secure alone, in %s', async (version) => {
    const {result, address} = await staple('revoked', version)
    expect(address.chain?.trusted).toBe(true)
    expect(findingOf(result, 'certificate-revoked')).toMatchObject({severity: 'error'})
    expect(result.levels).toEqual({none: 'clear', preferred: 'tls', encrypt: 'tls', secure: 'refused'})
    expect(address.failure).toMatchObject({stage: 'certificate', code: 'certificate-revoked'})
  })

  test('whose time is over is stale, and decides nothing', async () => {
    const {result} = await staple('good', 'TLSv1.3', {now: () => Date.now() + 2 * 3_600_000})
    expect(codesOf(result)).toContain('ocsp-stale')
    expect(result.verdict).toBe('pass')
  })

  test('that somebody else signed does not revoke', async () => {
    const signer = await issueCertificate({subject: 'Stranger', issuer: issuerOf(pki.intermediate)})
    const response = ocspResponse({leaf, issuer: pki.intermediate, state: 'revoked', signer})
    const {result} = await look(served(shown(leaf, pki.intermediate), response))
    expect(findingOf(result, 'ocsp-unusable')?.message).toContain('not signed by the issuer')
    expect(result.verdict).toBe('pass')
  })

  test('that is no response decides nothing', async () => {
    const {result} = await look(served(shown(leaf, pki.intermediate), Buffer.from('no response')))
    expect(findingOf(result, 'ocsp-unusable')?.message).toContain('cannot be read')
    expect(result.verdict).toBe('pass')
  })
})

describe('a client certificate', () => {
  const wanted = () => ({...shown(leaf, pki.intermediate), requestCert: true, ca: pki.root.certificatePem})

  test('that is asked for is told, with the CAs it may come from', async () => {
    const {result, address} = await look({tls: {...wanted(), rejectUnauthorized: false}})
    expect(address.tls?.clientCertificate).toEqual({authorities: ['CN=Example Root,O=Example']})
    expect(findingOf(result, 'client-certificate-requested')?.message).toContain('CN=Example Root,O=Example')
    expect(result.verdict).toBe('pass')
  })

  test.each([
    ['TLSv1.2', 'handshake_failure'],
    ['TLSv1.3', 'certificate_required'],
  ] as const)('that is required is never taken for verified, in %s', async (maxVersion, alert) => {
    const {result, address} = await look(served({...wanted(), rejectUnauthorized: true, maxVersion}))
    expect(result.levels).toMatchObject({encrypt: 'refused', secure: 'refused'})
    expect(address.handshakeFailure?.alerts).toContainEqual(expect.objectContaining({from: 'peer', name: alert}))
    expect(codesOf(result)).toContain('client-certificate-required')
  })
})

describe('the subject', () => {
  test('has what is wanted and what is presented side by side, for each profile', async () => {
    const named = await pki.leaf({dnsNames: ['WWW.Example.mil.', '*.other.example', `${MX}\0.evil.example`]})
    await using bench = await probeBench(ZONE, [{tls: shown(named, pki.intermediate)}])
    const profile = 'level: secure\nsubject: [domain, "exact:www.example.mil"]\n'
    await mkdir(join(bench.world.configDir, 'profiles'))
    await writeFile(join(bench.world.configDir, 'profiles', 'pinned.yaml'), profile)
    const result = await bench.probe('example.mil', {profile: 'secure', ca: [ca], pause: 0})
    expect(result.hosts[0]!.addresses[0]!.subject).toEqual({
      ...{matched: false, reference: [MX]},
      presented: ['WWW.Example.mil.', '*.other.example', `${MX}\\x00.evil.example`],
      profiles: [
        {name: 'secure', matched: false, checks: [{check: 'mx', matched: false}]},
        {
          ...{name: 'pinned', matched: true},
          checks: [
            {check: 'domain', matched: false},
            {check: 'exact:www.example.mil', matched: true},
          ],
        },
      ],
    })
    expect(codesOf(result)).toContain('certificate-host-mismatch')
  })
})

describe('a session', () => {
  test('is never resumed, though the peer hands out tickets', async () => {
    const reused: boolean[] = []
    const server = createServer(shown(leaf, pki.intermediate), (socket) => {
      reused.push(socket.isSessionReused())
      socket.on('error', () => {})
      socket.on('data', (line) => socket.write(/^QUIT/.test(String(line)) ? '221 bye\r\n' : '250 peer\r\n'))
    })
    const upgrade: PeerScript['replies'] = {
      STARTTLS: ({send, stream}) => {
        stream.removeAllListeners('data')
        send('220 go ahead\r\n')
        server.emit('connection', stream)
      },
    }
    await using bench = await probeBench(ZONE, [{extensions: ['STARTTLS'], replies: upgrade}])
    const options = {profile: 'secure', ca: [ca], pause: 0}
    const first = await bench.probe('example.mil', options)
    const second = await bench.probe('example.mil', options)
    expect(first.hosts[0]!.addresses[0]!.tls!.sessionTickets).toBeGreaterThan(0)
    expect(second.hosts[0]!.addresses[0]!.chain!.presented).toHaveLength(2)
    expect(reused).toEqual([false, false])
  })
})
