import {once} from 'node:events'
import {type AddressInfo, connect, createServer, type Server, type Socket} from 'node:net'
import type {Envelope} from '../../src/mail/envelope.ts'
import {receiveSession} from '../../src/smtp/receive.ts'
import type {ClientFacts, ReceiverEvent, ReceiverHandlers, ReceiverOptions} from '../../src/smtp/receiver.ts'

/** A message that the house took. */
export interface Taken {
  client: ClientFacts
  envelope: Envelope
  body: Buffer
}

/** A house that accepts everything, around real sessions on a port of its own. */
export interface House {
  port: number
  taken: Taken[]
  aborted: number
  /** Messages that began to come. */
  begun: number
  events: ReceiverEvent[]
  /** Sessions that have not ended yet. */
  open: number
  close(): Promise<void>
}

export type Settings = Partial<Omit<ReceiverOptions, 'limits' | 'timeouts'>> & {
  limits?: Partial<ReceiverOptions['limits']>
  timeouts?: Partial<ReceiverOptions['timeouts']>
}

export async function openHouse(settings: Settings = {}, handlers: Partial<ReceiverHandlers> = {}): Promise<House> {
  const house: House = {port: 0, taken: [], aborted: 0, begun: 0, events: [], open: 0, close: () => closed(server)}
  const options = optionsOf(settings, house)
  const server = createServer({allowHalfOpen: true}, (socket) => {
    house.open++
    void receiveSession(socket, options, {...accepting(house), ...handlers}).finally(() => house.open--)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  house.port = (server.address() as AddressInfo).port
  return house
}

/** The handlers of a house that accepts everything, for a session without a listener. */
export function acceptingHouse(): {
  handlers: ReceiverHandlers
  taken: Taken[]
  counts: Pick<House, 'begun' | 'aborted'>
} {
  const house = {taken: [], begun: 0, aborted: 0}
  return {handlers: accepting(house), taken: house.taken, counts: house}
}

function optionsOf(settings: Settings, house: House): ReceiverOptions {
  return {
    hostname: 'mx.example.test',
    mode: 'starttls',
    secureContext: null,
    requestClientCertificate: false,
    observe: (event) => house.events.push(event),
    ...settings,
    limits: {messageSize: 1_000_000, recipients: 100, errors: 20, commandLine: 2048, ...settings.limits},
    timeouts: {command: 20_000, data: 20_000, handshake: 20_000, session: 50_000, ...settings.timeouts},
  }
}

function accepting(house: Pick<House, 'taken' | 'begun' | 'aborted'>): ReceiverHandlers {
  return {
    mail: async () => null,
    rcpt: async () => null,
    data: async (client, envelope) => {
      const chunks: Buffer[] = []
      house.begun++
      return {
        // Copied at once: what a sink is handed is valid for as long as it likes, and this would show if it were not.
        write: async (chunk) => void chunks.push(Buffer.from(chunk)),
        end: async () => {
          house.taken.push({client, envelope, body: Buffer.concat(chunks)})
          return {code: 250, lines: ['2.0.0 taken']}
        },
        abort: async () => void house.aborted++,
      }
    },
  }
}

async function closed(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}

/** A client that writes octets and reads whole replies, and trusts nothing else. */
export class RawClient {
  socket: Socket
  #text = ''
  #wake: (() => void) | null = null
  #ended = false

  private constructor(socket: Socket) {
    this.socket = socket
    this.take(socket)
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  /** Reads from this stream from now on. */
  take(socket: Socket): void {
    this.socket.removeAllListeners('data')
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1')
      this.#wake?.()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#ended = true
      this.#wake?.()
    })
  }

  write(data: string | Buffer): void {
    this.socket.write(data)
  }

  /** The next whole reply as one string, lines joined by `|`; `closed` when the connection ended instead. */
  async reply(): Promise<string> {
    for (;;) {
      const found = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3} [^\r\n]*\r\n/.exec(this.#text)
      if (found) {
        this.#text = this.#text.slice(found[0].length)
        return found[0].trimEnd().replaceAll('\r\n', '|')
      }
      if (this.#ended) return 'closed'
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** One command, one reply. */
  async ask(line: string | Buffer): Promise<string> {
    this.write(typeof line === 'string' ? `${line}\r\n` : line)
    return this.reply()
  }

  /** What arrived and was not read as a reply. */
  get rest(): string {
    return this.#text
  }

  close(): void {
    this.socket.destroy()
  }
}

/** Greeting and EHLO done. */
export async function greeted(port: number): Promise<RawClient> {
  const client = await RawClient.open(port)
  await client.reply()
  await client.ask('EHLO client.example')
  return client
}
