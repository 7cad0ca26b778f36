import {BerError, readElement} from '../pki/der.ts'
import {formatName, readName} from '../pki/name.ts'
import {Malformed} from './tap-bytes.ts'
import {type HandshakeFacts, noFacts} from './tap-facts.ts'
import {RecordOpener} from './tap-keys.ts'
import {
  Message,
  parseCertificate12,
  parseCertificate13,
  parseCertificateRequest12,
  parseCertificateRequest13,
  parseCertificateStatus,
  parseCertificateVerify,
  parseEncryptedExtensions,
  parseServerHello,
  parseServerKeyExchange,
  splitMessages,
} from './tap-messages.ts'
import {alertName} from './tap-names.ts'
import {Content, isRecord, records, type TlsRecord} from './tap-record.ts'

/** Both directions of one connection from the ClientHello on, and the key log's secrets by label. */
export interface Transcript {
  fromPeer: Buffer
  toPeer: Buffer
  secrets: ReadonlyMap<string, Buffer>
}

/**
 * What the handshake said. TLS 1.2 sends its certificates in clear; those of TLS 1.3 are opened with the traffic secrets
 * (RFC 8446 §7.1). Never throws: what cannot be read leaves a `gap`.
 */
export function readHandshake(transcript: Transcript): HandshakeFacts {
  const facts = noFacts()
  try {
    new Side('peer', transcript, facts).read()
    new Side('us', transcript, facts).read()
  } catch (error) {
    if (!UNREADABLE.some((kind) => error instanceof kind)) throw error
    facts.gap = `the handshake could not be read: ${(error as Error).message}`
  }
  return facts
}

/** What octets of a peer's making can raise in the parsers. */
const UNREADABLE = [Malformed, BerError, RangeError]

/** Names of the traffic secrets in the key log (RFC 9850 §2), in the order of their use. */
const SECRETS = {
  peer: ['SERVER_HANDSHAKE_TRAFFIC_SECRET', 'SERVER_TRAFFIC_SECRET_0'],
  us: ['CLIENT_HANDSHAKE_TRAFFIC_SECRET', 'CLIENT_TRAFFIC_SECRET_0'],
} as const

/** One direction of the connection. The peer's is read first, because its ServerHello decides how both are sealed. */
class Side {
  readonly #from: 'peer' | 'us'
  readonly #transcript: Transcript
  readonly #facts: HandshakeFacts
  #opener: RecordOpener | null = null
  /** Both secrets of TLS 1.3 lie ahead at 0; 2 is beyond what we can open. */
  #epoch = 0
  #sealed = false
  #waiting = Buffer.alloc(0)

  constructor(from: 'peer' | 'us', transcript: Transcript, facts: HandshakeFacts) {
    this.#from = from
    this.#transcript = transcript
    this.#facts = facts
  }

  read(): void {
    const bytes = this.#from === 'peer' ? this.#transcript.fromPeer : this.#transcript.toPeer
    if (this.#from === 'peer' && bytes.length > 0 && !isRecord(bytes)) {
      this.#facts.nonTls = bytes.subarray(0, 200)
      return
    }
    for (const record of records(bytes)) {
      if (!this.#record(record)) return
    }
  }

  /** False: nothing after this record can be read. */
  #record(record: TlsRecord): boolean {
    if (record.type === Content.changeCipherSpec) {
      // TLS 1.3 sends one for old middleboxes and means nothing by it (RFC 8446 §D.4).
      if (!this.#isTls13) this.#sealed = true
      return true
    }
    if (this.#isTls13 && record.type === Content.applicationData) return this.#openRecord(record)
    if (this.#sealed) return false
    return this.#content(record.type, record.fragment)
  }

  #openRecord(record: TlsRecord): boolean {
    this.#opener ??= this.#nextOpener()
    const opened = this.#opener?.open(record)
    if (!opened) {
      if (this.#from === 'peer' && this.#facts.certificates === null) this.#facts.gap ??= 'the handshake stayed sealed'
      return false
    }
    return this.#content(opened.type, opened.content)
  }

  #nextOpener(): RecordOpener | null {
    const secret = this.#transcript.secrets.get(SECRETS[this.#from][this.#epoch] ?? '')
    return secret ? RecordOpener.for(this.#facts.cipherSuite ?? 0, secret) : null
  }

  #content(type: number, content: Buffer): boolean {
    if (type === Content.alert) this.#alert(content)
    if (type !== Content.handshake) return type !== Content.applicationData || this.#isTls13
    const {messages, rest} = splitMessages(Buffer.concat([this.#waiting, content]))
    this.#waiting = Buffer.from(rest)
    return messages.every(({type: message, body}) => this.#message(message, body))
  }

  #alert(content: Buffer): void {
    const [level, number] = content
    // RFC 8446 §6.1: close_notify is how a connection ends, not what went wrong with it.
    if (number === undefined || number === 0) return
    this.#facts.alerts.push({
      from: this.#from,
      level: level === 1 ? 'warning' : 'fatal',
      number,
      name: alertName(number),
    })
  }

  #message(type: number, body: Buffer): boolean {
    // The next records of this direction are under the next secret (RFC 8446 §7.2, §4.4.4).
    if (type === Message.finished) {
      this.#epoch += 1
      this.#opener = null
    }
    if (type === Message.keyUpdate) return false
    if (this.#from === 'peer') this.#serverMessage(type, body)
    return true
  }

  #serverMessage(type: number, body: Buffer): void {
    const facts = this.#facts
    if (type === Message.serverHello) this.#serverHello(body)
    else if (type === Message.newSessionTicket) facts.tickets += 1
    else if (type === Message.encryptedExtensions) facts.alpn = parseEncryptedExtensions(body).alpn
    else if (type === Message.certificate) this.#certificate(body)
    else if (type === Message.certificateStatus) facts.ocsp = parseCertificateStatus(body)
    else if (type === Message.certificateVerify) facts.signatureAlgorithm = parseCertificateVerify(body)
    else if (type === Message.serverKeyExchange) Object.assign(facts, parseServerKeyExchange(body, this.#signs))
    else if (type === Message.certificateRequest) facts.certificateRequest = {authorities: this.#authorities(body)}
  }

  #serverHello(body: Buffer): void {
    const {isRetry, version, cipherSuite, group, alpn, hasScts} = parseServerHello(body)
    if (isRetry) this.#facts.retried = true
    Object.assign(this.#facts, {version, cipherSuite, group, alpn, hasScts})
  }

  #certificate(body: Buffer): void {
    if (!this.#isTls13) this.#facts.certificates = parseCertificate12(body)
    else {
      const {certificates, ocsp, hasScts} = parseCertificate13(body)
      Object.assign(this.#facts, {certificates, ocsp, hasScts})
    }
  }

  #authorities(body: Buffer): string[] {
    const names = this.#isTls13 ? parseCertificateRequest13(body) : parseCertificateRequest12(body, this.#signs)
    return names.map((name) => formatName(readName(readElement(name))))
  }

  get #isTls13(): boolean {
    return this.#facts.version === 'TLSv1.3'
  }

  /** TLS 1.2 began to name the algorithm beside a signature (RFC 5246 §4.7). */
  get #signs(): boolean {
    return this.#facts.version === 'TLSv1.2'
  }
}
