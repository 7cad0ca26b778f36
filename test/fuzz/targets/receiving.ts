import type {Socket} from 'node:net'
import {duplexPair} from 'node:stream'
import {text} from 'node:stream/consumers'
import {createSecureContext} from 'node:tls'
import {DotStuffer} from '../../../src/smtp/dot-stuffing.ts'
import {receiveSession} from '../../../src/smtp/receive.ts'
import {ReceiveMemory} from '../../../src/smtp/receive-memory.ts'
import type {ReceiverOptions} from '../../../src/smtp/receiver.ts'
import {acceptingHouse, type Taken} from '../../smtp/receive-support.ts'
import {repliesIn, walk} from '../framing.ts'
import {cutAnywhere, Random, seedOf} from '../random.ts'
import {holds, same, type Target} from '../target.ts'
import {SMTP_WORDS} from './smtp-words.ts'

/** Octets of the largest message, small enough for the fuzzer to reach. */
const LARGEST = 4_000

interface Session {
  replies: string[]
  taken: Taken[]
}

/**
 * The receiving session in clear text: what it answers is well-formed, one reply for each command; what it takes is what a
 * second reading of the octets says; how the octets are cut into segments changes nothing; nothing is held at the end.
 */
export function receiving(): Target {
  return {
    name: 'receiving',
    dictionary: SMTP_WORDS,
    check: async (input) => {
      const whole = await session(input, [input], 'normalize')
      const cut = cutAnywhere(input, new Random(seedOf(input)), 1 + (input.length >> 3))
      same(await session(input, cut, 'normalize'), whole, 'cut into pieces it comes to something else')
      const framing = walk(input, whole.replies, LARGEST)
      same(
        whole.taken.map(({body}) => body),
        framing.bodies,
        'what was taken is not what was sent',
      )
      for (const {body} of whole.taken) isUnambiguous(body)
      const strict = await session(input, [input], 'refuse')
      holds(
        strict.taken.every(({body}) => whole.taken.some((taken) => taken.body.equals(body))),
        'strict, it took more',
      )
      return framing.words
    },
  }
}

async function session(
  input: Buffer,
  pieces: readonly Buffer[],
  bareLineFeeds: 'normalize' | 'refuse',
): Promise<Session> {
  const [ours, theirs] = duplexPair()
  const memory = new ReceiveMemory(1_000_000)
  const {handlers, taken, counts} = acceptingHouse()
  const said = text(theirs)
  const running = receiveSession(ours as Socket, {...OPTIONS, memory, bareLineFeeds}, handlers)
  for (const piece of pieces) theirs.write(piece)
  theirs.end()
  await running
  const replies = repliesIn(await said)
  holds(memory.held === 0, `${memory.held} octets are still held at the end`)
  holds(memory.peak <= 2 * input.length, `${memory.peak} octets were held of ${input.length}`)
  same(counts.begun, taken.length + counts.aborted, 'messages begun that neither ended nor were given up')
  return {replies, taken: taken.map(({client, ...rest}) => ({client: {...client, session: ''}, ...rest}))}
}

const OPTIONS: ReceiverOptions = {
  hostname: 'mx.example.test',
  mode: 'starttls',
  secureContext: createSecureContext(),
  requestClientCertificate: false,
  limits: {messageSize: LARGEST, recipients: 3, errors: 12, commandLine: 1024},
  timeouts: {command: 20_000, data: 20_000, handshake: 20_000, session: 50_000},
  // What comes behind the 220 is a handshake, of which another target knows more.
  insteadOfTls: async () => {},
}

const LINE_ENDS = ['\r\n', '\r', '\n']

/** However a next hop reads line ends, what we send of it has one end: its last line. */
function isUnambiguous(body: Buffer): void {
  holds(!/\r(?!\n)|(?<!\r)\n|\0/.test(body.toString('latin1')), 'a bare CR, a bare LF or NUL in what was taken')
  const stuffer = new DotStuffer()
  const sent = Buffer.concat([stuffer.stuff(body), stuffer.end()]).toString('latin1')
  for (const before of LINE_ENDS) {
    for (const behind of LINE_ENDS) {
      const end = `${before}${sent}`.indexOf(`${before}.${behind}`) - before.length
      holds(end < 0 || end + before.length + 1 + behind.length >= sent.length - 1, 'an end of data within a message')
    }
  }
}
