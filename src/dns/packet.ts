import type {Header, Packet, Resource} from 'dns2'
import {extendedErrors} from './extended-error.ts'

// dns2 reads and writes the bits of RFC 4035 §3.2; its types forgot them.
type SecurityHeader = Header & {ad: number; cd: number}

export type RecordType = 'A' | 'AAAA' | 'MX' | 'TXT' | 'TLSA'

/** The types we ask for or follow (RFC 1035 §3.2.2, RFC 3596, RFC 6698 §2.1). */
export const TYPE = {A: 1, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28, OPT: 41, TLSA: 52} as const
const IN = 1

export const RCODE = {ok: 0, formatError: 1, serverFailure: 2, nxdomain: 3, notImplemented: 4} as const

/** A question as we send it. */
export interface Question {
  name: string
  type: RecordType
}

/** One record of the answer section, name in lower case. Fields by type as dns2 decodes them. */
export interface DnsRecord {
  name: string
  type: number
  ttl: number
  /** A, AAAA. */
  address?: string
  /** MX. */
  priority?: number
  exchange?: string
  /** CNAME. */
  domain?: string
  /** SOA. */
  minimum?: number
  /** TXT: character-strings. Types unknown to dns2, such as TLSA: the octets. */
  data?: string[] | Buffer
}

/** What a response says. */
export interface Response {
  rcode: number
  truncated: boolean
  authenticated: boolean
  answers: DnsRecord[]
  authorities: DnsRecord[]
  /** Why there is no answer, in the words of the server (RFC 8914). */
  extendedErrors: string[]
}

/** RFC 9715 §3.1, DNS flag day 2020: what passes every path without fragments. */
const UDP_PAYLOAD = 1232

// dns2 costs as much at start as the rest of the program: it is loaded with the first question.
let library: Promise<typeof import('dns2')> | null = null
const dns2 = () => (library ??= import('dns2'))

export interface Query {
  id: number
  octets: Buffer
}

/** A query with recursion desired. `edns` announces 1232 octets and DNSSEC OK; `unchecked` sets CD (RFC 4035 §3.2.2). */
export async function encodeQuery(question: Question, options: {edns: boolean; unchecked: boolean}): Promise<Query> {
  const {Packet: Message} = await dns2()
  const message = new Message()
  const id = Message.uuid()
  message.header = new Message.Header({id, rd: 1, cd: options.unchecked ? 1 : 0} as Partial<SecurityHeader>)
  message.questions = [new Message.Question(question.name, TYPE[question.type], IN)]
  if (options.edns) {
    message.additionals = [Message.Resource.EDNS([], {doFlag: true, udpPayloadSize: UDP_PAYLOAD}) as Resource]
  }
  return {id, octets: message.toBuffer()}
}

/**
 * No honest answer to our questions has more records. dns2 follows every compression pointer of every name, so that a
 * crafted message costs records times pointers; this and the size of a datagram bound it to a fraction of a second.
 */
const MOST_RECORDS = 200

/** Octets of the longest datagram that is read; 1232 were asked for. */
export const LONGEST_DATAGRAM = 4096

/**
 * The response to this query, or null when it is none: junk, another id, another question. Junk is not an error,
 * because anybody may send it and the true answer may still come (RFC 5452 §9.1).
 */
export async function decodeResponse(octets: Buffer, id: number, question: Question): Promise<Response | null> {
  const {Packet: Message} = await dns2()
  if (octets.length < Message.HEADER_SIZE || octets.readUInt16BE(0) !== id) return null
  if (octets.readUInt16BE(6) + octets.readUInt16BE(8) + octets.readUInt16BE(10) > MOST_RECORDS) return null
  try {
    const message = Message.parse(octets)
    return isAnswerTo(message, question) ? describe(message) : null
  } catch {
    return null
  }
}

function isAnswerTo(message: Packet, question: Question): boolean {
  const [asked, ...more] = message.questions
  if (message.header.qr !== 1 || message.header.opcode !== 0 || more.length > 0) return false
  // A server that cannot read the query may send its FORMERR without a question.
  if (!asked) return message.header.rcode === RCODE.formatError || message.header.rcode === RCODE.notImplemented
  return canonical(asked.name) === canonical(question.name) && asked.type === TYPE[question.type] && asked.class === IN
}

function describe(message: Packet): Response {
  const {header, answers, authorities, errors} = message
  // A record that cannot be read leaves the set incomplete, unless the server said so itself.
  const damaged = errors.some((error) => error.section === 'answers') && header.tc !== 1
  return {
    rcode: damaged ? RCODE.serverFailure : header.rcode,
    truncated: header.tc === 1,
    authenticated: (header as SecurityHeader).ad === 1,
    answers: answers.filter(isInternet).map(toRecord),
    authorities: authorities.filter(isInternet).map(toRecord),
    extendedErrors: extendedErrors(message),
  }
}

function isInternet(record: Resource): boolean {
  return record.class === IN
}

function toRecord(record: Resource): DnsRecord {
  return {...(record as unknown as DnsRecord), name: canonical(record.name)}
}

/** Names compare without regard to case and a trailing dot (RFC 4343). */
export function canonical(name: string): string {
  // ASCII only: in DNS the octets above 127 have no case.
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).replace(/\.$/, '')
}
