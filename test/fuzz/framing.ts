import {holds, same} from './target.ts'

/** What the octets of a client have to come to, by a second and simpler reading of RFC 5321 and RFC 3030. */
export interface Framing {
  /** The bodies that were answered 250, in the order in which they were. */
  bodies: Buffer[]
  /** `MAIL 250`: which reply met which command. */
  words: Set<string>
}

/** Cuts what a session said into its replies; throws where it is not made of whole, well-formed ones. */
export function repliesIn(text: string): string[] {
  const replies = text.match(/(?:\d{3}-[^\r\n]*\r\n)*\d{3} [^\r\n]*\r\n/g) ?? []
  same(replies.join(''), text, 'what was said is not made of whole replies')
  for (const reply of replies) {
    const codes = reply.split('\r\n').flatMap((line) => line.slice(0, 3) || [])
    holds(/^[2-5]/.test(reply) && new Set(codes).size === 1, `one reply with several codes: ${reply}`)
    holds(/^[\x20-\x7e\r\n]*$/.test(reply), `a reply that is not ASCII: ${reply}`)
  }
  return replies
}

/** Octets that are still to be read. */
class Octets {
  readonly #all: Buffer
  #at = 0

  constructor(all: Buffer) {
    this.#all = all
  }

  get left(): number {
    return this.#all.length - this.#at
  }

  /** Up to and with the mark; null where there is none. */
  through(mark: string): Buffer | null {
    const end = this.#all.indexOf(mark, this.#at, 'latin1')
    return end < 0 ? null : this.take(end + mark.length - this.#at)
  }

  take(length: number): Buffer {
    this.#at += length
    return this.#all.subarray(this.#at - length, this.#at)
  }

  /** A dot that stands alone at the very start ends the data too. */
  message(): Buffer | null {
    if (this.#all.toString('latin1', this.#at, this.#at + 3) === '.\r\n') return this.take(3)
    return this.through('\r\n.\r\n')
  }
}

/**
 * Walks along the octets with the replies in hand (the greeting is the first): every command has exactly one, DATA a second
 * behind its message, and none is left over; a message that breaks no rule was taken, one that does was not.
 */
export function walk(input: Buffer, replies: readonly string[], largest: number): Framing {
  const framing: Framing = {bodies: [], words: new Set()}
  const octets = new Octets(input)
  const waiting = replies.slice(1)
  let chunks: Buffer[] = []
  let challenged = false
  let over = false
  for (let line = octets.through('\n'); line && !over; line = octets.through('\n')) {
    const command = challenged ? '(SASL)' : line.toString('utf8').trimEnd()
    const verb = /^[A-Za-z]*/.exec(command)![0].toUpperCase()
    const reply = next()
    if (reply === null) break
    framing.words.add(
      `${VERBS.has(verb) || challenged ? verb : '?'} ${reply.startsWith('334') ? 334 : reply.slice(0, 9)}`,
    )
    over ||= isLast(reply, verb)
    challenged = reply.startsWith('334')
    if (/^(RSET|EHLO|HELO)$/.test(verb) && reply.startsWith('250')) chunks = []
    if (reply.startsWith('354')) over = !data(next)
    else if (verb === 'BDAT' && !over) over = !chunk(command, reply)
  }
  same(waiting.filter((reply) => !/^421/.test(reply)).length, 0, 'replies that no command asked for')
  holds(waiting.length <= 1, 'more than one farewell')
  return framing

  function next(): string | null {
    return waiting.shift() ?? null
  }

  /** False: the session ended within. */
  function data(answer: () => string | null): boolean {
    const raw = octets.message()
    if (!raw) return false
    const reply = answer()
    holds(reply !== null, 'a message that came to its end got no answer')
    judge(unstuffed(raw), reply)
    return !reply.startsWith('421')
  }

  function chunk(command: string, reply: string): boolean {
    const [, digits, last] = /^bdat[ \t]+(\d{1,15})(?:[ \t]+(last))?$/i.exec(command) ?? []
    // A line that is no command for another reason has no chunk behind it; 500 says that of it.
    if (digits === undefined || reply.startsWith('500')) return true
    if (Number(digits) > octets.left) return false
    chunks.push(octets.take(Number(digits)))
    if (last === undefined) return true
    const message = Buffer.concat(chunks)
    chunks = []
    // Out of order, such as before RCPT: what counts then is that nothing was taken.
    if (!/^(250|5(50|52))/.test(reply)) return true
    const open = message.length > 0 && message.at(-1) !== 0x0a
    if (/^5/.test(reply)) framing.words.add('BDAT refused')
    else judge(Buffer.concat([message, Buffer.from(open ? '\r\n' : '')]), reply, open)
    return true
  }

  function judge(message: Buffer, reply: string, mended = false): void {
    const text = message.toString('latin1')
    const body = Buffer.from(text.replace(/(?<!\r)\n/g, '\r\n'), 'latin1')
    const bareCr = /\r(?!\n)/.test(mended ? text.slice(0, -2) : text)
    const sound = !bareCr && !text.includes('\0') && body.length <= largest
    same(reply.startsWith('250'), sound, `a message of ${body.length} octets was answered ${reply.trim()}; taken`)
    if (sound) framing.bodies.push(body)
  }
}

const VERBS = new Set('EHLO HELO MAIL RCPT DATA BDAT RSET QUIT NOOP HELP VRFY EXPN AUTH STARTTLS ETRN TURN'.split(' '))

function isLast(reply: string, verb: string): boolean {
  return /^(421|221)/.test(reply) || (verb === 'STARTTLS' && reply.startsWith('220'))
}

/** RFC 5321 §4.5.2, on lines that end in CRLF and in nothing else. */
function unstuffed(raw: Buffer): Buffer {
  const lines = raw.toString('latin1').split('\r\n').slice(0, -2)
  return Buffer.from(lines.map((line) => `${line.replace(/^\./, '')}\r\n`).join(''), 'latin1')
}
