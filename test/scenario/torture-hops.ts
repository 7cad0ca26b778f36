import type {TLSSocket} from 'node:tls'
import type {Answer, PeerScript, Talk} from '../support/peer.ts'

/** A next hop that misbehaves, and what has to become of mail for it. */
export interface Hop {
  /** What it does, as the end of a sentence that begins with its moment. */
  does: string
  script: PeerScript
  level?: 'preferred' | 'secure'
  /** Certificate: default good where `tls` is set. */
  tls?: 'good' | 'untrusted' | 'TLSv1.2'
  fate: 'delivered' | 'deferred' | 'bounced'
  /** Beginning of the status. */
  status: string
  /** It has the whole message, whatever it said to it. */
  took?: true
  /** It may have kept what it did not acknowledge: the message may arrive twice (RFC 5321 §4.5.3.2.6). */
  twice?: true
  /** The body is larger than what sockets hold. */
  large?: true
}

const close = ({end}: Talk): void => end()
const reset = ({drop}: Talk): void => drop()
const silence = null
/** Raw octets, then the end. */
const thenClose =
  (octets: string) =>
  ({send, end}: Talk): void => {
    send(octets)
    end()
  }
const raw =
  (octets: string) =>
  ({send}: Talk): void =>
    send(octets)
/** Again and again until the connection is gone. */
const endless =
  (octets: string, everyMs: number) =>
  ({send, stream}: Talk): void => {
    const timer = setInterval(() => (stream.writable ? send(octets) : clearInterval(timer)), everyMs)
    stream.once('close', () => clearInterval(timer))
  }
const pieces =
  (...octets: string[]) =>
  ({send}: Talk): void =>
    octets.forEach((piece, i) => {
      setTimeout(() => send(piece), 20 * i)
    })

const at = (verb: string, answer: Answer): PeerScript => ({replies: {[verb]: answer}})
const starttls = (answer: Answer): PeerScript => ({extensions: ['STARTTLS'], replies: {STARTTLS: answer}})
const greeting = (answer: Answer): PeerScript => ({greeting: answer})
const chunked = (answer: Answer): PeerScript => ({extensions: ['PIPELINING', 'CHUNKING'], replies: {BDAT: answer}})
/** Answers the second EHLO, the one inside TLS, like this. */
const insideTls = (answer: (talk: Talk) => void): PeerScript => {
  return at('EHLO', (talk) => {
    if ('getProtocol' in talk.stream) answer(talk)
    else talk.send('250-peer\r\n250 STARTTLS\r\n')
  })
}
/** Asks for the message, and does this once it comes. */
const inBody = (then: (talk: Talk) => void): PeerScript => {
  return at('DATA', (talk) => {
    talk.stream.removeAllListeners('data')
    talk.stream.once('data', () => then(talk))
    talk.send('354 go ahead\r\n')
  })
}

const deferred = (status: string) => ({fate: 'deferred', status}) as const
const bounced = (status: string) => ({fate: 'bounced', status}) as const
const delivered = {fate: 'delivered', status: '2.', took: true} as const

export const HOPS: Hop[] = [
  {does: 'greeting: closes', script: greeting(close), ...deferred('4.4.')},
  {does: 'greeting: resets', script: greeting(reset), ...deferred('4.4.')},
  {does: 'greeting: says nothing', script: greeting(silence), ...deferred('4.4.2')},
  {does: 'greeting: drips', script: greeting(endless('2', 100)), ...deferred('4.4.2')},
  {
    does: 'greeting: sends a line of 100 KB',
    script: greeting(raw(`220 ${'x'.repeat(100_000)}\r\n`)),
    ...deferred('4.4.2'),
  },
  {
    does: 'greeting: sends lines without end',
    script: greeting(endless('220-more\r\n'.repeat(50), 10)),
    ...deferred('4.4.2'),
  },
  {does: 'greeting: 554', script: greeting('554 5.7.1 not you'), ...deferred('4.4.2')},
  {does: 'greeting: 421', script: greeting(thenClose('421 4.3.2 busy\r\n')), ...deferred('4.4.2')},
  {does: 'greeting: noise', script: greeting(raw('\x16\x03\x01\xff\xfe\r\n\x00\r\n')), ...deferred('4.4.2')},
  {does: 'greeting: text without a code', script: greeting('hello there'), ...deferred('4.4.2')},
  {does: 'greeting: 120', script: greeting('120 wait'), ...deferred('4.4.2')},
  {does: 'greeting: 999', script: greeting('999 what'), ...deferred('4.4.2')},
  {does: 'greeting: HTTP', script: greeting(thenClose('HTTP/1.1 400 Bad Request\r\n\r\n')), ...deferred('4.4.2')},
  {does: 'greeting: changes the code within', script: greeting('220-one\r\n250 two'), ...deferred('4.4.2')},
  {does: 'greeting: partial, then closes', script: greeting(thenClose('220-one\r\n')), ...deferred('4.4.2')},
  {does: 'greeting: two at once', script: greeting('220 one\r\n220 two'), ...deferred('4.4.2')},
  {does: 'greeting: in pieces', script: greeting(pieces('2', '20-a', '\r', '\n220 b\r', '\n')), ...delivered},
  {does: 'greeting: bare LF', script: greeting(raw('220-one\n220 two\n')), ...delivered},
  {does: 'greeting: NUL in its text', script: greeting('220 a\0b'), ...delivered},
  {does: 'greeting: a code alone', script: greeting('220'), ...delivered},

  {does: 'EHLO: closes', script: at('EHLO', close), ...deferred('4.4.2')},
  {does: 'EHLO: resets', script: at('EHLO', reset), ...deferred('4.4.2')},
  {does: 'EHLO: says nothing', script: at('EHLO', silence), ...deferred('4.4.2')},
  {does: 'EHLO: partial, then closes', script: at('EHLO', thenClose('250-peer\r\n250-SI')), ...deferred('4.4.2')},
  {does: 'EHLO: lines without end', script: at('EHLO', endless('250-X\r\n'.repeat(50), 10)), ...deferred('4.4.2')},
  {does: 'EHLO: 421', script: at('EHLO', thenClose('421 4.3.2 bye\r\n')), ...deferred('4.4.2')},
  {does: 'EHLO: 220', script: at('EHLO', '220 again'), ...deferred('4.4.2')},
  {does: 'EHLO: an odd separator', script: at('EHLO', '250+peer'), ...deferred('4.4.2')},
  {does: 'EHLO and HELO: 550', script: {replies: {EHLO: '550 no', HELO: '550 no'}}, ...deferred('4.4.2')},
  {does: 'EHLO: 502, HELO taken', script: at('EHLO', '502 5.5.1 what?'), ...delivered},

  {does: 'STARTTLS: 454, clear text allowed', script: starttls('454 4.7.0 not now'), ...delivered},
  {does: 'STARTTLS: 454', script: starttls('454 4.7.0 not now'), level: 'secure', ...deferred('4.7.4')},
  {does: 'STARTTLS: 502', script: starttls('502 5.5.1 what?'), level: 'secure', ...deferred('4.7.4')},
  {does: 'STARTTLS: closes', script: starttls(close), level: 'secure', ...deferred('4.7.5')},
  {does: 'STARTTLS: says nothing', script: starttls(silence), level: 'secure', ...deferred('4.7.5')},
  {
    does: 'STARTTLS: 220 with a reply behind it',
    script: starttls('220 go\r\n250 in'),
    level: 'secure',
    ...deferred('4.7.5'),
  },
  {does: 'handshake: noise', script: starttls(raw('220 go\r\n')), level: 'secure', ...deferred('4.7.5')},
  {does: 'handshake: closes', script: starttls(thenClose('220 go\r\n')), level: 'secure', ...deferred('4.7.5')},
  {does: 'handshake: closes, clear text allowed', script: starttls(thenClose('220 go\r\n')), ...delivered},
  {does: 'handshake: an unknown issuer', script: {}, tls: 'untrusted', level: 'secure', ...deferred('4.7.5')},
  {does: 'EHLO inside TLS: closes', script: insideTls(close), tls: 'good', level: 'secure', ...deferred('4.7.5')},
  {does: 'EHLO inside TLS: resets', script: insideTls(reset), tls: 'good', level: 'secure', ...deferred('4.7.5')},
  {does: 'EHLO inside TLS: nothing', script: insideTls(() => {}), tls: 'good', level: 'secure', ...deferred('4.7.5')},
  {
    does: 'EHLO inside TLS: 421',
    script: insideTls(thenClose('421 4.3.2 bye\r\n')),
    tls: 'good',
    level: 'secure',
    ...deferred('4.4.2'),
  },
  {
    does: 'EHLO inside TLS: STARTTLS once more',
    script: insideTls(raw('250-peer\r\n250 STARTTLS\r\n')),
    tls: 'good',
    level: 'secure',
    ...delivered,
  },
  {
    does: 'MAIL inside TLS 1.2: renegotiates, which is refused',
    script: {
      extensions: [],
      replies: {
        MAIL: ({stream, send}) => {
          ;(stream as TLSSocket).renegotiate({}, () => {})
          setTimeout(() => send('250 ok\r\n'), 50)
        },
      },
    },
    tls: 'TLSv1.2',
    level: 'secure',
    ...deferred('4.4.2'),
  },

  {does: 'MAIL: closes', script: at('MAIL', close), ...deferred('4.4.2')},
  {does: 'MAIL: resets', script: at('MAIL', reset), ...deferred('4.4.2')},
  {does: 'MAIL: says nothing', script: at('MAIL', silence), ...deferred('4.4.2')},
  {does: 'MAIL: 421', script: at('MAIL', thenClose('421 4.3.2 bye\r\n')), ...deferred('4.3.2')},
  {does: 'MAIL: 451', script: at('MAIL', '451 4.3.0 later'), ...deferred('4.3.0')},
  {does: 'MAIL: 550', script: at('MAIL', '550 5.7.1 no'), ...bounced('5.7.1')},
  {does: 'MAIL: 552', script: at('MAIL', '552 too much'), ...bounced('5.')},
  {does: 'MAIL: 354', script: at('MAIL', '354 go on'), ...deferred('4.4.2')},
  {does: 'MAIL: half a code, then closes', script: at('MAIL', thenClose('25')), ...deferred('4.4.2')},
  {does: 'MAIL: two replies', script: {extensions: [], replies: {MAIL: '250 one\r\n250 two'}}, ...deferred('4.4.2')},
  {does: 'MAIL: its reply comes before it', script: {...at('EHLO', '250 peer\r\n250 early')}, ...deferred('4.4.2')},

  {does: 'RCPT: 550, then closes', script: at('RCPT', thenClose('550 5.1.1 who?\r\n')), ...bounced('5.1.1')},
  {does: 'RCPT: partial 550, then closes', script: at('RCPT', thenClose('550-5.1.1 who?\r\n')), ...deferred('4.4.2')},
  {does: 'RCPT: 550 that turns into 250', script: at('RCPT', '550-no\r\n250 yes'), ...deferred('4.4.2')},
  {does: 'RCPT: 450', script: at('RCPT', '450 4.2.1 later'), ...deferred('4.2.1')},
  {does: 'RCPT: 354', script: at('RCPT', '354 go on'), ...deferred('4.4.2')},
  {does: 'RCPT: noise', script: at('RCPT', raw('\xff\xfe\x00\r\n')), ...deferred('4.4.2')},
  {does: 'RCPT: says nothing', script: at('RCPT', silence), ...deferred('4.4.2')},
  {does: 'RCPT: 251', script: at('RCPT', '251 2.1.5 elsewhere'), ...delivered},

  {does: 'DATA: 250', script: at('DATA', '250 done'), ...deferred('4.4.2')},
  {does: 'DATA: closes', script: at('DATA', close), ...deferred('4.4.2')},
  {does: 'DATA: says nothing', script: at('DATA', silence), ...deferred('4.4.2')},
  {does: 'DATA: 451', script: at('DATA', '451 4.3.0 later'), ...deferred('4.3.0')},
  {does: 'DATA: 554', script: at('DATA', '554 5.7.1 no'), ...bounced('5.7.1')},
  {does: 'DATA: 354 and its 250 at once', script: at('DATA', '354 go\r\n250 kept'), ...deferred('4.4.2')},
  {does: 'body: stops reading', script: inBody(({stream}) => stream.pause()), large: true, ...deferred('4.4.2')},
  {does: 'body: resets', script: inBody(reset), large: true, ...deferred('4.4.2')},
  {does: 'body: 552', script: inBody(raw('552 5.3.4 too much\r\n')), large: true, ...bounced('5.3.4')},
  {does: 'body: 421', script: inBody(raw('421 4.3.2 bye\r\n')), large: true, ...deferred('4.3.2')},

  {does: 'final dot: closes', script: at('.', close), took: true, twice: true, ...deferred('4.4.2')},
  {does: 'final dot: resets', script: at('.', reset), took: true, twice: true, ...deferred('4.4.2')},
  {does: 'final dot: says nothing', script: at('.', silence), took: true, twice: true, ...deferred('4.4.2')},
  {
    does: 'final dot: partial, then closes',
    script: at('.', thenClose('250-ok\r\n')),
    took: true,
    twice: true,
    ...deferred('4.4.2'),
  },
  {does: 'final dot: noise', script: at('.', 'what?'), took: true, twice: true, ...deferred('4.4.2')},
  {does: 'final dot: 354', script: at('.', raw('354 more\r\n')), took: true, ...deferred('4.4.2')},
  {does: 'final dot: 421', script: at('.', thenClose('421 4.3.2 bye\r\n')), took: true, ...deferred('4.3.2')},
  {does: 'final dot: 452', script: at('.', '452 4.3.1 full'), took: true, ...deferred('4.3.1')},
  {does: 'final dot: 550', script: at('.', '550 5.7.1 spam'), took: true, ...bounced('5.7.1')},
  {does: 'final dot: 250, then closes', script: at('.', thenClose('250 kept\r\n')), ...delivered},
  {does: 'final dot: 250 in pieces', script: at('.', pieces('2', '50-a\r\n25', '0 b\r', '\n')), ...delivered},
  {does: 'final dot: 250 and an unasked 421', script: at('.', '250 kept\r\n421 4.3.2 bye'), ...delivered},
  {
    does: 'final dot: 250 inside TLS, then resets without close_notify',
    script: at('.', ({send, drop}) => {
      send('250 kept\r\n')
      setTimeout(drop, 100)
    }),
    tls: 'good',
    level: 'secure',
    ...delivered,
  },
  {does: 'QUIT: says nothing', script: at('QUIT', silence), ...delivered},
  {does: 'QUIT: resets', script: at('QUIT', reset), ...delivered},

  {does: 'BDAT: 550', script: chunked('550 5.7.1 spam'), took: true, ...bounced('5.7.1')},
  {does: 'BDAT: 354', script: chunked(raw('354 more\r\n')), took: true, ...deferred('4.4.2')},
  {does: 'BDAT: closes', script: chunked(close), took: true, twice: true, ...deferred('4.4.2')},
  {
    does: 'BDAT: 250 to its first chunk, 452 to the next',
    script: chunked(secondRefused()),
    large: true,
    ...deferred('4.3.1'),
  },
]

function secondRefused(): Answer {
  let count = 0
  return ({send}) => send(count++ === 0 ? '250 2.0.0 more\r\n' : '452 4.3.1 full\r\n')
}
