import type {Socket} from 'node:net'

/** Numbers of RFC 8446 §6 and §4.2.1 that hosts of the lab speak in. */
export const ALERT = {
  handshakeFailure: 40,
  accessDenied: 49,
  protocolVersion: 70,
  internalError: 80,
  unrecognizedName: 112,
} as const
export const VERSION = {ssl3: 0x0300, tls10: 0x0301, tls11: 0x0302} as const

/** What a host does on a connection in the place of a handshake; resolves when the connection is over. */
export type InsteadOfTls = (socket: Socket) => Promise<void>

/** Does nothing before the client has begun: octets that came with the 220 would be another trouble, an injection. */
export function onHello(answer: (socket: Socket, hello: Buffer) => void): InsteadOfTls {
  return (socket) => {
    socket.once('data', (hello) => answer(socket, hello))
    return ended(socket)
  }
}

export async function ended(socket: Socket): Promise<void> {
  await new Promise((resolve) => {
    socket.once('close', resolve)
    socket.once('end', resolve)
    socket.resume()
  })
}

/** A fatal alert in a record of its own. */
export function fatal(description: number): Buffer {
  return Buffer.of(21, 3, 3, 0, 2, 2, description)
}

/** A ServerHello as stacks had it before there were extensions, from which on no client of today goes along. */
export function oldServerHello(version: number): Buffer {
  // TLS_RSA_WITH_AES_128_CBC_SHA, which they all had.
  const body = Buffer.concat([two(version), Buffer.alloc(32, 7), Buffer.of(0, 0x00, 0x2f, 0)])
  const message = Buffer.concat([Buffer.of(2, 0), two(body.length), body])
  return Buffer.concat([Buffer.of(22), two(version), two(message.length), message])
}

/** Whether a ClientHello carries server_name (RFC 6066 §3); it is looked for as octets, since nothing else is to be known. */
export function names(hello: Buffer, host: string): boolean {
  return hello.includes(Buffer.from(host, 'latin1'))
}

function two(number: number): Buffer {
  return Buffer.of(number >> 8, number & 0xff)
}
