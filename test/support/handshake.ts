import {once} from 'node:events'
import type {AddressInfo} from 'node:net'
import {connect, createServer} from 'node:tls'

export interface Handshake {
  authorized: boolean
  /** Node's name of what OpenSSL found wrong last. */
  error: string | null
}

/** A real TLS handshake on loopback: the server shows `chain`, the client trusts `ca` and no other. */
export async function handshake(server: {chain: string; key: string}, ca: string[]): Promise<Handshake> {
  const listener = createServer({cert: server.chain, key: server.key}, (socket) => socket.on('error', () => {}))
  listener.on('tlsClientError', () => {})
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const {port} = listener.address() as AddressInfo
  const client = connect({
    ...{host: '127.0.0.1', port, ca, servername: 'mx1.example.mil'},
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  })
  try {
    await once(client, 'secureConnect')
    // Typed as an Error, it is the code's text.
    return {authorized: client.authorized, error: (client.authorizationError as unknown as string | null) ?? null}
  } finally {
    client.destroy()
    listener.close()
  }
}
