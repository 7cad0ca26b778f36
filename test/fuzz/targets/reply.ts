import {Duplex} from 'node:stream'
import type {Reply} from '../../../src/mail/reply.ts'
import {Channel} from '../../../src/smtp/channel.ts'
import {SmtpError} from '../../../src/smtp/error.ts'
import {LONGEST_LINE} from '../../../src/smtp/line-reader.ts'
import {LONGEST_REPLY, MOST_REPLY_LINES} from '../../../src/smtp/reply-parser.ts'
import {cutAnywhere, Random, seedOf} from '../random.ts'
import {holds, same, type Target} from '../target.ts'

interface Heard {
  replies: Reply[]
  /** Code of the error behind them. */
  end: string
}

/** Replies of a peer, up to its end or the first that is none: as a plain reading of the lines has it, however they are cut. */
export function replies(): Target {
  return {
    name: 'reply',
    dictionary: [
      ...[
        '220 x\r\n',
        '250-',
        '250 ',
        '250\r\n',
        '550 5.1.1 no\r\n',
        '421 4.3.2 ',
        '354 go\r\n',
        '100 ',
        '600 ',
        '25',
        '999',
      ],
      ...['\r\n', '\n', '\r', '\r\r\n', '\0', '-', ' ', '\t', 'é', '٢٥٠ ', '\u2028', Buffer.of(0xff)],
    ],
    check: async (input) => {
      const whole = await heard([input])
      same(
        await heard(cutAnywhere(input, new Random(seedOf(input)), 1 + (input.length >> 3))),
        whole,
        'cut into pieces',
      )
      same(whole, plainReading(input), 'another reading')
      const kinds = whole.replies.map(({code, lines}) => `${Math.floor(code / 100)} in ${Math.min(lines.length, 5)}`)
      return [whole.end, `${Math.min(whole.replies.length, 20)} replies`, ...kinds]
    },
  }
}

async function heard(pieces: readonly Buffer[]): Promise<Heard> {
  const stream = new Duplex({read() {}, write: (_, __, done) => done()})
  const channel = new Channel(stream)
  const limit = {ms: 20_000}
  for (const piece of pieces) stream.push(piece)
  stream.push(null)
  const found: Reply[] = []
  for (;;) {
    try {
      found.push(await channel.read(limit))
    } catch (error) {
      holds(error instanceof SmtpError, `${error} is none of its errors`)
      holds(/^[^\x00-\x1f\x7f]*$/.test(error.message), 'control characters in what is said of it')
      return {replies: found, end: error.code}
    }
  }
}

/** All lines first, then the replies. */
function plainReading(input: Buffer): Heard {
  const found: Reply[] = []
  const lines = input.toString('latin1').split('\n')
  const rest = lines.pop()!
  let reply: Reply | null = null
  for (const raw of lines) {
    const line = Buffer.from(raw.replace(/\r$/, ''), 'latin1').toString('utf8')
    const code = Number(/^\d\d\d/.exec(line)?.[0] ?? 0)
    const sound = raw.length < LONGEST_LINE && code >= 200 && code <= 599 && ['', ' ', '-'].includes(line.slice(3, 4))
    if (!sound || (reply && reply.code !== code)) return {replies: found, end: 'smtp-protocol-error'}
    reply ??= {code, lines: []}
    reply.lines.push(line.slice(4))
    if (reply.lines.length > MOST_REPLY_LINES || reply.lines.join('').length > LONGEST_REPLY)
      return {replies: found, end: 'smtp-protocol-error'}
    if (line[3] === '-') continue
    found.push(reply)
    reply = null
  }
  return {replies: found, end: reply || rest !== '' ? 'smtp-protocol-error' : 'smtp-connection-lost'}
}
