import {afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {profileWith, type TestPki, testPki} from '../support/engine.ts'
import type {PeerScript} from '../support/peer.ts'
import {Carriage, mailed, said} from './carriage.ts'

const ZONE = `
  a.example 1 MX 10 mx1.example
  a.example 1 MX 20 mx2.example
  mx1.example 1 A 127.0.0.1
  mx2.example 1 A 127.0.0.2
  sender.example 1 MX 10 mx2.example
`

let pki: TestPki
let carriage: Carriage
beforeAll(async () => {
  pki = await testPki()
})
beforeEach(async () => {
  carriage = await Carriage.make(pki)
})
afterEach(() => carriage.end())

describe('the next host', () => {
  test.each<[string, PeerScript]>([
    ['a greeting of 421', {greeting: '421 4.3.2 busy'}],
    ['a greeting of 554', {greeting: '554 5.7.1 not you'}],
    ['a connection closed at EHLO', {replies: {EHLO: ({end}) => end()}}],
    ['EHLO and HELO refused', {replies: {EHLO: '550 no', HELO: '550 no'}}],
    ['a 451 to MAIL', {replies: {MAIL: '451 4.3.0 later'}}],
    ['a connection lost at MAIL', {replies: {MAIL: ({drop}) => drop()}}],
    ['a 450 to RCPT', {replies: {RCPT: '450 4.2.1 later'}}],
    ['a 421 to RCPT', {replies: {RCPT: '421 4.3.2 bye'}}],
    ['a 451 to DATA', {replies: {DATA: '451 4.3.0 later'}}],
    ['a connection lost at DATA', {replies: {DATA: ({drop}) => drop()}}],
    ['a 452 to the message', {replies: {'.': '452 4.3.1 full'}}],
    ['a lack of 8BITMIME', {extensions: []}],
  ])('is asked after %s', async (_, script) => {
    await carriage.hop('127.0.0.1', script)
    const second = await carriage.hop('127.0.0.2', {extensions: ['8BITMIME']})
    await carriage.open({zone: ZONE})
    await carriage.put({to: ['x@a.example'], text: 'Subject: x\r\n\r\nü\r\n', options: {body: '8bitmime'}})
    carriage.start()
    expect(await carriage.fate('x@a.example')).toMatchObject({event: 'delivered', path: {host: 'mx2.example'}})
    expect(mailed(second)).toHaveLength(1)
    expect(await carriage.entries()).toEqual([])
  })

  test('is asked after STARTTLS broke, where the profile has no clear text', async () => {
    await carriage.hop('127.0.0.1', {extensions: ['STARTTLS'], replies: {STARTTLS: ({drop}) => drop()}})
    await carriage.hopWithTls('127.0.0.2')
    await carriage.open({zone: ZONE, profileFor: () => profileWith([pki.root], 'secure')})
    await carriage.put({to: ['x@a.example']})
    carriage.start()
    expect(await carriage.fate('x@a.example')).toMatchObject({path: {host: 'mx2.example', outcome: 'verified'}})
  })

  test('is asked for those alone whom the first neither took nor refused', async () => {
    const first = await carriage.hop('127.0.0.1', {
      replies: {
        RCPT: ({send}, line) => {
          if (line.includes('gone@')) send('550 5.1.1 who?\r\n')
          else send(line.includes('busy@') ? '451 4.2.0 later\r\n' : '250 ok\r\n')
        },
      },
    })
    const second = await carriage.hop('127.0.0.2')
    await carriage.open({zone: ZONE})
    await carriage.put({to: ['ok@a.example', 'gone@a.example', 'busy@a.example'], from: ''})
    carriage.start()
    expect(await carriage.waitFor(3)).toEqual([
      'bounced gone@a.example 5.1.1',
      'delivered busy@a.example 2.0.0',
      'delivered ok@a.example 2.0.0',
    ])
    expect(mailed(first)).toHaveLength(1)
    expect(said(second, 'RCPT')).toEqual(['RCPT TO:<busy@a.example>'])
  })

  test('is not asked after a 550, also where the peer hangs up behind it', async () => {
    await carriage.hop('127.0.0.1', {
      replies: {
        RCPT: ({send, end}, line) => {
          if (!line.includes('gone@')) return send('250 ok\r\n')
          send('550 5.1.1 who?\r\n')
          end()
        },
      },
    })
    const second = await carriage.hop('127.0.0.2')
    await carriage.open({zone: ZONE})
    await carriage.put({to: ['ok@a.example', 'gone@a.example'], from: ''})
    carriage.start()
    expect(await carriage.waitFor(2)).toEqual(['bounced gone@a.example 5.1.1', 'delivered ok@a.example 2.0.0'])
    expect(said(second, 'RCPT')).toEqual(['RCPT TO:<ok@a.example>'])
  })

  test('is not asked where the answer to the whole message is lost: it may have arrived', async () => {
    await carriage.hop('127.0.0.1', {replies: {'.': ({drop}) => drop()}})
    const second = await carriage.hop('127.0.0.2')
    await carriage.open({zone: ZONE})
    await carriage.put({to: ['x@a.example']})
    carriage.start()
    const fate = await carriage.fate('x@a.example')
    expect(fate).toMatchObject({event: 'deferred', status: '4.4.2'})
    expect(fate.reason).toContain('may have arrived and may arrive again')
    expect(second.connections).toEqual([])
  })

  test('and all others refusing leaves the last word of the last', async () => {
    await carriage.hop('127.0.0.1', {replies: {MAIL: '451 4.3.0 first'}})
    await carriage.hop('127.0.0.2', {replies: {MAIL: '451 4.3.0 second'}})
    await carriage.open({zone: ZONE})
    await carriage.put({to: ['x@a.example']})
    carriage.start()
    expect(await carriage.fate('x@a.example')).toMatchObject({event: 'deferred', reason: '451 4.3.0 second'})
    const attempt = carriage.events.find(({event}) => event === 'attempt')
    expect(attempt).toMatchObject({path: {host: 'mx1.example', reason: '451 4.3.0 first; the next host is asked'}})
  })
})

describe('what a host lacks', () => {
  const eightBit = {text: 'Subject: x\r\n\r\nü\r\n', options: {body: '8bitmime' as const}, from: ''}

  test('returns the message when no host has it', async () => {
    await carriage.hop('127.0.0.1')
    await carriage.hop('127.0.0.2')
    await carriage.open({zone: ZONE})
    await carriage.put({to: ['x@a.example'], ...eightBit})
    carriage.start()
    const fate = await carriage.fate('x@a.example')
    expect(fate).toMatchObject({event: 'bounced', status: '5.6.3'})
    expect(fate.reason).toMatch(/^5\.6\.3 the message has 8-bit content/)
    expect(carriage.peers.flatMap((hop) => said(hop, 'MAIL'))).toEqual([])
  })

  test('keeps the message while another host was not reached, which may have it', async () => {
    await carriage.hop('127.0.0.1')
    await carriage.open({zone: ZONE})
    await carriage.put({to: ['x@a.example'], ...eightBit})
    carriage.start()
    const fate = await carriage.fate('x@a.example')
    expect(fate).toMatchObject({event: 'deferred', status: '4.6.3'})
    expect(fate.reason).toContain('mx2.example, which may, was not reached')
  })

  test('is told of an address that needs SMTPUTF8, and changes nothing for the others', async () => {
    await carriage.hop('127.0.0.1')
    await carriage.hop('127.0.0.2')
    await carriage.open({zone: ZONE})
    const options = {smtputf8: true}
    await carriage.put({to: ['ü@a.example', 'x@a.example'], from: '', options})
    carriage.start()
    expect(await carriage.waitFor(2)).toEqual(['bounced ü@a.example 5.6.7', 'delivered x@a.example 2.0.0'])
  })
})

describe('REQUIRETLS', () => {
  const options = {requireTls: true}

  test('goes to a verified host that offers it, and is handed on', async () => {
    const hop = await carriage.hopWithTls('127.0.0.1', {extensions: ['REQUIRETLS']})
    await carriage.open({zone: ZONE})
    await carriage.put({to: ['x@a.example'], options})
    carriage.start()
    expect(await carriage.fate('x@a.example')).toMatchObject({event: 'delivered', path: {outcome: 'verified'}})
    expect(said(hop, 'MAIL')).toEqual(['MAIL FROM:<ops@sender.example> REQUIRETLS'])
  })

  test.each<[string, PeerScript, boolean, string]>([
    ['does not offer it', {}, true, '5.7.30'],
    ['is not verified', {extensions: ['REQUIRETLS']}, false, '5.7.10'],
  ])('returns the message where the only host %s, and MAIL is never said', async (_, script, trusted, status) => {
    const tls = await (trusted ? pki : await testPki()).host({dnsNames: ['mx1.example']})
    const hop = await carriage.hop('127.0.0.1', {...script, tls})
    await carriage.open({zone: 'a.example 1 MX 10 mx1.example\nmx1.example 1 A 127.0.0.1'})
    await carriage.put({to: ['x@a.example'], options})
    carriage.start()
    expect(await carriage.fate('x@a.example')).toMatchObject({event: 'bounced', status})
    expect(said(hop, 'MAIL')).toEqual([])
  })
})

describe('many recipients', () => {
  const zone = 'a.example 1 MX 10 mx1.example\nmx1.example 1 A 127.0.0.1'
  const to = Array.from({length: 250}, (_, i) => `u${i}@a.example`)

  test('share one transaction, however many there are', async () => {
    const hop = await carriage.hop('127.0.0.1')
    await carriage.open({zone})
    await carriage.put({to})
    carriage.start()
    await carriage.waitFor(250)
    expect(said(hop, 'MAIL')).toHaveLength(1)
    expect(said(hop, 'RCPT')).toHaveLength(250)
  })

  test.each([
    ['452 4.5.3 too many recipients', 3],
    ['452 too many recipients', 3],
  ])('behind a %s go out in further transactions at once', async (reply, transactions) => {
    let taken = 0
    const hop = await carriage.hop('127.0.0.1', {
      replies: {
        MAIL: ({send}) => {
          taken = 0
          send('250 ok\r\n')
        },
        RCPT: ({send}) => send(++taken > 100 ? `${reply}\r\n` : '250 ok\r\n'),
      },
    })
    await carriage.open({zone})
    await carriage.put({to})
    carriage.start()
    const fates = await carriage.waitFor(250)
    expect(fates.filter((fate) => fate.startsWith('delivered'))).toHaveLength(250)
    expect(said(hop, 'MAIL')).toHaveLength(transactions)
    expect(mailed(hop)).toHaveLength(transactions)
    expect(hop.connections).toHaveLength(1)
  })

  test('with a 452 that speaks of one mailbox wait for their turn', async () => {
    const hop = await carriage.hop('127.0.0.1', {
      replies: {RCPT: ({send}, line) => send(line.includes('u7@') ? '452 4.2.2 mailbox full\r\n' : '250 ok\r\n')},
    })
    await carriage.open({zone})
    await carriage.put({to: to.slice(0, 10)})
    carriage.start()
    expect(await carriage.waitFor(10)).toContain('deferred u7@a.example 4.2.2')
    expect(said(hop, 'MAIL')).toHaveLength(1)
  })
})
