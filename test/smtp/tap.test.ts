import {X509Certificate} from 'node:crypto'
import {once} from 'node:events'
import {type AddressInfo, createServer, type Server, type Socket, connect as tcpConnect} from 'node:net'
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  createServer as createTlsServer,
  TLSSocket,
  type TlsOptions,
} from 'node:tls'
import {afterEach, beforeAll, describe, expect, test} from 'vitest'
import {type IssuedCertificate, issueCertificate} from '../../src/pki/issue.ts'
import {HandshakeTap} from '../../src/smtp/tap.ts'
import type {HandshakeFacts} from '../../src/smtp/tap-facts.ts'

let root: IssuedCertificate
let intermediate: IssuedCertificate
let leaf: IssuedCertificate
let rsaLeaf: IssuedCertificate
const servers: Server[] = []

beforeAll(async () => {
  root = await issueCertificate({subject: 'Tap Root', ca: true})
  intermediate = await issueCertificate({subject: 'Tap Intermediate', ca: true, issuer: root})
  leaf = await issueCertificate({subject: 'mx', dnsNames: ['mx.example.mil'], issuer: intermediate})
  rsaLeaf = await issueCertificate({
    subject: 'mx-rsa',
    dnsNames: ['mx.example.mil'],
    issuer: intermediate,
    key: 'rsa-2048',
  })
})

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

interface Seen {
  facts: HandshakeFacts
  /** Common names of the chain as presented. */
  chain: string[] | null
  error: Error | null
  /** What the peer said inside TLS. */
  said: string
}

/** A TLS server with these options, and a client that shakes hands with it through a tap and hears a line inside. */
async function shake(server: TlsOptions, client: ConnectionOptions = {}): Promise<Seen> {
  const listening = createTlsServer({key: leaf.keyPem, cert: leaf.certificatePem, ...server}, (socket) => {
    socket.on('error', () => {})
    socket.end('220 inside\r\n')
  })
  listening.on('tlsClientError', () => {})
  return tapped(await listen(listening), client)
}

async function listen(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function tapped(port: number, options: ConnectionOptions): Promise<Seen> {
  const socket = tcpConnect(port, '127.0.0.1')
  await once(socket, 'connect')
  const tap = new HandshakeTap(socket)
  const tls = connect({socket: tap.stream, rejectUnauthorized: false, ...options})
  tls.on('keylog', (line) => tap.keylog(line))
  let said = ''
  tls.on('data', (chunk) => {
    said += chunk
  })
  const error = await ended(tls)
  const facts = tap.facts()
  const chain = facts.certificates?.map((der) => /CN=(.*)/.exec(new X509Certificate(der).subject)![1]!) ?? null
  return {facts, chain, error, said}
}

function ended(tls: TLSSocket): Promise<Error | null> {
  return new Promise((resolve) => {
    let failure: Error | null = null
    tls.on('error', (error) => {
      failure = error
    })
    tls.on('close', () => resolve(failure))
    tls.resume()
  })
}

const chainPem = (...certificates: IssuedCertificate[]) => certificates.map((one) => one.certificatePem).join('')

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  const only = {minVersion: version, maxVersion: version} as const

  test('tells the chain as it was presented, in order', async () => {
    const {chain, facts} = await shake({...only, cert: chainPem(leaf, intermediate)})
    expect(chain).toEqual(['mx', 'Tap Intermediate'])
    expect(facts).toMatchObject({version, alerts: [], nonTls: null, gap: null, certificateRequest: null})
  })

  test('keeps a wrong order, a root that was sent and a certificate that has nothing to do with it', async () => {
    const {chain} = await shake({...only, cert: chainPem(leaf, root, rsaLeaf, intermediate)})
    expect(chain).toEqual(['mx', 'Tap Root', 'mx-rsa', 'Tap Intermediate'])
  })

  test('tells a leaf that came alone', async () => {
    expect((await shake(only)).chain).toEqual(['mx'])
  })

  test('reads a chain that is spread over many records', async () => {
    const many = Array.from({length: 60}, () => intermediate)
    const {chain} = await shake({...only, cert: chainPem(leaf, ...many)})
    expect(chain).toHaveLength(61)
    expect(chain?.at(-1)).toBe('Tap Intermediate')
  })

  test('tells the group and the signature algorithm', async () => {
    const {facts} = await shake({...only, ecdhCurve: 'P-384', key: rsaLeaf.keyPem, cert: rsaLeaf.certificatePem})
    expect(facts).toMatchObject({group: 'secp384r1', signatureAlgorithm: 'rsa_pss_rsae_sha256'})
  })

  test('tells that a client certificate was asked for, and from which CAs', async () => {
    const {facts} = await shake({...only, requestCert: true, rejectUnauthorized: false, ca: root.certificatePem})
    expect(facts.certificateRequest).toEqual({authorities: ['CN=Tap Root']})
  })

  test('keeps the stapled OCSP response', async () => {
    const staple = Buffer.from('3003020100', 'hex')
    const listening = createTlsServer({...only, key: leaf.keyPem, cert: leaf.certificatePem}, (socket) => socket.end())
    listening.on('OCSPRequest', (_certificate, _issuer, answer) => answer(null as never, staple))
    const {facts} = await tapped(await listen(listening), {requestOCSP: true})
    expect(facts.ocsp).toEqual(staple)
  })

  test('tells the protocol that was chosen by ALPN', async () => {
    const {facts} = await shake({...only, ALPNProtocols: ['smtp']}, {ALPNProtocols: ['smtp']})
    expect(facts.alpn).toBe('smtp')
  })

  test('tells an alert, and that the peer sent it', async () => {
    const {facts, chain, error} = await shake({...only, ALPNProtocols: ['smtp']}, {ALPNProtocols: ['h2']})
    expect(error).toMatchObject({code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'})
    expect(chain).toBeNull()
    expect(facts.alerts).toContainEqual({from: 'peer', level: 'fatal', number: 120, name: 'no_application_protocol'})
  })

  test('passes the end on: what was said inside is read to its last octet, and nothing is an error', async () => {
    const {error, said} = await shake({...only, cert: chainPem(leaf, intermediate)})
    expect({error, said}).toEqual({error: null, said: '220 inside\r\n'})
  })
})

describe('the cipher suites of TLS 1.3', () => {
  test.each([
    ['TLS_AES_128_GCM_SHA256', 0x1301],
    ['TLS_AES_256_GCM_SHA384', 0x1302],
    ['TLS_CHACHA20_POLY1305_SHA256', 0x1303],
  ])('opens the flight under %s', async (ciphers, number) => {
    const {chain, facts} = await shake({minVersion: 'TLSv1.3', ciphers, cert: chainPem(leaf, intermediate)})
    expect(facts.cipherSuite).toBe(number)
    expect(chain).toEqual(['mx', 'Tap Intermediate'])
  })
})

describe('the key exchanges of TLS 1.2', () => {
  const rsa = () => ({maxVersion: 'TLSv1.2', key: rsaLeaf.keyPem, cert: rsaLeaf.certificatePem}) as const

  test('knows X25519', async () => {
    expect((await shake({...rsa(), ecdhCurve: 'X25519'})).facts.group).toBe('X25519')
  })

  test('tells the size of a finite field', async () => {
    const ciphers = 'DHE-RSA-AES256-GCM-SHA384'
    const {facts, chain} = await shake({...rsa(), ciphers, dhparam: 'auto'}, {ciphers})
    expect(facts.group).toMatch(/^dh-(2048|3072)$/)
    expect(facts.signatureAlgorithm).toMatch(/^rsa_/)
    expect(chain).toEqual(['mx-rsa'])
  })

  test('has no group where RSA itself carries the key', async () => {
    const ciphers = 'AES256-GCM-SHA384'
    const {facts, chain} = await shake({...rsa(), ciphers}, {ciphers})
    expect(facts).toMatchObject({group: null, signatureAlgorithm: null, gap: null})
    expect(chain).toEqual(['mx-rsa'])
  })
})

test('follows a HelloRetryRequest to the group that the peer wanted', async () => {
  const {facts, chain} = await shake({ecdhCurve: 'P-521'}, {ecdhCurve: 'X25519:P-521'})
  expect(facts).toMatchObject({retried: true, group: 'secp521r1', version: 'TLSv1.3'})
  expect(chain).toEqual(['mx'])
})

test('names the post-quantum hybrid', async () => {
  expect((await shake({})).facts.group).toBe('X25519MLKEM768')
})

test('tells the alert that we sent, and the old version that we refused', async () => {
  const server = {minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0'} as const
  const {facts, error} = await shake(
    {...server, key: rsaLeaf.keyPem, cert: rsaLeaf.certificatePem},
    {minVersion: 'TLSv1.2'},
  )
  expect(error).not.toBeNull()
  const alert = facts.alerts.at(-1)
  expect(alert).toMatchObject({level: 'fatal', name: 'protocol_version', number: 70})
})

test('tells the alert of a peer that misses our certificate, which TLS 1.3 sends after the handshake', async () => {
  const server = {minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: true} as const
  const {facts} = await shake({...server, ca: root.certificatePem})
  expect(facts.alerts).toContainEqual({from: 'peer', level: 'fatal', number: 116, name: 'certificate_required'})
  expect(facts.certificates).toHaveLength(1)
})

test('counts the session tickets of TLS 1.3', async () => {
  expect((await shake({minVersion: 'TLSv1.3'})).facts.tickets).toBe(2)
})

test('without the secrets the flight stays sealed, and the gap is told', async () => {
  const port = await listen(createTlsServer({key: leaf.keyPem, cert: leaf.certificatePem}, (socket) => socket.end()))
  const socket = tcpConnect(port, '127.0.0.1')
  const tap = new HandshakeTap(socket)
  await ended(connect({socket: tap.stream, rejectUnauthorized: false}))
  expect(tap.presented()).toBeNull()
  expect(tap.facts().gap).toBe('the handshake stayed sealed')
})

test('shows what came in the place of TLS', async () => {
  const port = await listen(createServer((socket) => socket.once('data', () => socket.end('500 what?\r\n'))))
  const {facts, error} = await tapped(port, {})
  expect(error).not.toBeNull()
  expect(facts.nonTls?.toString()).toBe('500 what?\r\n')
})

test('lets clear text pass before the handshake and begins at the ClientHello', async () => {
  const context = createSecureContext({key: leaf.keyPem, cert: leaf.certificatePem})
  const port = await listen(createServer((socket) => void startTls(socket, context)))
  const socket = tcpConnect(port, '127.0.0.1')
  const tap = new HandshakeTap(socket)
  tap.stream.write('STARTTLS\r\n')
  const [go] = (await once(tap.stream, 'data')) as [Buffer]
  expect(go.toString()).toBe('220 go\r\n')
  tap.stream.removeAllListeners('data')
  const tls = connect({socket: tap.stream, rejectUnauthorized: false})
  tls.on('keylog', (line) => tap.keylog(line))
  await ended(tls)
  expect(tap.presented()).toHaveLength(1)
})

async function startTls(socket: Socket, secureContext: ReturnType<typeof createSecureContext>): Promise<void> {
  await once(socket, 'data')
  socket.write('220 go\r\n')
  new TLSSocket(socket, {isServer: true, secureContext}).end('220 inside\r\n')
}

describe('hostile peers', () => {
  const flood = (make: (i: number) => Buffer) => async () => {
    const port = await listen(
      createServer((socket) => {
        socket.on('error', () => {})
        socket.once('data', () => {
          for (let i = 0; i < 5_000 && !socket.destroyed; i++) socket.write(make(i))
          socket.end()
        })
      }),
    )
    return tapped(port, {})
  }

  test('keep no more than a bound, whatever they send', async () => {
    const {facts} = await flood(() => Buffer.concat([Buffer.from('1603030400', 'hex'), Buffer.alloc(1024)]))()
    expect(facts.certificates).toBeNull()
  })

  test.each([
    ['a ServerHello that ends in its middle', '160303000602000002' + '0303'],
    ['a certificate list that is longer than its message', '16030300' + '0a' + '0b000006' + 'ffffffffffff'],
    ['an empty alert', '1503030000'],
    ['a record of no length', '1603030000'],
  ])('send %s and break nothing', async (_what, hex) => {
    const {facts, error} = await flood((i) => Buffer.from(i === 0 ? hex : '', 'hex'))()
    expect(error).not.toBeNull()
    expect(facts.certificates).toBeNull()
  })
})
