import {X509Certificate} from 'node:crypto'
import type {SecureContextOptions} from 'node:tls'
import {ALERT, ended, fatal, type InsteadOfTls, type OldTraits, oldTls, onHello, VERSION} from '../hand-made.ts'
import {contextFor} from '../host.ts'
import type {Behaviour, PartnerSite} from '../partner.ts'
import type {Script} from '../script.ts'
import {chainOf} from './chain.ts'
import {type Draft, NO_HANDSHAKE} from './draft.ts'
import {ANYTHING} from './keys.ts'

const ECDHE_ECDSA_AES_128_GCM = 0xc02b
const DHE_RSA_AES_256_GCM = 0x009f

/** With what --full says of them. */
const OLD_CIPHERS: readonly (readonly [name: string, trouble: string, cipher: number, full: string])[] = [
  ['triple-des-only', 'speaks 3DES and nothing better', 0x000a, 'cipher-discouraged'],
  ['rc4-only', 'speaks RC4 and nothing better', 0x0005, 'cipher-forbidden'],
  ['export-only', 'speaks ciphers that were weak enough for export, and nothing better', 0x0003, 'cipher-forbidden'],
]

/** Versions, ciphers, groups, and handshakes that come to grief. */
export const TLS: readonly Draft[] = [
  {
    ...handMade('ssl3-only', 'speaks SSL 3.0 and nothing newer', oldTls({version: VERSION.ssl3})),
    remarks: ['tls-only-obsolete'],
  },
  {
    ...handMade('tls10-only', 'speaks TLS 1.0 and nothing newer', oldTls({version: VERSION.tls10})),
    remarks: ['tls-only-obsolete'],
  },
  {
    ...handMade('tls11-only', 'speaks TLS 1.1 and nothing newer', oldTls({version: VERSION.tls11})),
    remarks: ['tls-only-obsolete'],
  },
  {
    name: 'tls11-by-setting',
    trouble: 'could speak newer versions, and is set to TLS 1.0 and 1.1',
    ...NO_HANDSHAKE,
    remarks: ['tls-only-obsolete'],
    build: withTls({minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ...ANYTHING}),
  },
  {name: 'tls12-only', trouble: 'nothing: TLS 1.2 and nothing newer', build: withTls({maxVersion: 'TLSv1.2'})},
  {name: 'tls13-only', trouble: 'nothing: TLS 1.3 and nothing older', build: withTls({minVersion: 'TLSv1.3'})},
  {
    name: 'aes128',
    trouble: 'nothing: TLS 1.2 with a cipher of 128 bits',
    build: withTls({maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256'}),
  },
  {
    name: 'cbc-cipher',
    trouble: 'TLS 1.2 with a CBC cipher and SHA-1 alone',
    build: withTls({maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA'}),
  },
  {
    name: 'rsa-key-exchange',
    trouble: 'TLS 1.2 without forward secrecy: RSA key exchange alone',
    build: withTls({maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256:AES128-SHA'}, 'rsa-2048'),
  },
  {
    name: 'null-cipher',
    trouble: 'ciphers that do not encrypt, and none else',
    ...NO_HANDSHAKE,
    remarks: ['tls-no-common-cipher'],
    build: withTls({maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0'}),
  },
  {
    name: 'anonymous-cipher',
    trouble: 'ciphers that need no certificate, and none else',
    ...NO_HANDSHAKE,
    remarks: ['tls-no-common-cipher'],
    build: withTls({maxVersion: 'TLSv1.2', ciphers: 'AECDH-AES256-SHA:@SECLEVEL=0'}),
  },
  {
    name: 'no-common-cipher',
    trouble: 'a cipher of 256 bits that is hardly known, and none else',
    ...NO_HANDSHAKE,
    remarks: ['tls-no-common-cipher'],
    build: withTls({maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-CAMELLIA256-SHA384'}),
  },
  {
    name: 'psk-only',
    trouble: 'ciphers for who shares a key with it, and none else',
    ...NO_HANDSHAKE,
    remarks: ['tls-no-common-cipher'],
    build: scripted({sharesKey: true}, {maxVersion: 'TLSv1.2', ciphers: 'PSK-AES128-GCM-SHA256'}),
  },
  ...OLD_CIPHERS.map(([name, trouble, cipher, ...full]): Draft => {
    const build = hostOfOld({cipher})
    return {name, trouble, ...NO_HANDSHAKE, remarks: ['tls-no-common-cipher'], full, build}
  }),
  {
    name: 'tls-compression',
    trouble: 'an old stack that compresses inside TLS',
    ...NO_HANDSHAKE,
    full: ['tls-compression'],
    build: hostOfOld({cipher: ECDHE_ECDSA_AES_128_GCM, compression: true}),
  },
  {
    name: 'renegotiation-insecure',
    trouble: 'an old stack that does not know secure renegotiation',
    ...NO_HANDSHAKE,
    full: ['renegotiation-insecure'],
    build: hostOfOld({cipher: ECDHE_ECDSA_AES_128_GCM, renegotiation: false}),
  },
  {
    name: 'scts-in-handshake',
    trouble: 'sends SCTs in the handshake to who asks, and gets no further',
    ...NO_HANDSHAKE,
    full: [],
    build: hostOfOld({cipher: ECDHE_ECDSA_AES_128_GCM, scts: true}),
  },
  {
    name: 'old-versions-too',
    trouble: 'speaks TLS 1.0 and 1.1 too, which RFC 8996 forbids',
    full: ['tls-version-obsolete'],
    build: withTls({minVersion: 'TLSv1', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0'}),
  },
  {
    name: 'old-ciphers-too',
    trouble: 'takes ciphers without encryption or authentication too, where nothing better is offered',
    full: ['cipher-forbidden'],
    build: withTls({
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:AECDH-AES256-SHA:ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0',
    }),
  },
  {
    name: 'modern',
    trouble: 'nothing: TLS 1.2 and 1.3 with ciphers of today alone, as --full finds them',
    full: [],
    build: withTls({
      ciphers:
        'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384',
    }),
  },
  {
    name: 'dh-1024',
    trouble: 'a Diffie-Hellman field of 1024 bits, and nothing else',
    ...NO_HANDSHAKE,
    remarks: ['group-weak'],
    full: [],
    build: hostOfOld({cipher: DHE_RSA_AES_256_GCM, field: 128}, 'rsa-2048'),
  },
  {
    name: 'curve-192',
    trouble: 'a curve of 192 bits, and nothing else',
    ...NO_HANDSHAKE,
    remarks: ['group-weak'],
    full: [],
    build: withTls(
      {maxVersion: 'TLSv1.2', ecdhCurve: 'prime192v1', ciphers: 'ECDHE-RSA-AES128-SHA:@SECLEVEL=0'},
      'rsa-2048',
    ),
  },
  {
    name: 'weak-groups-too',
    trouble: 'takes a curve of 163 bits too, where nothing better is offered',
    full: ['group-weak'],
    build: withTls({ecdhCurve: 'X25519:sect163k1', ciphers: 'DEFAULT:!RSA:!DHE:@SECLEVEL=0'}),
  },
  {
    name: 'alpn-insists',
    trouble: 'nothing: refuses who offers a protocol by ALPN that it does not know, and mailers offer none',
    full: [],
    build: scripted({alpn: ['imap']}),
  },
  {
    name: 'post-quantum-only',
    trouble: 'nothing: a post-quantum hybrid group alone',
    build: withTls({ecdhCurve: 'X25519MLKEM768'}),
  },
  {
    name: 'hello-retry',
    trouble: 'nothing: a group that has to be asked for a second time (HelloRetryRequest)',
    build: withTls({minVersion: 'TLSv1.3', ecdhCurve: 'secp521r1'}),
  },
  handMade(
    'alert-handshake-failure',
    'answers each handshake with the alert handshake_failure',
    alerts('handshakeFailure'),
  ),
  handMade('alert-internal-error', 'answers each handshake with the alert internal_error', alerts('internalError')),
  handMade('alert-access-denied', 'answers each handshake with the alert access_denied', alerts('accessDenied')),
  handMade(
    'alert-protocol-version',
    'answers each handshake with the alert protocol_version',
    alerts('protocolVersion'),
  ),
  {
    ...handMade('smtp-in-place-of-tls', 'goes on in SMTP where the handshake should be', smtpGoesOn()),
    remarks: ['smtp-in-place-of-tls'],
  },
  handMade('garbage-for-tls', 'answers the handshake with random octets', answers(Buffer.alloc(200, 'xyzzy'))),
  {
    ...handMade('silence-after-220', 'says 220 to STARTTLS, and then nothing', ended),
    remarks: ['handshake-silence'],
  },
  {
    ...handMade(
      'half-a-handshake',
      'stops in the middle of the handshake',
      answersAndStays(Buffer.of(22, 3, 3, 2, 0, 2)),
    ),
    remarks: ['handshake-silence'],
  },
  handMade('close-after-220', 'hangs up after the 220 of STARTTLS', async (socket) => void socket.end()),
  handMade(
    'reset-in-handshake',
    'resets the connection in the middle of the handshake',
    onHello((socket) => socket.resetAndDestroy()),
  ),
  {
    name: 'close-after-handshake',
    trouble: 'hangs up as soon as the handshake is over',
    ...NO_HANDSHAKE,
    build: scripted({leavesAfterHandshake: true}),
  },
  {
    name: 'client-certificate-tls12',
    trouble: 'wants a certificate of the client, and says so in the handshake of TLS 1.2',
    ...NO_HANDSHAKE,
    remarks: ['client-certificate-required'],
    build: scripted({demandsCertificate: true}, {maxVersion: 'TLSv1.2'}),
  },
  {
    name: 'client-certificate-tls13',
    trouble: 'wants a certificate of the client, and says so after the handshake of TLS 1.3',
    ...NO_HANDSHAKE,
    remarks: ['client-certificate-required'],
    build: scripted({demandsCertificate: true}, {minVersion: 'TLSv1.3'}),
  },
  {
    name: 'client-certificate-optional',
    trouble: 'nothing: asks for a certificate of the client and does without',
    remarks: ['client-certificate-requested'],
    build: async (site) => ({...(await plain(site)), session: {requestClientCertificate: true}}),
  },
  {
    name: 'needs-sni',
    trouble: 'nothing: shows the right certificate only to who names the host (SNI)',
    build: async ({pki, mx}) => {
      const right = contextFor(await pki.leaf([mx]))
      const identity = await pki.leaf(['default.needs-sni.example'], {issuer: 'rogue'})
      return {identity, session: {contextFor: (name) => (name === mx ? right : null)}}
    },
  },
  {
    name: 'other-certificate-with-sni',
    trouble: 'shows a wrong certificate to who names the host (SNI), and the right one to nobody else',
    levels: {none: 'clear', preferred: 'tls', encrypt: 'tls', secure: 'refused'},
    findings: ['certificate-host-mismatch'],
    build: async ({pki, mx, domain}) => {
      const wrong = contextFor(await pki.leaf([`www.${domain}`]))
      return {identity: await pki.leaf([mx]), session: {contextFor: () => wrong}}
    },
  },
  {
    name: 'aborts-on-sni',
    trouble: 'aborts the handshake of who names the host (SNI)',
    ...NO_HANDSHAKE,
    remarks: ['sni-refused'],
    build: (site) => hostOfOld({refusesName: site.mx})(site),
  },
  {
    name: 'huge-chain',
    trouble: 'sends sixty certificates that do not belong to the chain',
    remarks: ['chain-unrelated-certificate'],
    build: async ({pki, mx}) => chainOf(await pki.leaf([mx]), ...repeated(pki.certificate('rogue'), 60)),
  },
  {
    name: 'endless-chain',
    trouble: 'sends three hundred certificates, more than any client reads',
    ...NO_HANDSHAKE,
    build: async ({pki, mx}) => chainOf(await pki.leaf([mx]), ...repeated(pki.certificate('rogue'), 300)),
  },
]

async function plain({pki, mx}: PartnerSite): Promise<Behaviour> {
  return {identity: await pki.leaf([mx])}
}

function withTls(tls: SecureContextOptions, key: 'ec-256' | 'rsa-2048' = 'ec-256'): Draft['build'] {
  return async ({pki, mx}) => ({identity: await pki.leaf([mx], {more: {key}}), tls})
}

function scripted(script: Script, tls: SecureContextOptions = {}): Draft['build'] {
  return async (site) => ({...(await plain(site)), script, tls})
}

/** A host that says 220 to STARTTLS, and then this. */
function handMade(name: string, trouble: string, insteadOfTls: InsteadOfTls): Draft {
  return {name, trouble, ...NO_HANDSHAKE, build: async () => ({identity: null, session: {insteadOfTls}})}
}

/** A stack from long ago, with a certificate in order. */
function hostOfOld(traits: Partial<OldTraits>, key: 'ec-256' | 'rsa-2048' = 'ec-256'): Draft['build'] {
  return async ({pki, mx}) => {
    const leaf = new X509Certificate((await pki.leaf([mx], {more: {key}})).chainPem).raw
    const insteadOfTls = oldTls({version: VERSION.tls12, renegotiation: true, leaf, ...traits})
    return {identity: null, session: {insteadOfTls}}
  }
}

function answers(octets: Buffer): InsteadOfTls {
  return onHello((socket) => socket.end(octets))
}

function answersAndStays(octets: Buffer): InsteadOfTls {
  return onHello((socket) => socket.write(octets))
}

function alerts(name: keyof typeof ALERT): InsteadOfTls {
  return answers(fatal(ALERT[name]))
}

function smtpGoesOn(): InsteadOfTls {
  return answers(Buffer.from('500 5.5.1 command not recognized\r\n'))
}

function repeated(certificatePem: string, times: number): {certificatePem: string}[] {
  return Array.from({length: times}, () => ({certificatePem}))
}
