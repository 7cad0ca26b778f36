import {isIPv4, isIPv6} from 'node:net'
import {canonical, type DnsRecord, decodeResponse, TYPE} from '../../../src/dns/packet.ts'
import {decodeTlsa} from '../../../src/dns/tlsa.ts'
import {holds, type Target} from '../target.ts'

const TYPES = ['A', 'AAAA', 'MX', 'TXT', 'TLSA'] as const

/** A datagram in answer to a question: read, or left alone, whatever it claims; what is read has the form of its type. */
export function dns(): Target {
  return {
    name: 'dns',
    dictionary: [
      ...['\x07example\x03mil\x00', '\x03mx1', '\x01*', '\x00'].map((word) => Buffer.from(word, 'latin1')),
      ...[
        'c00c',
        'c000',
        'c01d',
        'ffff',
        '3fff',
        '0001',
        '000f',
        '0005',
        '0006',
        '0010',
        '001c',
        '0034',
        '0029',
        '8180',
      ].map(hex),
      ...[
        '8580',
        '8380',
        '81a0',
        'c00c000f00010000003c',
        'c00c00050001',
        '0000290000000080000000',
        '3f',
        '40',
        '80',
      ].map(hex),
    ],
    check: async (input) => {
      if (input.length < 2) return ['short']
      const words: string[] = []
      for (const type of TYPES) {
        const response = await decodeResponse(input, input.readUInt16BE(0), {name: 'example.mil', type})
        if (!response) continue
        const {answers, authorities, rcode} = response
        holds(answers.length + authorities.length <= 200, `${answers.length} records`)
        for (const record of [...answers, ...authorities]) isSound(record)
        words.push(`${type} ${rcode} ${answers.map((one) => one.type).slice(0, 3)}/${authorities.length > 0}`)
        for (const record of answers) if (record.type === TYPE.TLSA) words.push(`${decodeTlsa(record).length} TLSA`)
      }
      return words
    },
  }
}

function hex(digits: string): Buffer {
  return Buffer.from(digits, 'hex')
}

/** What the resolver takes from a record on trust. */
function isSound(record: DnsRecord): void {
  const {name, type, ttl, address, exchange, domain, priority, data} = record
  holds(typeof name === 'string' && name === canonical(name), 'a name that is not in lower case')
  holds(Number.isInteger(ttl) && ttl >= 0 && ttl < 2 ** 32, `a TTL of ${ttl}`)
  if (type === TYPE.A) holds(isIPv4(address ?? ''), `an A record of ${address}`)
  if (type === TYPE.AAAA) holds(isIPv6(address ?? ''), `an AAAA record of ${address}`)
  if (type === TYPE.MX) holds(Number.isInteger(priority) && typeof exchange === 'string', 'half an MX record')
  if (type === TYPE.CNAME) holds(typeof domain === 'string', 'a CNAME to nowhere')
  if (type === TYPE.TXT)
    holds(Array.isArray(data) && data.every((text) => typeof text === 'string'), 'TXT without text')
  if (type === TYPE.TLSA) holds(Buffer.isBuffer(data), 'a TLSA record without octets')
}
