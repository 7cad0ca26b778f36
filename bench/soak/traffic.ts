import {once} from 'node:events'
import {setTimeout as sleep} from 'node:timers/promises'
import {connect} from 'node:tls'
import {RawClient} from '../../test/smtp/receive-support.ts'
import {plainMessage} from '../../test/smtp/sasl-client.ts'
import type {Key, Ledger} from './ledger.ts'

export interface TrafficOptions {
  port: number
  implicitPort: number
  clients: number
  /** Domains that mail goes to. */
  domains: readonly string[]
  /** Where DSNs go. */
  home: string
  user: {name: string; password: string}
  ledger: Ledger
}

/** Clients of several kinds, each of which begins a new session as soon as its last one is over. */
export class Traffic {
  sessions = 0
  readonly #options: TrafficOptions
  readonly #clients: Promise<void>[]
  #running = true
  #next = 0

  constructor(options: TrafficOptions) {
    this.#options = options
    this.#clients = Array.from({length: options.clients}, () => this.#run())
  }

  /** Resolves once the last session is over. */
  async stop(): Promise<void> {
    this.#running = false
    await Promise.all(this.#clients)
  }

  async #run(): Promise<void> {
    while (this.#running) {
      this.sessions++
      const client = await RawClient.open(pick([this.#options.port, this.#options.port, this.#options.implicitPort]))
      await pick(KINDS)(new Conversation(client, this.#options, () => `m${this.#next++}`))
      client.close()
      await sleep(5)
    }
  }
}

type Kind = (client: Conversation) => Promise<unknown>

const send =
  (...sizes: number[]): Kind =>
  async (client) => {
    for (const size of sizes) if (!(await client.message(size, pick(['DATA', 'BDAT'])))) return
    await client.ask('QUIT')
  }

const within =
  (kind: Kind): Kind =>
  async (client) => {
    await client.startTls()
    await client.ask('EHLO soak.example')
    await kind(client)
  }

const authenticated = (kind: Kind): Kind =>
  within(async (client) => {
    await client.authenticate()
    await kind(client)
  })

const KINDS: readonly Kind[] = [
  send(500),
  send(2_000, 2_000, 300),
  within(send(4_000)),
  within(send(300, 1_000, 20_000, 300)),
  within(send(200_000)),
  authenticated(send(1_000, 30_000)),
  send(1_500_000),
  // What goes wrong: nothing of it may stay behind.
  async (client) => client.leaveIn('DATA'),
  within(async (client) => client.leaveIn('BDAT')),
  async (client) => client.leaveIn('MAIL'),
  async (client) => client.leaveIn('STARTTLS'),
  async (client) => client.say(Buffer.from('GET / HTTP/1.1\r\n\r\n\0\xff\r\n', 'latin1')),
]

/** One client's session; it has been connected, and nothing more. */
class Conversation {
  readonly #client: RawClient
  readonly #options: TrafficOptions
  readonly #id: () => string
  #greeted = false

  constructor(client: RawClient, options: TrafficOptions, id: () => string) {
    this.#client = client
    this.#options = options
    this.#id = id
  }

  async ask(line: string): Promise<string> {
    await this.#greet()
    return this.#client.ask(line)
  }

  async say(octets: Buffer): Promise<void> {
    await this.#greet()
    this.#client.write(octets)
    await this.#client.reply()
  }

  async startTls(): Promise<void> {
    await this.#greet()
    if (this.#isImplicit) return
    await this.#client.ask('STARTTLS')
    await this.#secure()
  }

  async authenticate(): Promise<void> {
    const {name, password} = this.#options.user
    await this.#client.ask(`AUTH PLAIN ${plainMessage(name, password)}`)
  }

  /** False: it was not taken. */
  async message(size: number, by: 'DATA' | 'BDAT'): Promise<boolean> {
    const {ledger, domains, home} = this.#options
    const id = this.#id()
    const recipients = Array.from(new Set([pick(domains), pick(domains)]), (domain): Key => `${id}@${domain}`)
    await this.ask(`MAIL FROM:<${id}@${home}>`)
    for (const key of recipients) await this.ask(`RCPT TO:<${key}>`)
    const octets = letter(id, size)
    const reply = by === 'DATA' ? await this.#data(octets) : await this.#bdat(octets)
    if (!reply.startsWith('250')) return false
    ledger.accept(recipients, octets.length)
    return true
  }

  /** Goes as far as the word, and then away. */
  async leaveIn(word: 'MAIL' | 'DATA' | 'BDAT' | 'STARTTLS'): Promise<void> {
    await this.ask('MAIL FROM:<gone@soak.example>')
    if (word === 'STARTTLS') {
      await this.ask(this.#isImplicit ? 'NOOP' : 'STARTTLS')
      this.#client.write(Buffer.alloc(300, 0x16))
      return
    }
    if (word === 'MAIL') return
    await this.ask(`RCPT TO:<gone@${this.#options.home}>`)
    if (word === 'DATA') await this.ask('DATA')
    this.#client.write(word === 'DATA' ? 'Subject: gone\r\n\r\n' : 'BDAT 200000 LAST\r\n')
    this.#client.write(Buffer.alloc(90_000, 'x'))
    await sleep(5)
  }

  get #isImplicit(): boolean {
    return this.#client.socket.remotePort === this.#options.implicitPort || 'encrypted' in this.#client.socket
  }

  async #greet(): Promise<void> {
    if (this.#greeted) return
    this.#greeted = true
    if (this.#client.socket.remotePort === this.#options.implicitPort) await this.#secure()
    await this.#client.reply()
    await this.#client.ask('EHLO soak.example')
  }

  async #secure(): Promise<void> {
    const tls = connect({socket: this.#client.socket, rejectUnauthorized: false})
    this.#client.take(tls)
    await Promise.race([once(tls, 'secureConnect'), once(tls, 'close')]).catch(() => {})
  }

  async #data(octets: Buffer): Promise<string> {
    const reply = await this.ask('DATA')
    return reply.startsWith('354') ? this.#client.ask(Buffer.concat([octets, Buffer.from('.\r\n')])) : reply
  }

  async #bdat(octets: Buffer): Promise<string> {
    const half = octets.length >> 1
    const first = Buffer.concat([Buffer.from(`BDAT ${half}\r\n`), octets.subarray(0, half)])
    const reply = await this.#client.ask(first)
    if (!reply.startsWith('250')) return reply
    return this.#client.ask(
      Buffer.concat([Buffer.from(`BDAT ${octets.length - half} LAST\r\n`), octets.subarray(half)]),
    )
  }
}

function letter(id: string, size: number): Buffer {
  const line = `${'The quick brown fox. '.repeat(3)}\r\n`
  return Buffer.from(`Subject: ${id}\r\n\r\n${line.repeat(Math.ceil(size / line.length))}`)
}

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)]!
}
