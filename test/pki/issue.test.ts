import {spawnSync} from 'node:child_process'
import {generateKeyPairSync, type KeyObject} from 'node:crypto'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {type IssuedKey, issueCertificate, requestCertificate} from '../../src/pki/issue.ts'
import {authorities, expired, future, issuerOf, MX, pemOf} from '../support/authorities.ts'
import {scratch} from '../support/cli.ts'
import {handshake} from '../support/handshake.ts'

const openssl = spawnSync('openssl', ['version']).status === 0

describe('an issued certificate', () => {
  const kinds: [IssuedKey, IssuedKey][] = [
    ['ec-256', 'ec-256'],
    ['rsa-2048', 'rsa-2048'],
    ['ec-256', 'rsa-2048'],
    ['rsa-2048', 'ec-256'],
  ]

  test.each(kinds)('of an %s CA with an %s key is trusted in a real handshake', async (caKey, leafKey) => {
    const {root, intermediate, leaf} = await authorities('Example', {key: caKey})
    const server = await leaf({key: leafKey})
    const chain = pemOf(server, intermediate)
    expect(await handshake({chain, key: server.keyPem}, [pemOf(root)])).toEqual({authorized: true, error: null})
  })

  test('that signed itself is trusted where it is the anchor, and nowhere else', async () => {
    const own = await issueCertificate({subject: MX, dnsNames: [MX]})
    const server = {chain: pemOf(own), key: own.keyPem}
    expect((await handshake(server, [pemOf(own)])).authorized).toBe(true)
    expect((await handshake(server, [])).error).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
  })

  test.each([
    ['expired', expired, 'CERT_HAS_EXPIRED'],
    ['not valid yet', future, 'CERT_NOT_YET_VALID'],
  ] as const)('that is %s is refused for just that', async (_, dates, error) => {
    const {root, intermediate, leaf} = await authorities()
    const server = await leaf(dates)
    const result = await handshake({chain: pemOf(server, intermediate), key: server.keyPem}, [pemOf(root)])
    expect(result).toEqual({authorized: false, error})
  })

  test('keeps a key that it is given, and dates beyond 2049', async () => {
    const first = await issueCertificate({subject: MX, dnsNames: [MX]})
    const again = await issueCertificate({
      ...{subject: MX, dnsNames: [MX], keyPem: first.keyPem, notAfter: new Date('2060-01-01T00:00:00Z')},
    })
    expect(again.keyPem).toBe(first.keyPem)
    const server = {chain: pemOf(again), key: first.keyPem}
    expect((await handshake(server, [pemOf(again)])).authorized).toBe(true)
  })

  test.skipIf(!openssl)('passes the strict checks of the openssl program', async () => {
    await using place = await scratch()
    const {root, intermediate, leaf} = await authorities()
    const file = (name: string) => join(place.dir, name)
    await writeFile(file('root'), pemOf(root))
    await writeFile(file('intermediate'), pemOf(intermediate))
    await writeFile(file('leaf'), pemOf(await leaf({ipAddresses: ['127.0.0.1']})))
    const trust = ['-CAfile', file('root'), '-untrusted', file('intermediate')]
    const names = ['-verify_hostname', MX, '-verify_ip', '127.0.0.1', '-purpose', 'sslserver']
    const {stdout, stderr} = spawnSync('openssl', ['verify', '-x509_strict', ...trust, ...names, file('leaf')], {
      encoding: 'utf8',
    })
    expect(stdout + stderr).toContain('leaf: OK')
  })
})

describe('a certification request', () => {
  test.skipIf(!openssl)('is signed with its key and asks for its names, as openssl reads it', async () => {
    const {keyPem} = await issueCertificate({subject: 'any', key: 'rsa-2048'})
    const pem = await requestCertificate({subject: MX, dnsNames: [MX, '*.example.mil']}, keyPem)
    const args = ['req', '-noout', '-verify', '-text']
    const {stdout, stderr, status} = spawnSync('openssl', args, {input: pem, encoding: 'utf8'})
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('verify OK')])
    expect(stdout).toContain('DNS:mx1.example.mil, DNS:*.example.mil')
  })

  const curve = (namedCurve: string) => generateKeyPairSync('ec', {namedCurve}).privateKey
  const ask = (key: KeyObject) =>
    requestCertificate({subject: MX, dnsNames: [MX]}, key.export({format: 'pem', type: 'pkcs8'}).toString())

  test.skipIf(!openssl).each([
    ['P-384', curve('secp384r1')],
    ['P-521', curve('secp521r1')],
    ['Ed25519', generateKeyPairSync('ed25519').privateKey],
  ])('can be made with an imported %s key', async (_, key) => {
    const {stdout, stderr} = spawnSync('openssl', ['req', '-noout', '-verify'], {
      input: await ask(key),
      encoding: 'utf8',
    })
    expect(stdout + stderr).toContain('verify OK')
  })

  test.each([
    ['brainpoolP256r1', curve('brainpoolP256r1')],
    ['rsa-pss', generateKeyPairSync('rsa-pss', {modulusLength: 1024}).privateKey],
    ['ed448', generateKeyPairSync('ed448').privateKey],
  ])('with a key of kind %s is left to another program', async (kind, key) => {
    await expect(ask(key)).rejects.toMatchObject({
      code: 'key-unsupported',
      message: `cannot sign with a key of kind ${kind}`,
    })
  })

  test('becomes a certificate for the same key', async () => {
    const {root} = await authorities()
    const {keyPem} = await issueCertificate({subject: 'any'})
    const issued = await issueCertificate({subject: MX, dnsNames: [MX], keyPem, issuer: issuerOf(root)})
    expect((await handshake({chain: pemOf(issued), key: keyPem}, [pemOf(root)])).authorized).toBe(true)
  })
})
