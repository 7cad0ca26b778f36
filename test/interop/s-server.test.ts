import {type ChildProcess, execFile, spawn, spawnSync} from 'node:child_process'
import {X509Certificate} from 'node:crypto'
import {once} from 'node:events'
import {writeFile} from 'node:fs/promises'
import {connect, type Socket} from 'node:net'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {IssuedCertificate} from '../../src/pki/issue.ts'
import type {AddressResult} from '../../src/report/probe-schema.ts'
import {authorities, MX, pemOf} from '../support/authorities.ts'
import {scratch} from '../support/cli.ts'
import {freePort} from '../support/machine.ts'
import {ocspResponse} from '../support/ocsp.ts'
import type {PeerScript} from '../support/peer.ts'
import {probeBench} from '../support/probe.ts'

/**
 * The probe before OpenSSL's own server, and OpenSSL's own client before the same: what both say of a handshake has to be
 * the same. s_server knows no STARTTLS, so that a peer speaks SMTP before it and hands the octets on from the 220.
 */
const lacksOpenssl = spawnSync('openssl', ['version']).status !== 0
const ZONE = `example.mil 60 MX 10 ${MX}\n${MX} 60 A 127.0.0.2`

let home: Awaited<ReturnType<typeof scratch>>
let pki: Awaited<ReturnType<typeof authorities>>
let file: Record<'ca' | 'ec' | 'ecKey' | 'rsa' | 'rsaKey' | 'upper' | 'staple', string>

beforeAll(async () => {
  if (lacksOpenssl) return
  home = await scratch()
  pki = await authorities('Example')
  const [ec, rsa] = [await pki.leaf(), await pki.leaf({key: 'rsa-2048'})]
  const save = async (name: string, content: string | Buffer) => {
    await writeFile(join(home.dir, name), content)
    return join(home.dir, name)
  }
  file = {
    ca: await save('ca.pem', pki.root.certificatePem),
    ec: await save('ec.pem', ec.certificatePem),
    ecKey: await save('ec.key', ec.keyPem),
    rsa: await save('rsa.pem', rsa.certificatePem),
    rsaKey: await save('rsa.key', rsa.keyPem),
    // The root first: the wrong order, which s_server sends as it stands.
    upper: await save('upper.pem', pemOf(pki.root, pki.intermediate as IssuedCertificate)),
    staple: await save('staple.der', ocspResponse({leaf: ec, issuer: pki.intermediate, state: 'good'})),
  }
})

afterAll(() => home?.[Symbol.asyncDispose]())

interface Server extends AsyncDisposable {
  port: number
}

/** It answers inside TLS as a mail host does, as far as a probe asks. */
async function openssl(args: string[]): Promise<Server> {
  const port = await freePort()
  const server = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', ...args], {stdio: 'pipe'})
  server.stdout.on('data', (octets: Buffer) => {
    for (const line of octets.toString('latin1').split('\r\n')) {
      if (/^EHLO/.test(line)) server.stdin.write('250 openssl\r\n')
      if (/^QUIT/.test(line)) server.stdin.write('221 bye\r\n')
    }
  })
  server.stdin.on('error', () => {})
  await listening(port, server)
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGKILL')
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
    },
  }
}

async function listening(port: number, server: ChildProcess): Promise<void> {
  await expect
    .poll(
      async () => {
        if (server.exitCode !== null) throw new Error('s_server has ended')
        const socket = connect(port, '127.0.0.1')
        const [error] = await Promise.race([once(socket, 'connect'), once(socket, 'error')]).catch((cause) => [cause])
        socket.destroy()
        return error === undefined
      },
      {timeout: 20_000},
    )
    .toBe(true)
}

/** Speaks SMTP up to the 220 of STARTTLS, and hands on what comes then. */
function inFrontOf(port: number): PeerScript {
  return {
    extensions: ['STARTTLS'],
    replies: {
      STARTTLS: ({send, stream}) => {
        stream.removeAllListeners('data')
        const behind: Socket = connect(port, '127.0.0.1')
        behind.on('error', () => stream.destroy()).on('close', () => stream.destroy())
        stream.on('close', () => behind.destroy())
        send('220 go ahead\r\n')
        stream.pipe(behind).pipe(stream)
      },
      NOOP: null,
    },
  }
}

async function probed(port: number, full = false): Promise<AddressResult> {
  await using bench = await probeBench(ZONE, [inFrontOf(port)])
  const result = await bench.probe('example.mil', {profile: 'secure', ca: [file.ca], pause: 0, full})
  return result.hosts[0]!.addresses[0]!
}

/** What OpenSSL's client prints of the same host. */
async function printed(port: number, args: string[] = []): Promise<string> {
  const all = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', MX, '-showcerts', '-status', ...args]
  return await new Promise((resolve) => {
    const client = execFile('openssl', all, {timeout: 20_000}, (_error, out, err) => resolve(out + err))
    client.stdin!.end()
  })
}

const bare = (fingerprint: string): string => fingerprint.replaceAll(':', '').toLowerCase()
const found = (text: string, pattern: RegExp): string | null => pattern.exec(text)?.[1]?.trim() ?? null

/** In the words of s_client, as far as both know them. */
function inItsWords({tls, chain}: AddressResult) {
  const {version, cipher, group, signatureAlgorithm, ocsp, clientCertificate} = tls!
  return {
    ...{version, cipher, group},
    signature: SIGNATURES[signatureAlgorithm ?? ''] ?? signatureAlgorithm,
    chain: chain!.presented.map(({sha256}) => bare(sha256)),
    ocsp: ocsp?.status ?? null,
    authorities: clientCertificate?.authorities.length ?? null,
  }
}

const SIGNATURES: Record<string, string> = {
  ecdsa_secp256r1_sha256: 'ECDSA SHA256',
  ecdsa_secp384r1_sha384: 'ECDSA SHA384',
  rsa_pss_rsae_sha256: 'RSA-PSS SHA256',
  rsa_pss_rsae_sha384: 'RSA-PSS SHA384',
  rsa_pkcs1_sha256: 'RSA SHA256',
}

/** s_client of OpenSSL 3.0 names curves as SECG does. */
const GROUPS: Record<string, string> = {'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1'}
/** Ciphers of TLS 1.2 under the names that IANA gave them. */
const CIPHERS: Record<string, string> = {
  'ECDHE-ECDSA-AES128-GCM-SHA256': 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384': 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'AES256-GCM-SHA384': 'TLS_RSA_WITH_AES_256_GCM_SHA384',
}

function ofClient(text: string) {
  const cipher = found(text, /Cipher is (\S+)/) ?? ''
  const key = found(text, /(?:Server|Peer) Temp Key: (?:ECDH, )?([^,\n]+)/)
  const digest = found(text, /Peer signing digest: (\S+)/)
  const names = /Acceptable client certificate CA names\n((?:.*(?: = |=).*\n)+)/.exec(text)?.[1]
  return {
    version: found(text, /New, (\S+?),/),
    cipher: CIPHERS[cipher] ?? cipher,
    group: key === null ? null : (GROUPS[key] ?? key),
    signature: digest && `${found(text, /Peer signature type: (\S+)/)} ${digest}`,
    // A responder's certificate stands before it.
    chain: (
      text
        .slice(text.indexOf('Certificate chain'))
        .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
    ).map((pem) => bare(new X509Certificate(pem).fingerprint256)),
    ocsp: found(text, /Cert Status: (\S+)/),
    authorities: names?.trim().split('\n').length ?? null,
  }
}

describe.skipIf(lacksOpenssl)("the probe and OpenSSL's client say the same of OpenSSL's server", () => {
  const ec = () => ['-cert', file.ec, '-key', file.ecKey]
  const rsa = () => ['-cert', file.rsa, '-key', file.rsaKey]
  const servers: [string, () => string[]][] = [
    ['TLS 1.3 with X25519', () => [...ec(), '-tls1_3', '-groups', 'X25519']],
    ['TLS 1.3 with a group that has to be asked for', () => [...rsa(), '-tls1_3', '-groups', 'P-521']],
    ['TLS 1.2 and ECDSA', () => [...ec(), '-tls1_2', '-groups', 'P-256', '-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256']],
    ['TLS 1.2 and RSA', () => [...rsa(), '-tls1_2', '-groups', 'P-384', '-cipher', 'ECDHE-RSA-AES256-GCM-SHA384']],
    ['RSA key transport', () => [...rsa(), '-tls1_2', '-cipher', 'AES256-GCM-SHA384']],
    ['a chain in the wrong order', () => [...ec(), '-groups', 'X25519', '-cert_chain', file.upper]],
    [
      'a stapled OCSP response, TLS 1.3',
      () => [...ec(), '-groups', 'X25519', '-cert_chain', file.upper, '-status_file', file.staple],
    ],
    [
      'a stapled OCSP response, TLS 1.2',
      () => [
        ...ec(),
        '-tls1_2',
        '-groups',
        'X25519',
        '-cert_chain',
        file.upper,
        '-status_file',
        file.staple,
        '-cipher',
        'ECDHE-ECDSA-AES128-GCM-SHA256',
      ],
    ],
    [
      'a certificate that is asked for',
      () => [...ec(), '-groups', 'X25519', '-verify', '3', '-CAfile', file.ca, '-verify_quiet'],
    ],
  ]

  test.each(servers)('%s', async (_, args) => {
    await using server = await openssl(args())
    const probe = await probed(server.port)
    expect(inItsWords(probe)).toEqual(ofClient(await printed(server.port)))
  })

  test('the protocol of ALPN that is chosen, by the closer look', async () => {
    await using server = await openssl([...ec(), '-tls1_2', '-alpn', 'smtp'])
    const {enumeration} = await probed(server.port, true)
    expect(enumeration?.alpn).toEqual({answer: 'chosen', protocol: 'smtp'})
    expect(found(await printed(server.port, ['-alpn', 'smtp']), /ALPN protocol: (\S+)/)).toBe('smtp')
  })

  test('an OCSP response of the lab', async () => {
    const {ocspResponse: ofLab} = await import('../../src/lab/ocsp-response.ts')
    const leaf = await pki.leaf()
    const der = join(home.dir, 'lab.der')
    for (const state of ['good', 'revoked'] as const) {
      await writeFile(der, ofLab({certificatePem: leaf.certificatePem, issuer: pki.intermediate, state}))
      await writeFile(join(home.dir, 'leaf.pem'), leaf.certificatePem)
      await writeFile(join(home.dir, 'issuer.pem'), pki.intermediate.certificatePem)
      const names = ['-issuer', join(home.dir, 'issuer.pem'), '-cert', join(home.dir, 'leaf.pem')]
      const trust = ['-CAfile', file.ca, '-verify_other', join(home.dir, 'issuer.pem')]
      const ran = spawnSync('openssl', ['ocsp', '-respin', der, ...names, ...trust, '-partial_chain'], {
        encoding: 'utf8',
      })
      expect(ran.stdout + ran.stderr).toContain('Response verify OK')
      expect(ran.stdout + ran.stderr).toContain(`leaf.pem: ${state}`)
    }
  })
})
