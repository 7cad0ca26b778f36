import type {Socket} from 'node:net'
import {type SecureContext, TLSSocket} from 'node:tls'
import {cipherBits} from './cipher.ts'
import type {ReceivedTls, ReceiverOptions} from './receiver.ts'
import {sessionGroup} from './tls-session.ts'

/** The server side of a handshake that has begun. */
export interface Handshake {
  tls: TLSSocket
  /** null once it is made; else why it failed, stalled or was given up, and everything is closed. */
  failure: Promise<string | null>
}

/** Starts the handshake. The caller reads from `tls` at once, or a client that leaves half-way would go unnoticed. */
export function acceptTls(socket: Socket, secureContext: SecureContext, options: ReceiverOptions): Handshake {
  const {contextFor} = options
  const tls = new TLSSocket(socket, {
    isServer: true,
    secureContext,
    requestCert: options.requestClientCertificate,
    // The client's certificate is judged by the house, with a reply; a broken handshake would tell the client nothing.
    rejectUnauthorized: false,
    ...(contextFor ? {SNICallback: (name, done) => done(null, contextFor(name) ?? undefined)} : {}),
  })
  const failure = handshakeEnd(tls, options.timeouts.handshake).then((reason) => {
    // TLS 1.3 has no renegotiation; with TLS 1.2 a client could make us compute without end.
    if (reason === null) tls.disableRenegotiation()
    else {
      tls.destroy()
      socket.destroy()
    }
    return reason
  })
  return {tls, failure}
}

function handshakeEnd(tls: TLSSocket, timeout: number): Promise<string | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeout, 'TLS handshake: it took too long')
    const end = (reason: string | null) => {
      clearTimeout(timer)
      resolve(reason)
    }
    const left = () => end('TLS handshake: the client closed the connection')
    tls.once('secure', () => end(null))
    tls.once('error', (error: NodeJS.ErrnoException) => end(`TLS handshake: ${error.code ?? error.message}`))
    tls.once('end', left)
    tls.once('close', left)
  })
}

/** Of a handshake that is made. */
export function tlsFacts(tls: TLSSocket): ReceivedTls {
  const cipher = tls.getCipher()
  return {
    version: tls.getProtocol() ?? '',
    cipher: cipher.standardName,
    bits: cipherBits(cipher.standardName),
    group: sessionGroup(tls.getSession()),
    serverName: serverName(tls),
    client: clientCertificate(tls),
  }
}

/** `tls-exporter` (RFC 9266): 32 octets that only the two ends of this session know. null: TLS 1.2 may not have such. */
export function channelBinding(tls: TLSSocket): Buffer | null {
  return tls.getProtocol() === 'TLSv1.3'
    ? tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    : null
}

function serverName(tls: TLSSocket): string | null {
  const {servername} = tls as TLSSocket & {servername?: unknown}
  return typeof servername === 'string' && servername !== '' ? servername : null
}

function clientCertificate(tls: TLSSocket): ReceivedTls['client'] {
  const certificate = tls.getPeerCertificate(true)
  if (!certificate || Object.keys(certificate).length === 0) return null
  // `authorized` is filled in by tls.Server alone; this is what it asks for the purpose.
  const {ssl} = tls as TLSSocket & {ssl: {verifyError(): NodeJS.ErrnoException | null | undefined}}
  const error = ssl.verifyError()
  return {authorized: !error, error: error ? (error.code ?? error.message) : null, certificate}
}
