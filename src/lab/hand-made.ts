import type {Socket} from 'node:net'
import {extension, handshakeMessage, uint16, vector} from '../smtp/hello/octets.ts'

/** Numbers of RFC 8446 §6 and §4.2.1 that hosts of the lab speak in. */
export const ALERT = {
  handshakeFailure: 40,
  accessDenied: 49,
  protocolVersion: 70,
  internalError: 80,
  unrecognizedName: 112,
} as const
export const VERSION = {ssl3: 0x0300, tls10: 0x0301, tls11: 0x0302, tls12: 0x0303} as const

/** What a host does on a connection in the place of a handshake; resolves when the connection is over. */
export type InsteadOfTls = (socket: Socket) => Promise<void>

/** Does nothing before the client has begun: octets that came with the 220 would be another trouble, an injection. */
export function onHello(answer: (socket: Socket, hello: Buffer) => void): InsteadOfTls {
  return (socket) => {
    socket.once('data', (hello) => answer(socket, hello))
    return ended(socket)
  }
}

/** Resolves once the other side is gone; what it still sends is thrown away. */
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

/** What a stack of old has, that no library of today would say. */
export interface OldTraits {
  version: number
  /** IANA number; default TLS_RSA_WITH_AES_128_CBC_SHA, which they all had. */
  cipher?: number
  /** Takes DEFLATE where it is offered. */
  compression?: boolean
  /** Knows renegotiation_info (RFC 5746); not before there were extensions. */
  renegotiation?: boolean
  /** Answers ALPN with this, asked or not. */
  alpn?: string
  /** Sends SCTs in the extension of its own (RFC 6962 §3.3). */
  scts?: boolean
  /** Breaks off where a client names this host (SNI). */
  refusesName?: string
  /** The leaf, DER. */
  leaf?: Buffer
  /** Octets of a Diffie-Hellman prime that it made itself, for a cipher that wants one. */
  field?: number
}

/**
 * Answers as far as a ServerHelloDone, from where on no client of today goes along. Who does not offer the cipher gets
 * handshake_failure; a hello of TLS 1.3 is answered like any other, as RFC 8446 §4.1.2 has it for those who never heard
 * of it.
 */
export function oldTls(traits: OldTraits): InsteadOfTls {
  const {cipher = AES_128_CBC_SHA, compression = false} = traits
  return onHello((socket, bytes) => {
    if (traits.refusesName && names(bytes, traits.refusesName)) return void socket.end(fatal(ALERT.unrecognizedName))
    const offered = offeredIn(bytes)
    if (!offered.ciphers.includes(cipher) || offered.version < traits.version) {
      const number = offered.version < traits.version ? ALERT.protocolVersion : ALERT.handshakeFailure
      return void socket.end(fatal(number))
    }
    socket.end(flight({...traits, cipher, compression: compression && offered.deflate}))
  })
}

const AES_128_CBC_SHA = 0x002f

interface Offered {
  version: number
  ciphers: number[]
  deflate: boolean
}

/** The fixed part of a ClientHello in its first record (RFC 5246 §7.4.1.2). */
function offeredIn(record: Buffer): Offered {
  const version = record.readUInt16BE(9)
  const suites = 44 + record.readUInt8(43)
  const length = record.readUInt16BE(suites)
  const ciphers = Array.from({length: length / 2}, (_, i) => record.readUInt16BE(suites + 2 + 2 * i))
  const methods = suites + 2 + length
  return {version, ciphers, deflate: record.subarray(methods + 1, methods + 1 + record[methods]!).includes(1)}
}

function flight({version, cipher = 0, compression, renegotiation, alpn, scts, leaf, field}: OldTraits): Buffer {
  const extensions = [
    ...(renegotiation ? [extension(0xff01, Buffer.of(0))] : []),
    ...(alpn === undefined ? [] : [extension(16, vector(2, vector(1, Buffer.from(alpn))))]),
    ...(scts ? [extension(18, Buffer.of(0, 3, 0, 1, 0))] : []),
  ]
  const tail = extensions.length === 0 ? [] : [vector(2, Buffer.concat(extensions))]
  const hello = Buffer.concat([
    uint16(version),
    Buffer.alloc(32, 7),
    Buffer.of(0),
    uint16(cipher),
    Buffer.of(compression ? 1 : 0),
    ...tail,
  ])
  const messages = Buffer.concat([
    handshakeMessage(2, hello),
    ...(leaf ? [handshakeMessage(11, vector(3, vector(3, leaf)))] : []),
    ...(field === undefined ? [] : [handshakeMessage(12, keyExchange(field))]),
    handshakeMessage(14, Buffer.alloc(0)),
  ])
  return Buffer.concat([Buffer.of(22), uint16(version), vector(2, messages)])
}

/** ServerKeyExchange of a finite field (RFC 5246 §7.4.3); nobody gets as far as its signature. */
function keyExchange(octets: number): Buffer {
  const number = Buffer.alloc(octets, 0xff)
  return Buffer.concat([
    uint16(octets),
    number,
    Buffer.of(0, 1, 2),
    uint16(octets),
    number,
    Buffer.of(4, 1, 0, 4, 1, 1, 1, 1),
  ])
}

/** Whether a ClientHello carries server_name (RFC 6066 §3); it is looked for as octets, since nothing else is to be known. */
function names(hello: Buffer, host: string): boolean {
  return hello.includes(Buffer.from(host, 'latin1'))
}
