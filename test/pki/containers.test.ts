import {spawnSync} from 'node:child_process'
import {createPrivateKey, X509Certificate} from 'node:crypto'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import fc from 'fast-check'
import forge from 'node-forge'
import {beforeAll, describe, expect, test} from 'vitest'
import {PosternError} from '../../src/mail/error.ts'
import {readContainer} from '../../src/pki/containers.ts'
import {children, readElement, Tag} from '../../src/pki/der.ts'
import type {IssuedCertificate, IssuedKey} from '../../src/pki/issue.ts'
import {authorities, pemOf} from '../support/authorities.ts'
import {scratch} from '../support/cli.ts'
import {der, derOid} from '../support/der.ts'

const openssl = spawnSync('openssl', ['version']).status === 0

interface Set {
  key: IssuedKey
  root: IssuedCertificate
  intermediate: IssuedCertificate
  leaf: IssuedCertificate
  /** Root and intermediate. */
  pem: string
}

const sets: Record<IssuedKey, Set> = {} as never

beforeAll(async () => {
  for (const key of ['ec-256', 'rsa-2048'] as const) {
    const {root, intermediate, leaf} = await authorities('Example', {key})
    sets[key] = {key, root, intermediate, leaf: await leaf({key}), pem: pemOf(root, intermediate)}
  }
})

const kinds = ['ec-256', 'rsa-2048'] as const

async function subjects(bytes: Buffer | string, password?: string): Promise<string[]> {
  const {certificates} = await readContainer('FILE', Buffer.from(bytes), {password})
  return certificates.map(({subject}) => /CN=(.*)/.exec(subject)![1]!)
}

async function refusal(bytes: Buffer | string, password?: string): Promise<PosternError> {
  const error = await readContainer('FILE', Buffer.from(bytes), {password}).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(PosternError)
  return error
}

const BOTH = ['Example Root', 'Example Intermediate']
const rawOf = ({certificatePem}: IssuedCertificate) => new X509Certificate(certificatePem).raw

describe.each(kinds)('%s certificates are read from', (kind) => {
  test('PEM with text around, other line ends, blanks before them, or as Windows saves it', async () => {
    const {pem} = sets[kind]
    expect(await subjects(pem)).toEqual(BOTH)
    expect(await subjects(`Bag Attributes\n  friendlyName: x\n${pem}\n-- the end --`)).toEqual(BOTH)
    expect(await subjects(pem.replaceAll('\n', '\r\n'))).toEqual(BOTH)
    expect(await subjects(pem.replaceAll('\n', '\r'))).toEqual(BOTH)
    expect(await subjects(pem.replaceAll('\n', '\n  '))).toEqual(BOTH)
    expect(await subjects(Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(pem)]))).toEqual(BOTH)
    expect(await subjects(Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(pem, 'utf16le')]))).toEqual(BOTH)
  })

  test('DER, one or several in a row, and bare base64', async () => {
    const {root, intermediate} = sets[kind]
    expect(await subjects(rawOf(root))).toEqual(['Example Root'])
    expect(await subjects(Buffer.concat([rawOf(root), rawOf(intermediate), Buffer.from('\n')]))).toEqual(BOTH)
    expect(await subjects(rawOf(root).toString('base64'))).toEqual(['Example Root'])
  })

  test('PKCS#7, as DER, as PEM, and with indefinite lengths', async () => {
    const {root, intermediate} = sets[kind]
    const bag = signedData([rawOf(root), rawOf(intermediate)])
    expect(await subjects(bag)).toEqual(BOTH)
    expect(await subjects(armour('PKCS7', bag))).toEqual(BOTH)
    expect(await subjects(armour('CERTIFICATE', bag))).toEqual(BOTH)
    const streamed = indefinite(bag)
    expect(streamed.subarray(0, 2)).toEqual(Buffer.of(0x30, 0x80))
    expect(await subjects(streamed)).toEqual(BOTH)
  })

  test.skipIf(!openssl)('PKCS#7 of the openssl program', async () => {
    await using place = await scratch()
    const file = join(place.dir, 'both.pem')
    await writeFile(file, sets[kind].pem)
    for (const form of ['PEM', 'DER']) {
      const args = ['crl2pkcs7', '-nocrl', '-certfile', file, '-outform', form]
      expect(await subjects(spawnSync('openssl', args).stdout)).toEqual(BOTH)
    }
  })

  test.skipIf(!openssl).each([
    ['AES-256 and PBKDF2, as OpenSSL 3 does', []],
    ['RC2 and 3DES, as old programs do', ['-legacy', '-certpbe', 'PBE-SHA1-RC2-40', '-keypbe', 'PBE-SHA1-3DES']],
    ['3DES alone', ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
    ['AES-128 without a MAC', ['-certpbe', 'AES-128-CBC', '-nomac']],
    ['nothing but a MAC with SHA-512', ['-certpbe', 'NONE', '-keypbe', 'NONE', '-macalg', 'sha512']],
  ])('PKCS#12 with %s', async (_, options) => {
    const made = await opensslPkcs12(sets[kind], 'geheim', options)
    // A build of OpenSSL may come without RC2.
    if (options[0] === '-legacy' && made.length === 0) return
    expect((await subjects(made, 'geheim')).sort()).toEqual(['Example Intermediate', 'Example Root', 'mx1.example.mil'])
    const {privateKeys, certificates} = await readContainer('FILE', made, {password: 'geheim'})
    const key = await privateKeys[0]!()
    expect(privateKeys).toHaveLength(1)
    expect(certificates.some((certificate) => certificate.checkPrivateKey(key))).toBe(true)
    // Byte for byte: nothing was written anew on the way.
    expect(certificates.some(({raw}) => raw.equals(rawOf(sets[kind].leaf)))).toBe(true)
    if (!options.includes('-nomac')) expect((await refusal(made, 'falsch')).code).toBe('password-wrong')
  })

  test.skipIf(!openssl)('PKCS#12 with an empty password, no password being given', async () => {
    expect(await subjects(await opensslPkcs12(sets[kind], '', []))).toHaveLength(3)
  })
})

describe('an RSA key and its certificate', () => {
  test.each(['aes256', '3des'] as const)('are read from PKCS#12 that node-forge made with %s', async (algorithm) => {
    const {leaf, intermediate} = sets['rsa-2048']
    const certificates = [leaf, intermediate].map((one) => forge.pki.certificateFromPem(one.certificatePem))
    const key = forge.pki.privateKeyFromPem(
      createPrivateKey(leaf.keyPem).export({type: 'pkcs1', format: 'pem'}).toString(),
    )
    const pfx = forge.pkcs12.toPkcs12Asn1(key, certificates, 'geheim', {algorithm})
    const bytes = Buffer.from(forge.asn1.toDer(pfx).getBytes(), 'binary')
    expect(await subjects(bytes, 'geheim')).toEqual(['mx1.example.mil', 'Example Intermediate'])
    expect((await refusal(bytes)).message).toBe('FILE is protected by a password')
    expect(await refusal(bytes)).toMatchObject({
      code: 'password-missing',
      exit: 64,
      hints: [expect.stringContaining('--password-file')],
    })
  })
})

describe('what is no certificate', () => {
  test.each([
    ['nothing', '', 'is empty'],
    ['an HTML page', '<!DOCTYPE html><html><body>404</body></html>', 'is an HTML page, not a certificate'],
    ['text', 'hello\n', 'is other text'],
    ['noise', Buffer.from([1, 2, 3, 0, 255]), 'is other data'],
    ['a ZIP archive', Buffer.from('PK\x03\x04xxxx'), 'is a ZIP archive'],
    ['cut DER', Buffer.from([0x30, 0x82, 9, 9, 1]), 'is damaged or cut DER data'],
    [
      'a public key',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
      'holds a public key, not a certificate',
    ],
    ['a strange block', '-----BEGIN \x1b[2J-----\nAAAA\n-----END \x1b[2J-----\n', 'holds a block "\\x1b[2J"'],
    ['empty PKCS#7', signedData([]), 'is PKCS#7 without any certificate'],
  ])('is named: %s', async (_, bytes, message) => {
    const error = await refusal(bytes)
    expect(error.message).toContain(`FILE ${message}`)
    expect([error.exit, error.hints.length]).toEqual([65, 1])
  })

  test('is named: a certification request, in PEM and DER', async () => {
    const {requestCertificate} = await import('../../src/pki/issue.ts')
    const pem = await requestCertificate({subject: 'x', dnsNames: ['x.example']}, sets['ec-256'].leaf.keyPem)
    const body = Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64')
    expect((await refusal(pem)).message).toContain('holds a certification request (CSR)')
    expect((await refusal(body)).message).toContain('is a certification request (CSR)')
  })

  test('is named with its line: a block that was cut, or whose base64 or content is damaged', async () => {
    const {pem} = sets['ec-256']
    const second = pem.indexOf('-----BEGIN', 10)
    const line = pem.slice(0, second).split('\n').length
    for (const damaged of [pem.slice(0, -60), `${pem.slice(0, second + 60)}*${pem.slice(second + 60)}`]) {
      const error = await refusal(damaged)
      expect(error).toMatchObject({code: 'certificate-damaged', exit: 65})
      expect(error.message).toContain(`line ${line}: this CERTIFICATE block is damaged`)
    }
  })

  test('is read in one pass, however many blocks begin and never end', async () => {
    expect((await refusal('-----BEGIN CERTIFICATE-----\n'.repeat(300_000))).code).toBe('certificate-damaged')
    expect((await refusal('-----BEGIN '.repeat(300_000))).code).toBe('certificate-damaged')
  })

  test('does not make us count to a number that it chose', async () => {
    const rounds = der(Tag.integer, Buffer.of(0x7f, 0xff, 0xff, 0xff))
    const digest = der(
      Tag.sequence,
      der(Tag.sequence, derOid('1.3.14.3.2.26'), der(Tag.null)),
      der(4, Buffer.alloc(20)),
    )
    const mac = der(Tag.sequence, digest, der(4, Buffer.alloc(8)), rounds)
    const data = der(Tag.sequence, derOid('1.2.840.113549.1.7.1'), der(0xa0, der(4, der(Tag.sequence))))
    const error = await refusal(der(Tag.sequence, der(Tag.integer, Buffer.of(3)), data, mac), 'x')
    expect(error.message).toContain('2147483647 rounds of key derivation are not accepted')
  })

  test('answers with a PosternError, whatever the bytes', async () => {
    const bytes = [rawOf(sets['ec-256'].root), signedData([rawOf(sets['ec-256'].root)])]
    const change = fc.tuple(
      fc.nat(1),
      fc.array(fc.tuple(fc.nat(600), fc.nat(255)), {minLength: 1, maxLength: 4}),
      fc.nat(700),
    )
    await fc.assert(
      fc.asyncProperty(change, async ([which, changes, length]) => {
        const damaged = Buffer.from(bytes[which]!).subarray(0, length)
        for (const [at, octet] of changes) if (at < damaged.length) damaged[at] = octet
        const thrown = await readContainer('FILE', damaged).then(
          () => null,
          (error) => error,
        )
        if (thrown !== null) expect(thrown).toBeInstanceOf(PosternError)
      }),
      {numRuns: 1000},
    )
  })
})

/** RFC 5652 §5.1, with nothing in it but certificates. */
function signedData(certificates: Buffer[]): Buffer {
  const empty = der(Tag.set)
  const data = der(Tag.sequence, derOid('1.2.840.113549.1.7.1'))
  const body = der(Tag.sequence, der(Tag.integer, Buffer.of(1)), empty, data, der(0xa0, ...certificates), empty)
  return der(Tag.sequence, derOid('1.2.840.113549.1.7.2'), der(0xa0, body))
}

/** The outer layers of DER written anew with indefinite lengths, as streaming programs do. */
function indefinite(bytes: Buffer, depth = 0): Buffer {
  const element = readElement(bytes)
  if (!(element.tag & 0x20) || depth > 3) return element.raw
  const inner = children(element).map(({raw}) => indefinite(raw, depth + 1))
  return Buffer.concat([Buffer.of(element.tag, 0x80), ...inner, Buffer.of(0, 0)])
}

function armour(label: string, bytes: Buffer): string {
  return `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`
}

async function opensslPkcs12({leaf, pem}: Set, password: string, options: readonly string[]): Promise<Buffer> {
  await using place = await scratch()
  const file = (name: string) => join(place.dir, name)
  await writeFile(file('leaf'), leaf.certificatePem)
  await writeFile(file('key'), leaf.keyPem)
  await writeFile(file('cas'), pem)
  const input = ['-in', file('leaf'), '-inkey', file('key'), '-certfile', file('cas')]
  const output = ['-passout', `pass:${password}`, '-out', file('p12')]
  spawnSync('openssl', ['pkcs12', '-export', ...input, ...output, ...options])
  return readFile(file('p12')).catch(() => Buffer.alloc(0))
}

test('DER that is no end of small strangers is not tried element by element', async () => {
  const strangers = Buffer.concat([rawOf(sets['ec-256'].leaf), Buffer.alloc(1_000_000, Buffer.from('020100', 'hex'))])
  expect(await subjects(strangers)).toEqual(['mx1.example.mil'])
})
