import type {Socket} from 'node:net'
import {Duplex} from 'node:stream'
import type {HandshakeFacts} from './tap-facts.ts'
import {readHandshake} from './tap-reader.ts'

/**
 * Node does not hand over the chain as it was presented, in order. The tap lies between the socket and TLS, passes
 * every octet on as it is, and keeps what both sides said until the handshake can be read from it. Only the probe taps;
 * the relay's hot path uses the socket as it is.
 */

/** Octets kept of the peer: OpenSSL's client refuses certificate messages over 100 KiB, and the rest is small. */
const MOST_FROM_PEER = 192 * 1024
const MOST_TO_PEER = 64 * 1024
/** Secrets of one connection of TLS 1.3: five, or six with an exporter. */
const MOST_SECRETS = 8

export class HandshakeTap {
  readonly stream: Duplex
  readonly #fromPeer = new Recording(MOST_FROM_PEER)
  readonly #toPeer = new Recording(MOST_TO_PEER)
  readonly #secrets = new Map<string, Buffer>()

  /** The socket belongs to the tap from here on: whatever was read of it before is not in its record. */
  constructor(socket: Socket) {
    this.stream = new TappedStream(socket, {
      fromPeer: (chunk) => {
        // What comes before our ClientHello is SMTP in clear text.
        if (this.#toPeer.length > 0) this.#fromPeer.add(chunk)
      },
      toPeer: (chunk) => {
        if (this.#toPeer.length > 0 || chunk[0] === HANDSHAKE_RECORD) this.#toPeer.add(chunk)
      },
    })
  }

  /** Takes one line of the `keylog` event of this connection's TLSSocket: `LABEL <client random> <secret>`. */
  keylog(line: Buffer): void {
    const [, label, secret] = /^([A-Z0-9_]+) [0-9a-f]+ ([0-9a-f]+)\s*$/i.exec(line.toString('latin1')) ?? []
    if (label && secret && this.#secrets.size < MOST_SECRETS) this.#secrets.set(label, Buffer.from(secret, 'hex'))
  }

  /** What the handshake has said until now. */
  facts(): HandshakeFacts {
    const facts = readHandshake({
      fromPeer: this.#fromPeer.bytes(),
      toPeer: this.#toPeer.bytes(),
      secrets: this.#secrets,
    })
    const cut = this.#fromPeer.full && facts.certificates === null
    return cut ? {...facts, gap: 'the peer sent more than a handshake needs'} : facts
  }

  /** The chain as presented, DER, in order; null when it could not be read. */
  presented(): Buffer[] | null {
    return this.facts().certificates
  }
}

const HANDSHAKE_RECORD = 0x16

/** The first octets of a direction, up to a bound; one buffer, so that small pieces cost no more than large ones. */
class Recording {
  readonly #most: number
  #buffer = Buffer.alloc(0)
  length = 0

  constructor(most: number) {
    this.#most = most
  }

  get full(): boolean {
    return this.length >= this.#most
  }

  add(chunk: Buffer): void {
    const end = Math.min(this.length + chunk.length, this.#most)
    if (end > this.#buffer.length) this.#grow(end)
    chunk.copy(this.#buffer, this.length, 0, end - this.length)
    this.length = end
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.length)
  }

  #grow(least: number): void {
    const grown = Buffer.alloc(Math.min(Math.max(least, this.#buffer.length * 2, 4096), this.#most))
    this.#buffer.copy(grown)
    this.#buffer = grown
  }
}

interface Ears {
  fromPeer(chunk: Buffer): void
  toPeer(chunk: Buffer): void
}

/**
 * Node's TLS hears one turn later that its write is done, and drops what it would write until then, the alert over what
 * has just arrived included. On a short way the answer to a ClientHello is faster than that: it waits for its turn.
 */
const afterWrites = setImmediate

/** A socket with ears. Ends, errors and back-pressure pass through like octets do. */
class TappedStream extends Duplex {
  readonly #socket: Socket
  readonly #ears: Ears
  #ended = false

  constructor(socket: Socket, ears: Ears) {
    // TLSSocket takes this over from what it lies on, and would stay open after the peer's end.
    super({allowHalfOpen: socket.allowHalfOpen})
    this.#socket = socket
    this.#ears = ears
    socket.on('data', (chunk: Buffer) => afterWrites(() => this.#arrived(chunk)))
    socket.on('end', () => {
      this.#ended = true
      afterWrites(() => this.#end())
    })
    socket.on('error', (error) => afterWrites(() => this.destroy(error)))
    // After an end there may be octets left that nobody read yet.
    socket.on('close', () => afterWrites(() => this.#ended || this.destroy()))
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#ears.toPeer(chunk)
    // A close_notify in answer to the peer's own end has nowhere to go any more, and that is no error.
    if (this.#ended && !this.#socket.writable) done()
    else this.#socket.write(chunk, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done())
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }

  #arrived(chunk: Buffer): void {
    if (this.destroyed) return
    this.#ears.fromPeer(chunk)
    if (!this.push(chunk)) this.#socket.pause()
  }

  #end(): void {
    // TLS ends our side itself, once it has written its close_notify.
    this.allowHalfOpen = true
    this.push(null)
  }
}
