import {createHash, randomBytes, randomInt} from 'node:crypto'
import {once} from 'node:events'
import {connect, type Socket} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'
import {connect as connectTls} from 'node:tls'

/** What clients know of the messages they handed over. */
export class Load {
  /** Answered 250: the relay's from then on. */
  readonly acknowledged = new Set<string>()
  /** The final dot went out, and no answer came back: may be delivered, need not. */
  readonly unanswered = new Set<string>()
  readonly #port: number
  readonly #recipientOf: (id: string) => string
  #running = true
  #next = 0
  readonly #clients: Promise<void>[]

  /** Over STARTTLS; `recipientOf`: where a message goes. */
  constructor(port: number, clients: number, recipientOf: (id: string) => string) {
    this.#port = port
    this.#recipientOf = recipientOf
    this.#clients = Array.from({length: clients}, () => this.#client())
  }

  async stop(): Promise<void> {
    this.#running = false
    await Promise.all(this.#clients)
  }

  async #client(): Promise<void> {
    while (this.#running) {
      try {
        await this.#session()
      } catch {
        // The relay is dead, or was killed under our hands: that is the test.
        await sleep(20)
      }
    }
  }

  async #session(): Promise<void> {
    const socket = connect(this.#port, '127.0.0.1')
    const talk = new Talk(socket)
    try {
      await talk.expect('220')
      await talk.ask('EHLO load.example', '250')
      await talk.ask('STARTTLS', '220')
      await talk.encrypt()
      await talk.ask('EHLO load.example', '250')
      for (let n = 0; n < 20 && this.#running; n++) await this.#message(talk)
      await talk.ask('QUIT', '221')
    } finally {
      socket.destroy()
    }
  }

  async #message(talk: Talk): Promise<void> {
    const id = `m${this.#next++}`
    await talk.ask('MAIL FROM:<load@example.org>', '250')
    await talk.ask(`RCPT TO:<${this.#recipientOf(id)}>`, '250')
    await talk.ask('DATA', '354')
    this.unanswered.add(id)
    await talk.ask(`${letter(id)}.`, '250')
    this.unanswered.delete(id)
    this.acknowledged.add(id)
  }
}

/** A message that proves that it is whole. One in ten is large enough to leave the database row. */
function letter(id: string): string {
  const size = randomInt(10) === 0 ? randomInt(60_000, 200_000) : randomInt(100, 8_000)
  const lines = randomBytes(size).toString('base64').replace(/.{76}/g, '$&\r\n')
  const body = `${lines}\r\nend of ${id}\r\n`
  return `Subject: ${id}\r\nX-Sum: ${sum(body)}\r\n\r\n${body}`
}

/** The id of a message as it arrived; null when anything of it is missing or changed. */
export function wholeId(message: string): string | null {
  const end = message.indexOf('\r\n\r\n')
  const [head, body] = [message.slice(0, end), message.slice(end + 4)]
  const id = /^Subject: (m\d+)\r?$/m.exec(head)?.[1]
  const expected = /^X-Sum: (\w+)\r?$/m.exec(head)?.[1]
  return id !== undefined && sum(body) === expected ? id : null
}

function sum(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

class Talk {
  #socket: Socket
  #text = ''
  #wake: (() => void) | null = null
  #over = false

  constructor(socket: Socket) {
    this.#socket = socket
    this.#listen()
  }

  async encrypt(): Promise<void> {
    this.#socket.removeAllListeners('data')
    // A text encoding would spoil the octets of the handshake.
    const secured = connectTls({socket: this.#socket, rejectUnauthorized: false})
    this.#socket = secured
    this.#listen()
    await once(secured, 'secureConnect')
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1')
      this.#wake?.()
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.#over = true
      this.#wake?.()
    })
  }

  ask(line: string, code: string): Promise<void> {
    this.#socket.write(`${line}\r\n`)
    return this.expect(code)
  }

  async expect(code: string): Promise<void> {
    for (;;) {
      const reply = /^(?:\d{3}-.*\r\n)*(\d{3}) .*\r\n/.exec(this.#text)
      if (reply) {
        this.#text = this.#text.slice(reply[0].length)
        if (reply[1] === code) return
        throw new Error(reply[0])
      }
      if (this.#over) throw new Error('closed')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
