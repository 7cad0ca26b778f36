import type {X509Certificate} from 'node:crypto'
import type {Duplex} from 'node:stream'
import {connect, type TLSSocket} from 'node:tls'
import {type Limit, within} from '../mail/limit.ts'
import {peerChain} from '../pki/peer-chain.ts'
import {cipherBits} from './cipher.ts'
import {secureContext, type TlsRequirements} from './secure-context.ts'

export interface UpgradeOptions extends TlsRequirements {
  /** SNI: the MX host name; null sends none (RFC 6066 §3 has no SNI for addresses). */
  serverName: string | null
  limit: Limit
  /** Lines in the format of SSLKEYLOGFILE, for a tap that has to read the handshake. */
  keylog?: ((line: Buffer) => void) | undefined
  /** A session of an earlier handshake to be resumed. Without it every handshake shows its certificate. */
  session?: Buffer | undefined
  /** Told of each session that may be resumed later; with TLS 1.3 they come behind the handshake. */
  onSession?: ((session: Buffer) => void) | undefined
}

/** A finished handshake. Whether its certificate is good enough is not decided here. */
export interface Upgraded {
  stream: TLSSocket
  /** The session was resumed: the chain was not shown, and `chain` is empty. */
  resumed: boolean
  /** `TLSv1.2` or `TLSv1.3`. */
  version: string
  /** IANA name. */
  cipher: string
  bits: number
  group: string | null
  trusted: boolean
  /** Node's name of the X509_V_ERR; null when trusted. */
  error: string | null
  /** OCSP response that was stapled to the leaf, DER (RFC 6066 §8). */
  ocsp: Buffer | null
  /** As OpenSSL holds it: what was presented, with what the trust anchors added. Leaf first. */
  chain: X509Certificate[]
}

/**
 * The TLS handshake, over a stream that carries nothing else any more. Throws what broke it, with a code; the stream is destroyed then.
 */
export async function upgrade(stream: Duplex, options: UpgradeOptions): Promise<Upgraded> {
  const socket = connect({
    socket: stream,
    secureContext: secureContext(options),
    // A verdict is drawn from the evidence afterwards, by RFC 9525. Node's own check takes the CN for a name.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    requestOCSP: true,
    ...(options.serverName === null ? {} : {servername: options.serverName}),
    ...(options.session && {session: options.session}),
  })
  // Errors may come after the one that settled it, and one that nobody hears would end the process.
  socket.on('error', () => {})
  if (options.onSession) socket.on('session', options.onSession)
  if (options.keylog) socket.on('keylog', options.keylog)
  let ocsp: Buffer | null = null
  socket.on('OCSPResponse', (response: Buffer | null) => {
    ocsp = response
  })
  try {
    await within(options.limit, () => handshake(socket))
    return {...describe(socket), ocsp}
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function handshake(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(closed()))
  })
}

function closed(): Error {
  return Object.assign(new Error('the peer closed the connection during the handshake'), {code: 'ECONNRESET'})
}

function describe(socket: TLSSocket): Omit<Upgraded, 'ocsp'> {
  const cipher = socket.getCipher().standardName
  return {
    stream: socket,
    resumed: socket.isSessionReused(),
    version: socket.getProtocol() ?? 'unknown',
    cipher,
    bits: cipherBits(cipher),
    group: groupName(socket),
    trusted: socket.authorized,
    error: socket.authorized ? null : String(socket.authorizationError),
    chain: peerChain(socket.getPeerCertificate(true)),
  }
}

/** The key exchange group. Newer Node reports hybrids as `TLSGroup`; finite-field groups have a size only. */
function groupName(socket: TLSSocket): string | null {
  const info = socket.getEphemeralKeyInfo() as {type?: string; name?: string; size?: number} | null
  if (info?.name) return info.name
  if (info?.type !== 'DH' || !info.size) return null
  // RFC 8446 §4.2.7: TLS 1.3 knows named groups only; in 1.2 the peer may have made its own.
  return socket.getProtocol() === 'TLSv1.3' ? `ffdhe${info.size}` : `dh-${info.size}`
}
