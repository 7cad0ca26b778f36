import type {Socket} from 'node:net'
import type {Duplex} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import {createServer, type SecureContext, type Server, TLSSocket} from 'node:tls'
import {MailAddress} from '../mail/address.ts'
import type {Envelope} from '../mail/envelope.ts'
import type {ReceiverHandlers} from '../smtp/receiver.ts'

/** How a host departs from what a host in order says and does. */
export interface Script {
  /**
   * The reply to a verb, in lines with their codes; '' is the greeting, '.' the end of the message. null: silence. undefined: as a host in order has
   * it. After a reply of 421, or a greeting that is not 2xx, the host hangs up.
   */
  reply?(verb: string, secure: boolean): string[] | null | undefined
  /** What stands behind each line; default CRLF. */
  lineEnd?: string
  /** How octets leave in clear text; default all at once. */
  utter?(socket: Duplex, octets: string): Promise<void>
  /** Speaks SMTP in clear text where TLS should begin at once. */
  clearOnTlsPort?: true
  /** Refuses clients that show no certificate. */
  demandsCertificate?: true
  /** Hangs up as soon as the handshake is over. */
  leavesAfterHandshake?: true
  /** Hangs up without a word at this verb; '.' is the end of the message. */
  closesAt?: string
  /** Does inside TLS what it was told before (RFC 3207 §4.2, CVE-2011-0411). */
  obeysEarlyCommands?: true
  /** OCSP response that is stapled, DER. */
  staple?: Buffer
  /** Protocols that it insists on where any is offered (ALPN). */
  alpn?: string[]
  /** It has a key in common with somebody else. */
  sharesKey?: true
}

/** What a scripted host stands in. */
export interface ScriptedHost {
  hostname: string
  mode: 'starttls' | 'implicit'
  secureContext: SecureContext | null
  data: ReceiverHandlers['data']
}

/** Octets that may wait for the end of their line, or of their message. */
const MOST_WAITING = 1_048_576

/** One connection to a host that plays a script. It takes mail as the others do, so that a delivery shows what came of it. */
export class ScriptedSession {
  readonly #script: Script
  readonly #host: ScriptedHost
  readonly #raw: Socket
  #stream: Duplex
  #secure = false
  #pending = ''
  #inData = false
  #helloName = ''
  #envelope: Envelope = {reversePath: null, options: {}, recipients: []}
  #said: Promise<void> = Promise.resolve()

  constructor(script: Script, host: ScriptedHost, socket: Socket) {
    this.#script = script
    this.#host = host
    this.#raw = socket
    this.#stream = socket
  }

  start(): void {
    if (this.#host.mode === 'implicit' && !this.#script.clearOnTlsPort) this.#startTls(() => this.#greet())
    else this.#greet()
  }

  #greet(): void {
    this.#stream.on('data', this.#take)
    const lines = this.#script.reply?.('', this.#secure)
    this.#say(lines === undefined ? [`220 ${this.#host.hostname} ESMTP Postern`] : lines)
    if (lines && !lines[0]?.startsWith('220')) this.#hangUp()
  }

  readonly #take = (chunk: Buffer): void => {
    this.#pending += chunk.toString('latin1')
    if (this.#pending.length > MOST_WAITING) this.#raw.destroy()
    for (;;) {
      const end = this.#inData ? this.#pending.indexOf('\r\n.\r\n') : this.#pending.indexOf('\r\n')
      if (end < 0) return
      const text = this.#pending.slice(0, end)
      this.#pending = this.#pending.slice(end + (this.#inData ? 5 : 2))
      if (this.#inData) void this.#message(`${text}\r\n`)
      else this.#command(text)
    }
  }

  #command(line: string): void {
    const [verb = '', argument = ''] = line.split(/ (.*)/s)
    const name = verb.toUpperCase()
    if (name === this.#script.closesAt) return void this.#raw.destroySoon()
    const scripted = this.#script.reply?.(name, this.#secure)
    const lines = scripted === undefined ? this.#usual(name, argument) : scripted
    this.#say(lines)
    const code = lines?.[0]?.slice(0, 3)
    if (name === 'STARTTLS' && code === '220') this.#startTls(() => this.#listen())
    this.#inData = code === '354'
    if (code === '421' || code === '221') this.#hangUp()
  }

  /** The reply of a host in order. */
  #usual(verb: string, argument: string): string[] {
    if (verb === 'EHLO' || verb === 'HELO') return this.#hello(verb, argument)
    if (verb === 'MAIL') this.#envelope = {reversePath: addressIn(argument), options: {}, recipients: []}
    const recipient = verb === 'RCPT' ? addressIn(argument) : null
    if (recipient) this.#envelope.recipients.push({address: recipient, options: {}})
    const {secureContext} = this.#host
    if (verb === 'STARTTLS')
      return [secureContext ? '220 2.0.0 ready to start TLS' : '502 5.5.1 command not implemented']
    return [REPLIES[verb] ?? '250 2.0.0 OK']
  }

  #hello(verb: string, name: string): string[] {
    this.#helloName = name
    const {hostname, secureContext} = this.#host
    if (verb === 'HELO') return [`250 ${hostname}`]
    const offersTls = secureContext !== null && !this.#secure
    return [`250-${hostname}`, ...(offersTls ? ['250-STARTTLS'] : []), '250 8BITMIME']
  }

  async #message(text: string): Promise<void> {
    this.#inData = false
    if (this.#script.closesAt === '.') return void this.#raw.destroySoon()
    const scripted = this.#script.reply?.('.', this.#secure)
    if (scripted !== undefined) return this.#say(scripted)
    const sink = await this.#host.data(this.#facts(), this.#envelope)
    if ('write' in sink) await sink.write(Buffer.from(text.replace(/^\.\./gm, '.'), 'latin1'))
    const {code, lines} = 'write' in sink ? await sink.end() : sink
    this.#say([`${code} ${lines[0]}`])
  }

  #startTls(then: () => void): void {
    this.#stream.off('data', this.#take)
    const early = this.#script.obeysEarlyCommands ? this.#pending : ''
    this.#pending = ''
    const {demandsCertificate = false, leavesAfterHandshake, staple, alpn, sharesKey} = this.#script
    const stream = new TLSSocket(this.#raw, {
      isServer: true,
      ...(staple && {server: stapler(staple)}),
      ...(alpn && {ALPNProtocols: alpn}),
      ...(sharesKey && {pskCallback: () => null}),
      secureContext: this.#host.secureContext!,
      requestCert: demandsCertificate,
      rejectUnauthorized: demandsCertificate,
    })
    stream.on('error', () => this.#raw.destroy())
    stream.once('secure', () => {
      this.#secure = true
      this.#stream = stream
      if (leavesAfterHandshake) this.#raw.destroySoon()
      else then()
      this.#take(Buffer.from(early, 'latin1'))
    })
  }

  #listen(): void {
    this.#stream.on('data', this.#take)
  }

  #say(lines: readonly string[] | null): void {
    if (lines === null) return
    const {utter, lineEnd = '\r\n'} = this.#script
    const octets = lines.map((line) => line + lineEnd).join('')
    const stream = this.#stream
    // One after the other, however slowly each leaves.
    this.#said = this.#said.then(async () => {
      if (stream.destroyed || stream.writableEnded) return
      if (utter && !this.#secure) await utter(stream, octets)
      else stream.write(octets, 'latin1')
    })
  }

  #hangUp(): void {
    const stream = this.#stream
    void this.#said.then(() => stream.end())
  }

  #facts() {
    const {remoteAddress: address = '', remotePort: port = 0, localAddress = '', localPort = 0} = this.#raw
    const tls = this.#stream instanceof TLSSocket ? this.#stream : null
    return {
      ...{session: 'scripted', address, port, localAddress, localPort},
      hello: this.#helloName,
      user: null,
      protocol: tls ? ('ESMTPS' as const) : ('ESMTP' as const),
      tls: tls && {
        version: tls.getProtocol() ?? '',
        cipher: tls.getCipher().standardName,
        ...{bits: 0, group: null, serverName: null, client: null},
      },
    }
  }
}

const REPLIES: Record<string, string> = {DATA: '354 end data with <CR><LF>.<CR><LF>', QUIT: '221 2.0.0 closing'}

/** Node staples only what a server is asked for. */
function stapler(staple: Buffer): Server {
  return createServer().on('OCSPRequest', (_certificate, _issuer, done) => done(null, staple))
}

function addressIn(argument: string): MailAddress | null {
  const text = /<(.+)>/.exec(argument)?.[1]
  return text === undefined ? null : MailAddress.parse(text)
}

/** Octets in pieces, with a pause before each. */
export function inPieces(size: number, pause: number): NonNullable<Script['utter']> {
  return async (socket, octets) => {
    for (let at = 0; at < octets.length && !socket.destroyed; at += size) {
      await sleep(pause)
      socket.write(octets.slice(at, at + size), 'latin1')
    }
  }
}
