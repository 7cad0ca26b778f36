import {extension, handshakeMessage, uint16, vector} from './octets.ts'

/** Versions that a ClientHello made by hand can ask for, the newest first. */
export const VERSIONS = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3'] as const
export type HelloVersion = (typeof VERSIONS)[number]

const NUMBERS: Record<HelloVersion, number> = {
  'TLSv1.3': 0x0304,
  'TLSv1.2': 0x0303,
  'TLSv1.1': 0x0302,
  TLSv1: 0x0301,
  SSLv3: 0x0300,
}

/** Of TLS 1.3, the hybrids first (RFC 8446 §4.2.7, draft-ietf-tls-ecdhe-mlkem). */
export const GROUPS_13: readonly number[] = [4588, 4587, 4589, 29, 23, 24, 25, 30, 256, 257, 258, 259, 260]
/** Before TLS 1.3 (RFC 8422 §5.1.1, RFC 7027, RFC 7919), those last that are too small today. */
export const GROUPS_12: readonly number[] = [
  29, 23, 24, 25, 30, 26, 27, 28, 22, 256, 257, 258, 259, 260, 21, 20, 19, 18, 16, 17, 15, 5, 4, 3, 2, 1,
]
/** Curves below 224 bits (RFC 9325 §4.5): sect163, sect193, secp160, secp192. */
export const GROUPS_WEAK: readonly number[] = GROUPS_12.filter((group) => group <= 5 || (group >= 15 && group <= 19))

export interface HelloOffer {
  /** The newest version that is offered; up to TLS 1.2 the peer may answer with an older one. */
  version: HelloVersion
  ciphers: readonly number[]
  groups: readonly number[]
  /** SNI; null sends none. */
  serverName: string | null
  /** Offer DEFLATE (RFC 3749) too. */
  compression?: boolean
  /** Offer this protocol by ALPN (RFC 7301). */
  alpn?: string
}

/**
 * A ClientHello in its record (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2, RFC 6101 §5.6.1.2). There is no key behind it: the
 * handshake ends with the peer's answer, and TLS 1.3 is asked with no key share, so that the peer names a group of its
 * choice in a HelloRetryRequest (RFC 8446 §4.2.8). `random` has 32 octets.
 */
export function clientHello(offer: HelloOffer, random: Buffer): Buffer {
  const {version, ciphers, compression = false} = offer
  const is13 = version === 'TLSv1.3'
  const legacy = is13 ? NUMBERS['TLSv1.2'] : NUMBERS[version]
  // RFC 5746 §3.3: the signalling value stands for renegotiation_info, and SSL 3.0 knows no extensions.
  const suites = is13 ? ciphers : [...ciphers, RENEGOTIATION_SCSV]
  const body = Buffer.concat([
    uint16(legacy),
    random,
    // RFC 8446 §D.4: what stands in between may want to see a session.
    vector(1, is13 ? random : Buffer.alloc(0)),
    vector(2, Buffer.concat(suites.map(uint16))),
    vector(1, Buffer.from(compression ? [1, 0] : [0])),
    version === 'SSLv3' ? Buffer.alloc(0) : vector(2, Buffer.concat(extensions(offer))),
  ])
  const record = version === 'SSLv3' ? NUMBERS.SSLv3 : NUMBERS.TLSv1
  return Buffer.concat([Buffer.of(22), uint16(record), vector(2, handshakeMessage(1, body))])
}

const RENEGOTIATION_SCSV = 0x00ff

function extensions({version, groups, serverName, alpn}: HelloOffer): Buffer[] {
  const is13 = version === 'TLSv1.3'
  return [
    ...(serverName === null ? [] : [extension(0, vector(2, Buffer.concat([Buffer.of(0), name(serverName)])))]),
    extension(10, vector(2, Buffer.concat(groups.map(uint16)))),
    ...(is13 ? [] : [extension(11, Buffer.of(1, 0))]),
    ...(is13 || version === 'TLSv1.2' ? [extension(13, vector(2, Buffer.concat(SIGNATURES.map(uint16))))] : []),
    ...(alpn === undefined ? [] : [extension(16, vector(2, vector(1, Buffer.from(alpn, 'latin1'))))]),
    // RFC 6962 §3.3.1: SCTs come only to who asks. TLS 1.3 would seal them.
    ...(version === 'TLSv1.2' ? [extension(18, Buffer.alloc(0))] : []),
    ...(is13 ? [extension(43, vector(1, uint16(NUMBERS['TLSv1.3']))), extension(51, vector(2, Buffer.alloc(0)))] : []),
  ]
}

/** RFC 8446 §4.2.3, with SHA-1 last: a certificate of any kind may be shown. */
const SIGNATURES = [
  0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601,
  0x0905, 0x0203, 0x0201, 0x0202,
]

const name = (serverName: string): Buffer => vector(2, Buffer.from(serverName, 'latin1'))
