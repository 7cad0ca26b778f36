import {createSocket} from 'node:dgram'
import {connect, isIPv6} from 'node:net'
import {type Limit, within} from '../mail/limit.ts'
import {decodeResponse, encodeQuery, LONGEST_DATAGRAM, type Question, type Response} from './packet.ts'
import type {DnsServer} from './servers.ts'

export interface ExchangeOptions {
  edns: boolean
  /** Asks for the answer even where DNSSEC validation fails (CD). */
  unchecked: boolean
  /** For one transport; TCP after a truncated answer gets as much again. */
  limit: Limit
}

/**
 * One question to one server: UDP, then TCP when the answer was truncated (RFC 7766 §5). dns2 makes and reads the
 * packets; its clients are not used, because they match neither question nor, over TCP, id, and have no time limit there.
 */
export async function exchange(server: DnsServer, question: Question, options: ExchangeOptions): Promise<Response> {
  const response = await within(options.limit, (signal) => overUdp(server, question, options, signal))
  if (!response.truncated) return response
  return within(options.limit, (signal) => overTcp(server, question, options, signal))
}

async function overUdp(
  server: DnsServer,
  question: Question,
  options: ExchangeOptions,
  signal: AbortSignal,
): Promise<Response> {
  const {id, octets} = await encodeQuery(question, options)
  signal.throwIfAborted()
  // A socket for each query: the system gives it a random port (RFC 5452 §4.5), and being connected it hears no one else.
  const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4')
  try {
    return await new Promise((resolve, reject) => {
      signal.onabort = () => reject(signal.reason)
      socket.on('error', reject)
      socket.on('message', (message) => {
        if (message.length > LONGEST_DATAGRAM) return
        decodeResponse(message, id, question).then((response) => response && resolve(response), reject)
      })
      socket.connect(server.port, server.address, () => socket.send(octets))
    })
  } finally {
    socket.removeAllListeners('message')
    socket.on('error', () => {})
    socket.close()
  }
}

async function overTcp(
  server: DnsServer,
  question: Question,
  options: ExchangeOptions,
  signal: AbortSignal,
): Promise<Response> {
  const {id, octets} = await encodeQuery(question, options)
  signal.throwIfAborted()
  const socket = connect({host: server.address, port: server.port, autoSelectFamily: false})
  try {
    const message = await new Promise<Buffer>((resolve, reject) => {
      signal.onabort = () => reject(signal.reason)
      const frame = new Frame(resolve)
      socket.on('connect', () => socket.write(Buffer.concat([lengthOf(octets), octets])))
      socket.on('data', (chunk) => frame.push(chunk))
      socket.on('error', reject)
      socket.on('close', () => reject(new Error('the DNS server closed the connection before its answer')))
    })
    const response = await decodeResponse(message, id, question)
    if (!response || response.truncated) throw new Error('the DNS server sent something else than the answer')
    return response
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}

function lengthOf(octets: Buffer): Buffer {
  const prefix = Buffer.alloc(2)
  prefix.writeUInt16BE(octets.length)
  return prefix
}

/** One message behind its two-octet length (RFC 1035 §4.2.2); what follows is ignored. */
class Frame {
  #received: Buffer = Buffer.alloc(0)
  readonly #complete: (message: Buffer) => void

  constructor(complete: (message: Buffer) => void) {
    this.#complete = complete
  }

  push(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    if (this.#received.length < 2) return
    const end = 2 + this.#received.readUInt16BE(0)
    if (this.#received.length >= end) this.#complete(this.#received.subarray(2, end))
  }
}
