import {parseMailDomain} from '../mail/address.ts'
import type {ClientFacts} from '../smtp/receiver.ts'
import {mailDate} from './mail-date.ts'

export interface ReceivedFacts {
  client: Pick<ClientFacts, 'address' | 'hello' | 'protocol' | 'tls'>
  hostname: string
  queueId: string
  /** Named only when it is the only one: a header must not tell recipients of one another (RFC 5321 §7.6). */
  recipients: readonly string[]
  smtputf8: boolean
  now: number
}

/** The trace header of our hop, folded, CRLF included (RFC 5321 §4.4). */
export function receivedHeader(facts: ReceivedFacts): Buffer {
  const {client, hostname, queueId, now} = facts
  const tls = client.tls && `\t(${client.tls.version} ${client.tls.cipher} ${client.tls.bits} bits)`
  const only = facts.recipients.length === 1 ? facts.recipients[0] : undefined
  const lines = [
    `Received: from ${helloName(client.hello)} (${addressLiteral(client.address)})`,
    `\tby ${hostname} (Postern) with ${withProtocol(client.protocol, facts.smtputf8)}`,
    ...(tls ? [tls] : []),
    ...(only === undefined ? [`\tid ${queueId};`] : [`\tid ${queueId}`, `\tfor <${only}>;`]),
    `\t${mailDate(now)}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n`)
}

// RFC 6531 §3.7.3 and RFC 3848: the protocol types registered for `with`.
function withProtocol(protocol: ClientFacts['protocol'], smtputf8: boolean): string {
  if (!smtputf8) return protocol
  return `UTF8${protocol.replace(/^E/, '')}`
}

/** What the client calls itself is its own word; what is no name is not repeated. */
function helloName(hello: string | null): string {
  return hello !== null && hello.length <= 255 && /^[\x21-\x7e]+$/.test(hello) && parseMailDomain(hello)
    ? hello
    : 'unknown'
}

function addressLiteral(address: string): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return bare.includes(':') ? `[IPv6:${bare}]` : `[${bare}]`
}
