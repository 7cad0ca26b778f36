import {type AddressInfo, createServer, type Socket} from 'node:net'
import type {Duplex} from 'node:stream'
import {createSecureContext, type SecureContextOptions, TLSSocket} from 'node:tls'

/** What a peer says to one command: a reply without its line end, null for silence, or something else it does. */
export type Answer = string | null | ((talk: Talk, line: string) => void)

export interface PeerScript {
  /** Default `220 peer ESMTP`. */
  greeting?: Answer
  /** Keywords after EHLO; default PIPELINING, and STARTTLS where there is `tls` and no TLS yet. */
  extensions?: string[]
  /** By verb, `.` for the end of DATA, BDAT for a chunk that is there; whatever is missing is answered as a good server does. */
  replies?: Record<string, Answer>
  tls?: SecureContextOptions & {requestCert?: boolean; rejectUnauthorized?: boolean}
  implicit?: boolean
  /** Default 127.0.0.1. */
  address?: string
  /** Default any free one. */
  port?: number
}

export interface Talk {
  /** Raw octets out. */
  send(octets: string): void
  /** Reset rather than closed. */
  drop(): void
  end(): void
  stream: Duplex
}

export interface Connection {
  /** Lines as they came, with `<TLS name>` where the handshake was over. */
  lines: string[]
  /** Messages as they were between DATA and the final dot, dots still doubled; or the chunks of BDAT put together. */
  messages: string[]
}

export interface Peer {
  port: number
  address: string
  connections: Connection[]
  stop(): Promise<void>
}

/** A mail host on loopback that plays a script, with real TLS. */
export async function peer(script: PeerScript = {}): Promise<Peer> {
  const connections: Connection[] = []
  const sockets = new Set<Socket>()
  const address = script.address ?? '127.0.0.1'
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    const connection: Connection = {lines: [], messages: []}
    connections.push(connection)
    const play = new Play(script, connection, socket)
    if (script.implicit) play.startTls(() => play.greet())
    else play.greet()
  })
  await new Promise<void>((resolve) => server.listen(script.port ?? 0, address, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    address,
    connections,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

class Play {
  readonly #script: PeerScript
  readonly #connection: Connection
  readonly #raw: Socket
  #stream: Duplex
  #pending = ''
  #inData = false
  #secure = false
  #chunked = ''
  /** Octets of a message behind `#pending`, and the last of them. */
  #middle: string[] = []
  #tail = ''

  constructor(script: PeerScript, connection: Connection, socket: Socket) {
    this.#script = script
    this.#connection = connection
    this.#raw = socket
    this.#stream = socket
  }

  greet(): void {
    this.#stream.on('data', this.#take)
    this.#answer(this.#script.greeting === undefined ? '220 peer ESMTP' : this.#script.greeting, '')
  }

  startTls(then: () => void): void {
    this.#stream.off('data', this.#take)
    this.#pending = ''
    const {requestCert, rejectUnauthorized, ...context} = this.#script.tls ?? {}
    const stream = new TLSSocket(this.#raw, {
      isServer: true,
      secureContext: createSecureContext(context),
      requestCert,
      rejectUnauthorized,
      SNICallback: (name, done) => {
        this.#connection.lines.push(`<SNI ${name}>`)
        done(null)
      },
    })
    stream.on('error', () => {})
    stream.once('secure', () => {
      this.#connection.lines.push('<TLS>')
      this.#secure = true
      then()
    })
    this.#stream = stream
  }

  readonly #take = (chunk: Buffer): void => {
    const octets = chunk.toString('latin1')
    if (this.#inData && !this.#mayEnd(octets)) return void this.#middle.push(octets)
    this.#pending += this.#middle.splice(0).join('') + octets
    for (;;) {
      if (this.#chunk()) continue
      const end = this.#inData ? this.#endOfData() : this.#pending.indexOf('\r\n')
      if (end < 0 || /^BDAT \d+( LAST)?\r\n/i.test(this.#pending)) {
        this.#tail = `\r\n${this.#pending}`.slice(-4)
        return
      }
      const text = this.#pending.slice(0, end)
      this.#pending = this.#pending.slice(end + (this.#inData ? 3 : 2))
      if (this.#inData) this.#message(text)
      else this.#command(text)
    }
  }

  /** Looks at what is new alone, so that a large message costs no more than its length. */
  #mayEnd(octets: string): boolean {
    const joint = this.#tail + octets
    this.#tail = joint.slice(-4)
    return joint.includes('\r\n.\r\n')
  }

  #endOfData(): number {
    if (this.#pending.startsWith('.\r\n')) return 0
    const end = this.#pending.indexOf('\r\n.\r\n')
    return end < 0 ? -1 : end + 2
  }

  /** A whole BDAT with its octets; false where there is none at the head of what came. */
  #chunk(): boolean {
    const found = this.#inData ? null : /^BDAT (\d+)( LAST)?\r\n/i.exec(this.#pending)
    if (!found || this.#pending.length < found[0].length + Number(found[1])) return false
    const end = found[0].length + Number(found[1])
    this.#chunked += this.#pending.slice(found[0].length, end)
    this.#pending = this.#pending.slice(end)
    const line = found[0].trimEnd()
    this.#connection.lines.push(line)
    if (found[2]) this.#connection.messages.push(this.#chunked)
    if (found[2]) this.#chunked = ''
    this.#answer(this.#scripted('BDAT', '250 2.0.0 kept'), line)
    return true
  }

  #message(text: string): void {
    this.#inData = false
    this.#connection.messages.push(text)
    this.#answer(this.#scripted('.', '250 2.0.0 kept'), '.')
  }

  #scripted(verb: string, otherwise: string): Answer {
    const answer = this.#script.replies?.[verb]
    return answer === undefined ? otherwise : answer
  }

  #command(line: string): void {
    this.#connection.lines.push(line)
    const verb = line.split(' ')[0]!.toUpperCase()
    const scripted = this.#script.replies?.[verb]
    // What follows a 220 is a ClientHello, in which a CRLF may stand by chance: no line to answer.
    if (verb === 'STARTTLS' && typeof scripted === 'string' && scripted.startsWith('220'))
      this.#stream.off('data', this.#take)
    if (scripted !== undefined) this.#answer(scripted, line)
    else if (verb === 'EHLO') this.#say(this.#ehlo())
    else if (verb === 'STARTTLS' && this.#script.tls) this.#go()
    else if (verb === 'STARTTLS') this.#say('502 5.5.1 not implemented')
    else if (verb === 'DATA') this.#answer('354 go ahead', line)
    else if (verb === 'QUIT') this.#bye()
    else this.#say('250 2.0.0 ok')
  }

  #bye(): void {
    this.#say('221 2.0.0 bye')
    this.#stream.end()
  }

  #ehlo(): string {
    const {extensions = ['PIPELINING'], tls} = this.#script
    const all = tls && !this.#secure ? [...extensions, 'STARTTLS'] : extensions
    const lines = ['peer', ...all]
    return lines.map((line, i) => `250${i === lines.length - 1 ? ' ' : '-'}${line}`).join('\r\n')
  }

  #go(): void {
    this.#say('220 2.0.0 go ahead')
    this.startTls(() => this.#stream.on('data', this.#take))
  }

  #answer(answer: Answer, line: string): void {
    if (typeof answer === 'function') answer(this.#talk(), line)
    else if (answer !== null) this.#say(answer)
    // A scripted answer to DATA that asks for the message gets it.
    if (typeof answer === 'string' && answer.startsWith('354')) this.#inData = true
    // After a scripted 220 the other side speaks TLS, whose octets may look like a line by chance.
    if (/^STARTTLS$/i.test(line) && typeof answer === 'string' && answer.startsWith('220')) {
      this.#stream.off('data', this.#take).resume()
    }
  }

  #talk(): Talk {
    return {
      send: (octets) => this.#stream.write(octets),
      drop: () => this.#raw.resetAndDestroy(),
      end: () => this.#stream.end(),
      stream: this.#stream,
    }
  }

  #say(text: string): void {
    if (this.#stream.writable) this.#stream.write(`${text}\r\n`)
  }
}
