import {Malformed} from '../tap-bytes.ts'
import {Message, parseCertificate12, parseServerHello, parseServerKeyExchange, splitMessages} from '../tap-messages.ts'
import {alertName} from '../tap-names.ts'
import {Content, isRecord, records} from '../tap-record.ts'

/** What a peer says to a ClientHello that was made by hand. */
export type HelloAnswer =
  | {
      kind: 'hello'
      /** `TLSv1.2`; also an older one than was asked for. */
      version: string
      /** IANA number. */
      cipher: number
      /** `X25519MLKEM768`, `dh-1024` …; null where it is not said, as with RSA key transport. */
      group: string | null
      compression: boolean
      /** RFC 5746; null where the version has no such thing. */
      secureRenegotiation: boolean | null
      /** The leaf, DER; null in TLS 1.3, which seals it, and where none came. */
      leaf: Buffer | null
      /** What was chosen of ALPN, before TLS 1.3, which seals it. */
      alpn: string | null
      /** SCTs came along, before TLS 1.3. */
      scts: boolean
    }
  | {kind: 'alert'; number: number; name: string}
  | {kind: 'not-tls'; octets: Buffer}
  | {kind: 'closed'}
  | {kind: 'silence'}

/**
 * Reads the answer from what has come so far; null: there has to come more. Up to TLS 1.2 the answer is whole with the
 * ServerKeyExchange or the ServerHelloDone, where the group stands; `ended`: nothing more will come.
 */
export function readAnswer(bytes: Buffer, ended: boolean): HelloAnswer | null {
  if (bytes.length === 0) return ended ? {kind: 'closed'} : null
  if (!isRecord(bytes)) return {kind: 'not-tls', octets: bytes.subarray(0, 200)}
  try {
    return read(bytes, ended)
  } catch (error) {
    if (!(error instanceof Malformed) && !(error instanceof RangeError)) throw error
    return {kind: 'not-tls', octets: bytes.subarray(0, 200)}
  }
}

type Hello = Extract<HelloAnswer, {kind: 'hello'}>

function read(bytes: Buffer, ended: boolean): HelloAnswer | null {
  let waiting = Buffer.alloc(0)
  let hello: Hello | null = null
  for (const {type, fragment} of records(bytes)) {
    if (type === Content.alert) {
      const [level, number] = fragment
      // unrecognized_name as a warning goes before the ServerHello (RFC 6066 §3).
      if (number === undefined || (level === 1 && number !== 0)) continue
      return hello ?? {kind: 'alert', number, name: alertName(number)}
    }
    if (type !== Content.handshake) continue
    const {messages, rest} = splitMessages(Buffer.concat([waiting, fragment]))
    waiting = Buffer.from(rest)
    for (const {type: message, body} of messages) {
      if (message === Message.serverHello) hello = serverHello(body)
      else if (hello && message === Message.certificate) hello.leaf = parseCertificate12(body)[0] ?? null
      else if (hello && message === Message.serverKeyExchange) hello.group = groupIn(body, hello)
      if (hello && isWhole(message, hello)) return hello
    }
  }
  return ended ? (hello ?? {kind: 'closed'}) : null
}

function isWhole(message: number, {version}: Hello): boolean {
  if (version === 'TLSv1.3') return true
  return message === Message.serverKeyExchange || message === Message.serverHelloDone
}

function serverHello(body: Buffer): Hello {
  const {cipherSuite: cipher, compression, hasRenegotiationInfo, hasScts: scts, ...hello} = parseServerHello(body)
  const {version, group, alpn} = hello
  const secureRenegotiation = version === 'TLSv1.3' ? null : hasRenegotiationInfo
  const more = {compression: compression !== 0, secureRenegotiation, leaf: null, alpn, scts}
  return {kind: 'hello', version, cipher, group, ...more}
}

function groupIn(body: Buffer, {version}: Hello): string {
  return parseServerKeyExchange(body, version === 'TLSv1.2').group
}
