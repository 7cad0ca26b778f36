import {execFileSync} from 'node:child_process'
import {once} from 'node:events'
import {type AddressInfo, connect} from 'node:net'
import {createServer, type TlsOptions} from 'node:tls'
import fc from 'fast-check'
import {beforeAll, describe, expect, test} from 'vitest'
import {issueCertificate} from '../../../src/pki/issue.ts'
import {type HelloAnswer, readAnswer} from '../../../src/smtp/hello/answer.ts'
import {askHello} from '../../../src/smtp/hello/ask.ts'
import {clientHello, GROUPS_12, GROUPS_13, type HelloOffer} from '../../../src/smtp/hello/client-hello.ts'
import {SUITES_12, SUITES_13, suiteName, suiteRank} from '../../../src/smtp/hello/suites.ts'

const ANYTHING = 'ALL:eNULL:@SECLEVEL=0'
const RANDOM = Buffer.alloc(32, 7)

let rsa: {cert: string; key: string}

beforeAll(async () => {
  const issued = await issueCertificate({subject: 'mx1.example.mil', dnsNames: ['mx1.example.mil'], key: 'rsa-2048'})
  rsa = {cert: issued.certificatePem, key: issued.keyPem}
})

/** A real TLS server's answer to a ClientHello. */
async function ask(options: TlsOptions, change: Partial<HelloOffer> = {}): Promise<HelloAnswer> {
  const server = createServer({...rsa, ...options})
  server.on('tlsClientError', () => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  try {
    const offer = {version: 'TLSv1.2', ciphers: SUITES_12, groups: GROUPS_12, serverName: 'mx1.example.mil', ...change}
    return await askHello(socket, clientHello(offer as HelloOffer, RANDOM), {ms: 10_000})
  } finally {
    socket.destroy()
    server.close()
  }
}

const in13 = {version: 'TLSv1.3', ciphers: SUITES_13, groups: GROUPS_13} as const

describe('a ClientHello made by hand gets', () => {
  test('a ServerHello of TLS 1.2 with group, leaf and renegotiation_info', async () => {
    const answer = await ask({maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', ecdhCurve: 'secp384r1'})
    expect(answer).toMatchObject({
      ...{kind: 'hello', version: 'TLSv1.2', cipher: 0xc02f, group: 'secp384r1'},
      ...{compression: false, secureRenegotiation: true},
    })
    expect(answer.kind === 'hello' && answer.leaf?.equals(derOf(rsa.cert))).toBe(true)
  })

  test('the size of a finite field', async () => {
    const answer = await ask({maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES256-GCM-SHA384', dhparam: 'auto'})
    expect(answer).toMatchObject({kind: 'hello', cipher: 0x009f, group: expect.stringMatching(/^dh-\d{4}$/)})
  })

  test('no group for RSA key transport', async () => {
    const answer = await ask({maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA'})
    expect(answer).toMatchObject({kind: 'hello', cipher: 0x002f, group: null})
  })

  test.each(['TLSv1', 'TLSv1.1'] as const)('%s from a server of that age', async (version) => {
    const options = {minVersion: version, maxVersion: version, ciphers: ANYTHING} as const
    expect(await ask(options, {version})).toMatchObject({kind: 'hello', version})
    // Offered more, it answers with what it has.
    expect(await ask(options)).toMatchObject({kind: 'hello', version})
  })

  test('the alert of a server that is too young for it', async () => {
    expect(await ask({minVersion: 'TLSv1.2'}, {version: 'TLSv1'})).toMatchObject({kind: 'alert', number: 70})
  })

  test.each(['X25519MLKEM768', 'X25519', 'secp521r1'])('%s by a HelloRetryRequest of TLS 1.3', async (group) => {
    const answer = await ask({minVersion: 'TLSv1.3', ecdhCurve: group}, in13)
    expect(answer).toMatchObject({kind: 'hello', version: 'TLSv1.3', group, leaf: null, secureRenegotiation: null})
  })

  test('an alert where no group is shared', async () => {
    expect(await ask({minVersion: 'TLSv1.3', ecdhCurve: 'X25519'}, {...in13, groups: [24]})).toMatchObject({
      kind: 'alert',
    })
  })
})

describe('an answer', () => {
  test('in pieces is read once it is whole', () => {
    const alert = Buffer.of(21, 3, 3, 0, 2, 2, 40)
    for (let cut = 0; cut < alert.length; cut++) expect(readAnswer(alert.subarray(0, cut), false)).toBeNull()
    expect(readAnswer(alert, false)).toEqual({kind: 'alert', number: 40, name: 'handshake_failure'})
  })

  test('of SMTP is not TLS, and none at all is a closed connection', () => {
    expect(readAnswer(Buffer.from('500 what?\r\n'), false)).toMatchObject({kind: 'not-tls'})
    expect(readAnswer(Buffer.alloc(0), true)).toEqual({kind: 'closed'})
  })

  test('of SSL 3.0 without extensions is read', () => {
    const body = Buffer.concat([Buffer.of(3, 0), Buffer.alloc(32, 1), Buffer.of(0, 0x00, 0x0a, 0)])
    const done = Buffer.of(14, 0, 0, 0)
    const messages = Buffer.concat([Buffer.of(2, 0, 0, body.length), body, done])
    const record = Buffer.concat([Buffer.of(22, 3, 0, 0, messages.length), messages])
    expect(readAnswer(record, false)).toMatchObject({
      ...{kind: 'hello', version: 'SSLv3', cipher: 0x000a, secureRenegotiation: false},
    })
  })

  test('of any octets is never an error', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({maxLength: 400}),
        fc.boolean(),
        (octets, ended) => void readAnswer(Buffer.from(octets), ended),
      ),
    )
    const bent = fc.uint8Array({minLength: 40, maxLength: 90}).map((body) => {
      const message = Buffer.concat([Buffer.of(2, 0, 0, body.length), body])
      return Buffer.concat([Buffer.of(22, 3, 3, 0, message.length), message])
    })
    fc.assert(fc.property(bent, (octets) => readAnswer(octets, true) !== null))
  })
})

describe('the table of suites', () => {
  test('has the numbers that OpenSSL has', () => {
    const listed = execFileSync('openssl', ['ciphers', '-V', '-stdname', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0']).toString()
    const known = [...listed.matchAll(/0x([0-9A-F]{2}),0x([0-9A-F]{2}) - (\S+)/g)].map(([, high, low, name]) => {
      return [Number(`0x${high}${low}`), name] as const
    })
    const shared = known.filter(([number]) => !suiteName(number).startsWith('0x'))
    expect(shared.length).toBeGreaterThan(50)
    for (const [number, name] of shared) expect([number, suiteName(number)]).toEqual([number, name])
  })

  test.each([
    ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'good'],
    ['TLS_DHE_RSA_WITH_AES_128_CBC_SHA', 'good'],
    ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'discouraged'],
    ['TLS_ECDH_RSA_WITH_AES_128_CBC_SHA', 'discouraged'],
    ['TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA', 'discouraged'],
    ['TLS_RSA_WITH_RC4_128_SHA', 'forbidden'],
    ['TLS_RSA_WITH_DES_CBC_SHA', 'forbidden'],
    ['TLS_RSA_WITH_NULL_SHA256', 'forbidden'],
    ['TLS_ECDH_anon_WITH_AES_256_CBC_SHA', 'forbidden'],
    ['TLS_DH_anon_EXPORT_WITH_DES40_CBC_SHA', 'forbidden'],
  ])('ranks %s as %s', (name, rank) => {
    expect(suiteRank(name)).toBe(rank)
  })
})

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]*-----|\s/g, ''), 'base64')
}
