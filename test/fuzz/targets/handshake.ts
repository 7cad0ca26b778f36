import {createCipheriv} from 'node:crypto'
import {readAnswer} from '../../../src/smtp/hello/answer.ts'
import type {HandshakeFacts} from '../../../src/smtp/tap-facts.ts'
import {expandLabel} from '../../../src/smtp/tap-keys.ts'
import {readHandshake} from '../../../src/smtp/tap-reader.ts'
import {cutAnywhere, Random, seedOf} from '../random.ts'
import {holds, same, type Target} from '../target.ts'

const WORDS = [
  ...['160303', '150303', '140303000101', '170303', '0b', '02', '0c', '0d', '16', '0e', '08', '0f', '04', '18', '14'],
  ...[
    '002b',
    '0304',
    '0033',
    '001d',
    '0017',
    '11ec',
    '0005',
    '0010',
    '0012',
    'ff01',
    'ffffff',
    '000000',
    '00',
    '3082',
    '80',
  ],
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
].map((hex) => Buffer.from(hex, 'hex'))

/**
 * The reader of recorded handshakes never throws, and what it reads does not depend on how messages are cut into records. The
 * first octet of an input says what the rest is: records, messages in clear, or messages as TLS 1.3 seals them.
 */
export function handshake(): Target {
  return {
    name: 'handshake',
    dictionary: WORDS,
    check: (input) => {
      const rest = input.subarray(1)
      const kind = (input[0] ?? 0) % 3
      const facts =
        kind === 0 ? read(rest) : kind === 1 ? acrossRecords(rest, inClear) : acrossRecords(toFinished(rest), sealed)
      return [...told(facts), `kind ${kind}`]
    },
  }
}

/** The answer to a ClientHello, while it arrives: once it can be told it stays what it is. */
export function hello(): Target {
  return {
    name: 'hello',
    dictionary: WORDS,
    check: (input) => {
      const whole = readAnswer(input, false)
      const random = new Random(seedOf(input))
      for (let tries = 0; tries < 8; tries++) {
        const early = readAnswer(input.subarray(0, random.below(input.length + 1)), false)
        if (early?.kind === 'not-tls') same(whole?.kind, 'not-tls', 'with more octets')
        else if (early) same(whole, early, 'with more octets')
      }
      const ended = readAnswer(input, true)
      holds(ended, 'no answer at the end')
      if (whole) same(ended, whole, 'at the end')
      return Object.entries(ended).map(
        ([key, value]) => `${ended.kind} ${key} ${typeof value === 'boolean' ? value : typeof value}`,
      )
    },
  }
}

function read(fromPeer: Buffer): HandshakeFacts {
  const facts = readHandshake({fromPeer, toPeer: NOTHING, secrets: SECRETS})
  for (const certificate of facts.certificates ?? [])
    holds(certificate.length <= fromPeer.length, 'octets out of nowhere')
  holds(/^[^\x00-\x1f\x7f]*$/.test(facts.gap ?? ''), 'control characters in the gap')
  return facts
}

function acrossRecords(messages: Buffer, wrap: (pieces: readonly Buffer[]) => Buffer): HandshakeFacts {
  const facts = read(wrap(cutAnywhere(messages, new Random(0), 16_384)))
  const cut = cutAnywhere(messages, new Random(seedOf(messages)), 1 + (messages.length >> 3))
  same(read(wrap(cut)), facts, 'cut into other records')
  return facts
}

/** Up to the end of the first Finished, behind which the key is another. */
function toFinished(messages: Buffer): Buffer {
  for (let at = 0; at + 4 <= messages.length; ) {
    const end = at + 4 + messages.readUIntBE(at + 1, 3)
    if (messages[at] === 20) return messages.subarray(0, end)
    at = end
  }
  return messages
}

function inClear(pieces: readonly Buffer[]): Buffer {
  return Buffer.concat(pieces.map((piece) => Buffer.concat([recordHead(22, piece.length), piece])))
}

function recordHead(type: number, length: number): Buffer {
  return Buffer.of(type, 3, 3, length >> 8, length & 255)
}

const NOTHING = Buffer.alloc(0)
const SECRET = Buffer.alloc(32, 5)
const SECRETS = new Map([['SERVER_HANDSHAKE_TRAFFIC_SECRET', SECRET]])
const KEY = expandLabel('sha256', SECRET, 'key', 16)
const IV = expandLabel('sha256', SECRET, 'iv', 12)
/** TLS 1.3 with TLS_AES_128_GCM_SHA256, and a key share of X25519 (RFC 8446 §4.1.3). */
const SERVER_HELLO = Buffer.from(
  `0200005603032${'1'.repeat(63)}00130100002e002b0002030400330024001d0020${'22'.repeat(32)}`,
  'hex',
)

/** RFC 8446 §5.2. */
function sealed(pieces: readonly Buffer[]): Buffer {
  const records = pieces.map((piece, sequence) => {
    const nonce = Buffer.from(IV)
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence) >>> 0, 8)
    const head = recordHead(23, piece.length + 1 + 16)
    const cipher = createCipheriv('aes-128-gcm', KEY, nonce)
    cipher.setAAD(head)
    const octets = Buffer.concat([cipher.update(piece), cipher.update(Buffer.of(22)), cipher.final()])
    return Buffer.concat([head, octets, cipher.getAuthTag()])
  })
  return Buffer.concat([inClear([SERVER_HELLO]), ...records])
}

function told(facts: HandshakeFacts): string[] {
  return Object.entries(facts).map(([key, value]) => {
    if (typeof value === 'string') return `${key} ${value.replace(/\d+/g, '#')}`
    return Array.isArray(value) ? `${key} ${Math.min(value.length, 4)}` : `${key} ${value === null}`
  })
}
