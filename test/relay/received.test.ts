import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {HeaderScan} from '../../src/relay/header-scan.ts'
import {receivedHeader} from '../../src/relay/received.ts'

const tls = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  bits: 256,
  group: null,
  serverName: null,
  client: null,
}
const facts = {
  client: {address: '127.0.0.1', hello: 'client.example', protocol: 'ESMTPS' as const, tls},
  hostname: 'relay.example.org',
  queueId: 'Q1A2',
  recipients: ['colonel@example.mil'],
  smtputf8: false,
  now: Date.UTC(2026, 10, 28, 12, 0, 1),
}
const header = (change: Partial<typeof facts>) => receivedHeader({...facts, ...change}).toString()

describe('the Received header', () => {
  test('names the client, the TLS facts and the queue id', () => {
    expect(header({})).toBe(
      'Received: from client.example ([127.0.0.1])\r\n' +
        '\tby relay.example.org (Postern) with ESMTPS\r\n' +
        '\t(TLSv1.3 TLS_AES_256_GCM_SHA384 256 bits)\r\n' +
        '\tid Q1A2\r\n\tfor <colonel@example.mil>;\r\n' +
        '\tSat, 28 Nov 2026 12:00:01 +0000\r\n',
    )
  })

  test('does not tell recipients of one another', () => {
    expect(header({recipients: ['a@example.mil', 'b@example.mil']})).not.toContain('@example.mil')
  })

  test.each(['evil)\r\nX: y', 'a b', '<script>', '', 'x'.repeat(300)])('does not repeat %j as a name', (hello) => {
    expect(header({client: {...facts.client, hello}})).toMatch(/^Received: from unknown /)
  })

  test('says UTF8SMTPS for a message with SMTPUTF8', () => {
    expect(header({smtputf8: true})).toContain('with UTF8SMTPS\r\n')
  })
})

describe('the count of hops', () => {
  const message = Buffer.from(
    'Received: a\r\n\tb\r\nSubject: Received: no\r\nrEcEiVeD: c\r\nReceivedX: d\r\n\r\nReceived: body\r\n',
  )

  test('is the same however the message is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({min: 1, max: 12})), (sizes) => {
        const scan = new HeaderScan()
        let at = 0
        for (const size of [...sizes, message.length]) {
          scan.push(message.subarray(at, at + size))
          at += size
        }
        expect(scan.hops).toBe(2)
      }),
    )
  })
})
