import {execFile} from 'node:child_process'
import {X509Certificate} from 'node:crypto'
import {writeFile} from 'node:fs/promises'
import type {Socket} from 'node:net'
import {join} from 'node:path'
import {createSecureContext, createServer, type TlsOptions} from 'node:tls'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {ProbeOptions} from '../../src/app/probe-domain.ts'
import {type OldTraits, oldTls, VERSION} from '../../src/lab/hand-made.ts'
import {type IssuedCertificate, issueCertificate} from '../../src/pki/issue.ts'
import {PLAIN} from '../../src/report/paint.ts'
import {probeText} from '../../src/report/probe-text.ts'
import {authorities, issuerOf, MX, pemOf} from '../support/authorities.ts'
import {scratch} from '../support/cli.ts'
import type {PeerScript} from '../support/peer.ts'
import {codesOf, findingOf, probeBench} from '../support/probe.ts'
import {weakField} from '../support/weak-field.ts'

const ZONE = `example.mil 60 MX 10 ${MX}\n${MX} 60 A 127.0.0.2`
const ANYTHING = 'ALL:eNULL:@SECLEVEL=0'

let home: Awaited<ReturnType<typeof scratch>>
let pki: Awaited<ReturnType<typeof authorities>>
let leaf: IssuedCertificate
let ca: string

beforeAll(async () => {
  home = await scratch()
  pki = await authorities('Example')
  leaf = await pki.leaf({key: 'rsa-2048'})
  ca = join(home.dir, 'root.pem')
  await writeFile(ca, pki.root.certificatePem)
})

afterAll(() => home[Symbol.asyncDispose]())

async function look(script: PeerScript, options: ProbeOptions = {}) {
  await using bench = await probeBench(ZONE, [script])
  const result = await bench.probe('example.mil', {profile: 'secure', ca: [ca], pause: 0, timeout: 60_000, ...options})
  return {result, address: result.hosts[0]!.addresses[0]!, connections: bench.peers[0]!.connections}
}

const shown = () => ({cert: pemOf(leaf, pki.intermediate), key: leaf.keyPem})

/** A peer whose TLS is that of a whole `tls.Server`. */
function served(options: TlsOptions): PeerScript {
  const server = createServer({...shown(), ...options}, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (line) => socket.write(/^QUIT/.test(String(line)) ? '221 bye\r\n' : '250 peer\r\n'))
  })
  server.on('tlsClientError', () => {})
  return instead((socket) => server.emit('connection', socket))
}

/** A peer that does this once it has said 220 to STARTTLS. */
function instead(then: (socket: Socket) => void): PeerScript {
  const replies: PeerScript['replies'] = {
    STARTTLS: ({send, stream}) => {
      stream.removeAllListeners('data')
      send('220 go ahead\r\n')
      then(stream as Socket)
    },
    // What came in the same octets is dropped, as RFC 3207 §4.2 wants it.
    NOOP: null,
  }
  return {extensions: ['STARTTLS'], replies}
}

describe('a second look after a handshake that failed', () => {
  test.each(['TLSv1', 'TLSv1.1'] as const)('names a peer that speaks %s alone', async (version) => {
    const {result, address, connections} = await look(
      served({minVersion: version, maxVersion: version, ciphers: ANYTHING}),
    )
    expect(findingOf(result, 'tls-only-obsolete')?.message).toContain(`nothing newer than ${version},`)
    expect(address.outcome).toEqual({none: 'clear', preferred: 'clear', encrypt: 'refused', secure: 'refused'})
    expect(address.failure).toMatchObject({
      ...{stage: 'handshake', code: 'validation-failure'},
      alert: expect.stringContaining('protocol_version (70)'),
      reproduce: expect.stringMatching(version === 'TLSv1' ? / -tls1 -cipher ALL:@SECLEVEL=0$/ : / -tls1_1 /),
    })
    expect(connections.length).toBeLessThanOrEqual(3)
  })

  test('names SSL 3.0, of a peer that is made by hand since no library speaks it any more', async () => {
    const body = Buffer.concat([Buffer.of(3, 0), Buffer.alloc(32, 1), Buffer.of(0, 0x00, 0x0a, 0)])
    const messages = Buffer.concat([Buffer.of(2, 0, 0, body.length), body, Buffer.of(14, 0, 0, 0)])
    const record = Buffer.concat([Buffer.of(22, 3, 0, 0, messages.length), messages])
    const {result} = await look(instead((socket) => socket.once('data', () => socket.end(record)).resume()))
    expect(findingOf(result, 'tls-only-obsolete')?.message).toContain('SSLv3')
  })

  test('tells a peer that breaks off on SNI', async () => {
    const refusing = served({SNICallback: (_name, done) => done(new Error('who is that?'))})
    const {result, connections} = await look(refusing)
    expect(findingOf(result, 'sni-refused')?.message).toContain(MX)
    expect(connections).toHaveLength(3)
  })

  test('names a cipher that nobody offers any more', async () => {
    const {result} = await look(
      served({
        maxVersion: 'TLSv1.2',
        ciphers: 'AES128-SHA:AECDH-AES256-SHA:@SECLEVEL=0',
        honorCipherOrder: true,
        cert: undefined,
        key: undefined,
      }),
    )
    expect(findingOf(result, 'tls-no-common-cipher')?.message).toContain('TLS_ECDH_anon_WITH_AES_256_CBC_SHA')
  })

  test('is not taken where the handshake was fine, or the answer was SMTP', async () => {
    expect((await look(served({}))).connections).toHaveLength(1)
    const smtp = await look(instead((socket) => socket.once('data', () => socket.end('500 5.5.1 what?\r\n')).resume()))
    expect(smtp.connections).toHaveLength(1)
    expect(findingOf(smtp.result, 'smtp-in-place-of-tls')?.message).toContain('500 5.5.1 what?')
  })
})

describe('the openssl line of a failure', () => {
  /** What it prints, typed into a shell while the peer still stands; both streams. */
  async function typed(script: PeerScript): Promise<string> {
    await using bench = await probeBench(ZONE, [script])
    const {hosts} = await bench.probe('example.mil', {profile: 'secure', ca: [ca], pause: 0})
    const line = hosts[0]!.addresses[0]!.failure!.reproduce
    return await new Promise((resolve) => {
      execFile('sh', ['-c', `${line} </dev/null`], {timeout: 20_000}, (_error, out, err) => resolve(`${out}${err}`))
    })
  }

  test('shows a chain that is not trusted', async () => {
    const printed = await typed(served({cert: leaf.certificatePem}))
    expect(printed).toContain('unable to verify the first certificate')
    expect(printed).toContain(MX)
  })

  test('shows an obsolete version', async ({skip}) => {
    const printed = await typed(served({minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: ANYTHING}))
    skip(/unknown option|no protocols available/i.test(printed), "this machine's OpenSSL has no TLS 1.0 any more")
    expect(printed).toMatch(/Protocol *: TLSv1$|New, (SSLv3|TLSv1\.0), Cipher is/m)
  })
})

describe('--full', () => {
  const full = (options: TlsOptions) => look(served(options), {full: true})

  test('finds versions, ciphers and groups of a modern host, and nothing to forbid', async () => {
    const {result, address, connections} = await full({
      ciphers: 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256',
      ecdhCurve: 'X25519MLKEM768:X25519:prime256v1',
    })
    const {enumeration} = address
    expect(enumeration).toMatchObject({
      versions: [
        {version: 'TLSv1.3', taken: true},
        {version: 'TLSv1.2', taken: true},
        {version: 'TLSv1.1', taken: false},
        {version: 'TLSv1', taken: false},
        {version: 'SSLv3', taken: false},
      ],
      ...{compression: false, secureRenegotiation: true, withoutSni: 'same'},
      ...{commandInjection: false, responseInjection: false, stopped: null},
    })
    const suites = Object.fromEntries(enumeration!.ciphers.map((one) => [one.version, one]))
    expect(suites['TLSv1.3']).toMatchObject({complete: true})
    expect(suites['TLSv1.3']!.suites.map(({name}) => name).sort()).toEqual([
      'TLS_AES_128_GCM_SHA256',
      'TLS_AES_256_GCM_SHA384',
    ])
    expect(suites['TLSv1.2']!.suites.map(({name}) => name).sort()).toEqual([
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    ])
    expect(enumeration!.groups).toEqual({
      names: expect.arrayContaining(['X25519MLKEM768', 'X25519', 'prime256v1']),
      complete: true,
    })
    expect(enumeration!.groups.names).toHaveLength(3)
    expect(connections.length).toBeLessThanOrEqual(20)
    expect(codesOf(result).filter((code) => /^(tls-|cipher-|group-|reneg)/.test(code))).toEqual([])
    expect(result.verdict).toBe('pass')
  })

  test('flags what RFC 9325 forbids, and never makes more than twenty connections', async () => {
    const {result, address, connections} = await full({minVersion: 'TLSv1', ciphers: ANYTHING})
    expect(connections).toHaveLength(20)
    expect(address.enumeration).toMatchObject({connections: 19, stopped: '20 connections were made'})
    expect(findingOf(result, 'tls-version-obsolete')?.message).toMatch(/takes TLSv1.1, TLSv1/)
    expect(address.enumeration!.versions.map(({taken}) => taken)).toEqual([true, true, true, true, false])
    expect(findingOf(result, 'cipher-forbidden')?.message).toMatch(/NULL|anon/)
    expect(result.verdict).toBe('pass')
  })

  test('says of a host that takes everything what was left unseen', async () => {
    const {result, address} = await full({minVersion: 'TLSv1', ciphers: ANYTHING})
    for (const {version, complete, unseen} of address.enumeration!.ciphers) {
      expect([version, complete, unseen.length > 0]).toEqual([version, false, true])
    }
    const text = probeText([result], PLAIN, 100)
    expect(text).toContain('not seen  more ciphers of TLSv1: forbidden ones, discouraged ones, good ones')
    expect(text).toContain('not seen  more groups of TLSv1.3')
  })

  test('ends within its connections where a host has eight groups, all that RFC 9325 forbids having been asked', async () => {
    const ecdhCurve = 'X25519MLKEM768:X25519:prime256v1:X448:secp521r1:secp384r1:ffdhe2048:ffdhe3072'
    const {address, connections} = await full({ecdhCurve})
    const {groups, ciphers} = address.enumeration!
    expect(groups).toMatchObject({complete: true})
    expect(groups.names.toSorted()).toEqual(ecdhCurve.split(':').toSorted())
    expect(ciphers.find(({version}) => version === 'TLSv1.3')).toMatchObject({complete: true})
    expect(connections.length).toBeLessThanOrEqual(20)
  })

  test.each([
    [
      'a finite field of 1024 bits',
      {dhparam: weakField(), ciphers: 'DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0'},
      'dh-1024',
    ],
    ['a curve of 192 bits', {ecdhCurve: 'prime192v1', ciphers: 'ECDHE-RSA-AES128-SHA:@SECLEVEL=0'}, 'prime192v1'],
    ['a curve of 163 bits', {ecdhCurve: 'sect163k1', ciphers: 'ECDHE-RSA-AES128-SHA:@SECLEVEL=0'}, 'sect163k1'],
  ])('flags %s', async (_, options, group) => {
    const {result} = await full({maxVersion: 'TLSv1.2', ...options})
    expect(findingOf(result, 'group-weak')?.message).toContain(group)
  })

  test('finds a weak group behind better ones', async () => {
    const ecdhCurve = 'X25519:prime256v1:sect163k1'
    const {result} = await full({ecdhCurve, dhparam: weakField(), ciphers: 'DEFAULT:@SECLEVEL=0'})
    expect(findingOf(result, 'group-weak')?.message).toContain('sect163k1')
    expect(findingOf(result, 'group-weak')?.message).toContain('dh-1024')
  })

  test('flags RSA key transport, and takes CBC for no fault', async () => {
    const rsa = await full({ciphers: 'AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256'})
    expect(findingOf(rsa.result, 'cipher-discouraged')?.message).toContain('TLS_RSA_WITH_AES_128_CBC_SHA')
    const cbc = await full({ciphers: 'ECDHE-RSA-AES128-SHA'})
    expect(codesOf(cbc.result).filter((code) => code.startsWith('cipher-'))).toEqual([])
  })

  /** A peer of old, made by hand. */
  const old = (traits: Partial<OldTraits>) => {
    const leafDer = new X509Certificate(leaf.certificatePem).raw
    const tls = oldTls({version: VERSION.tls12, renegotiation: true, leaf: leafDer, ...traits})
    return look(
      instead((socket) => void tls(socket)),
      {full: true},
    )
  }
  const flags = [
    'cipher-forbidden',
    'cipher-discouraged',
    'tls-compression',
    'tls-version-obsolete',
    'renegotiation-insecure',
  ]

  test.each<[string, Partial<OldTraits>, string[]]>([
    ['3DES alone', {cipher: 0x000a}, ['cipher-discouraged']],
    ['RC4 alone', {cipher: 0x0005}, ['cipher-forbidden']],
    ['an export cipher alone', {cipher: 0x0003}, ['cipher-forbidden']],
    ['TLS compression', {cipher: 0xc02f, compression: true}, ['tls-compression']],
    ['renegotiation that is not secured', {cipher: 0xc02f, renegotiation: false}, ['renegotiation-insecure']],
    ['TLS 1.1', {cipher: 0xc013, version: VERSION.tls11}, ['tls-version-obsolete']],
    [
      'SSL 3.0',
      {cipher: 0x000a, version: VERSION.ssl3, renegotiation: false},
      ['cipher-discouraged', 'renegotiation-insecure', 'tls-version-obsolete'],
    ],
    ['nothing of a host in order', {cipher: 0xc02f}, []],
  ])('flags %s', async (_, traits, expected) => {
    const codes = codesOf((await old(traits)).result)
    expect(flags.filter((code) => codes.includes(code)).toSorted()).toEqual(expected)
  })

  test('sees SCTs in the handshake, and none', async () => {
    expect((await old({cipher: 0xc02f, scts: true})).address.enumeration?.scts).toBe(true)
    expect((await old({cipher: 0xc02f})).address.enumeration?.scts).toBe(false)
  })

  test.each([
    ['a host that knows the name', {ALPNProtocols: ['smtp']}, {answer: 'chosen', protocol: 'smtp'}],
    ['a host that has no ALPN', {}, {answer: 'ignored', protocol: null}],
    ['a host that insists on another name', {ALPNProtocols: ['imap']}, {answer: 'refused', protocol: null}],
    [
      'a host of TLS 1.3 alone, which seals its answer',
      {minVersion: 'TLSv1.3' as const, ALPNProtocols: ['imap']},
      null,
    ],
  ])('offers ALPN to %s', async (_, options: TlsOptions, expected) => {
    const {address, result} = await full(options)
    expect(address.enumeration?.alpn).toEqual(expected)
    expect(address.enumeration?.versions.find(({version}) => version === 'TLSv1.2')?.taken).toBe(expected !== null)
    expect(result.verdict).toBe('pass')
  })

  test('sends neither MAIL nor RCPT', async () => {
    const {connections} = await full({})
    const said = connections.flatMap(({lines}) => lines)
    expect(said.filter((line) => /^(EHLO|STARTTLS|NOOP|QUIT)/i.test(line))).toEqual(said)
  })

  test('tells that the certificate needs SNI', async () => {
    const other = await issueCertificate({
      subject: 'other',
      dnsNames: ['other.example'],
      issuer: issuerOf(pki.root),
      key: 'rsa-2048',
    })
    const right = createSecureContext(shown())
    const {result, address} = await full({
      ...{cert: other.certificatePem, key: other.keyPem},
      SNICallback: (_name, done) => done(null, right),
    })
    expect(address.enumeration?.withoutSni).toBe('other')
    expect(codesOf(result)).toContain('certificate-needs-sni')
  })

  test('stops at the first 421', async () => {
    let asked = 0
    const {extensions, replies} = served({}) as Required<PeerScript>
    const busy: PeerScript['greeting'] = ({send, end}) => {
      asked += 1
      if (asked < 4) return send('220 peer ESMTP\r\n')
      send('421 4.7.0 too many connections\r\n')
      end()
    }
    const {address, connections, result} = await look({extensions, replies, greeting: busy}, {full: true})
    expect(connections).toHaveLength(4)
    expect(address.enumeration).toMatchObject({stopped: '421 4.7.0 too many connections'})
    expect(result.verdict).toBe('pass')
  })

  test('finds a host that answers inside TLS what was sent before it', async () => {
    const server = createServer(shown())
    const vulnerable: PeerScript = {
      extensions: ['STARTTLS'],
      replies: {
        STARTTLS: ({send, stream}) => {
          // The next command came in the same octets, and the peer script hands it on as a line of its own.
          stream.removeAllListeners('data')
          send('220 go ahead\r\n')
          server.emit('connection', stream)
        },
        NOOP: () => {
          injected = true
        },
      },
    }
    let injected = false
    server.on('secureConnection', (socket) => {
      socket.on('error', () => {})
      if (injected) socket.write('250 2.0.0 ok\r\n')
      injected = false
      socket.on('data', (line) => socket.write(/^QUIT/.test(String(line)) ? '221 bye\r\n' : '250 peer\r\n'))
    })
    server.on('tlsClientError', () => {})
    const {result, address} = await look(vulnerable, {full: true})
    expect(address.enumeration?.commandInjection).toBe(true)
    expect(findingOf(result, 'starttls-command-injection')?.section).toBe('RFC 3207 §4.2')
  })

  test('takes an answer in clear text for no injection', async () => {
    const {extensions, replies} = served({}) as Required<PeerScript>
    const {address} = await look({extensions, replies: {...replies, NOOP: '250 2.0.0 ok'}}, {full: true})
    expect(address.enumeration?.commandInjection).toBe(false)
  })

  test('of a host that speaks no TLS asks nothing', async () => {
    const {address, connections} = await look({}, {full: true})
    expect(address.enumeration).toBeUndefined()
    expect(connections).toHaveLength(1)
  })
})
