import fc from 'fast-check'
import {expect, test} from 'vitest'
import {expandLabel} from '../../src/smtp/tap-keys.ts'
import {readHandshake} from '../../src/smtp/tap-reader.ts'

const record = (type: number, body: Uint8Array) => {
  const header = Buffer.from([type, 3, 3, body.length >> 8, body.length & 255])
  return Buffer.concat([header, body])
}
const message = (type: number, body: Uint8Array) => {
  const header = Buffer.from([type, body.length >> 16, (body.length >> 8) & 255, body.length & 255])
  return Buffer.concat([header, body])
}

// RFC 8448 §3, "derive write traffic keys for handshake data", server.
test('derives the keys of RFC 8448', () => {
  const secret = Buffer.from('b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38', 'hex')
  expect(expandLabel('sha256', secret, 'key', 16).toString('hex')).toBe('3fce516009c21727d0f2e4e86ee403bc')
  expect(expandLabel('sha256', secret, 'iv', 12).toString('hex')).toBe('5d313eb2671276ee13000b30')
})

test('never throws, whatever a peer wrote into records and messages', () => {
  const anyMessage = fc
    .tuple(fc.constantFrom(2, 4, 8, 11, 12, 13, 14, 15, 20, 22, 24), fc.uint8Array({maxLength: 80}))
    .map(([type, body]) => message(type, body))
  const anyRecord = fc
    .tuple(fc.constantFrom(20, 21, 22, 23), fc.oneof(anyMessage, fc.uint8Array({maxLength: 40})))
    .map(([type, body]) => record(type, body))
  const octets = fc.array(fc.oneof(anyRecord, fc.uint8Array({maxLength: 10})), {maxLength: 6}).map(Buffer.concat)
  const secrets = new Map([['SERVER_HANDSHAKE_TRAFFIC_SECRET', Buffer.alloc(32)]])
  fc.assert(
    fc.property(octets, octets, (fromPeer, toPeer) => {
      const facts = readHandshake({fromPeer, toPeer, secrets})
      expect(facts.certificates === null || Array.isArray(facts.certificates)).toBe(true)
    }),
    {numRuns: 300},
  )
})

test('joins a message that is cut into records of one octet', () => {
  const certificate = message(11, Buffer.from('000004000001aa', 'hex'))
  const fromPeer = Buffer.concat([...certificate].map((octet) => record(22, Buffer.of(octet))))
  expect(readHandshake({fromPeer, toPeer: Buffer.alloc(0), secrets: new Map()}).certificates).toEqual([
    Buffer.from('aa', 'hex'),
  ])
})

test('reads nothing after the cipher of TLS 1.2 was switched on', () => {
  const fromPeer = Buffer.concat([record(20, Buffer.of(1)), record(22, message(11, Buffer.from('000000', 'hex')))])
  expect(readHandshake({fromPeer, toPeer: Buffer.alloc(0), secrets: new Map()}).certificates).toBeNull()
})
