import type {Socket} from 'node:net'
import {type SecureContext, TLSSocket} from 'node:tls'
import {cipherBits} from './cipher-strength.ts'
import type {ReceivedTls, ReceiverOptions} from './receiver.ts'
import {sessionGroup} from './tls-session.ts'

/** The server side of a handshake. Resolves with the reason when it fails, stalls or the client goes away. */
export async function acceptTls(
  socket: Socket,
  secureContext: SecureContext,
  options: ReceiverOptions,
): Promise<TLSSocket | {failed: string}> {
  const {contextFor} = options
  const tls = new TLSSocket(socket, {
    isServer: true,
    secureContext,
    requestCert: options.requestClientCertificate,
    // The client's certificate is judged by the house, with a reply; a broken handshake would tell the client nothing.
    rejectUnauthorized: false,
    ...(contextFor ? {SNICallback: (name, done) => done(null, contextFor(name) ?? undefined)} : {}),
  })
  const failed = await handshakeEnd(tls, options.timeouts.handshake)
  if (failed !== null) {
    tls.destroy()
    socket.destroy()
    return {failed}
  }
  // RFC 8446 has no renegotiation; with TLS 1.2 a client could make us compute without end.
  tls.disableRenegotiation()
  return tls
}

/** null once the handshake is made, else why it was not. */
function handshakeEnd(tls: TLSSocket, timeout: number): Promise<string | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeout, 'the TLS handshake took too long')
    const end = (reason: string | null) => {
      clearTimeout(timer)
      resolve(reason)
    }
    tls.once('secure', () => end(null))
    tls.once('error', (error: NodeJS.ErrnoException) => end(`TLS handshake: ${error.code ?? error.message}`))
    tls.once('close', () => end('the client closed the connection during the TLS handshake'))
  })
}

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
