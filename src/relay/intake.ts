import {mailDomainText} from '../mail/address.ts'
import type {Envelope} from '../mail/envelope.ts'
import {type Reply, replyText} from '../mail/reply.ts'
import {newQueueId} from '../queue/id.ts'
import type {IncomingBody, NewMessage, QueueStore} from '../queue/store.ts'
import type {BodySink, ClientFacts} from '../smtp/receiver.ts'
import type {ReceivingHouse} from './accept.ts'
import {HeaderScan} from './header-scan.ts'
import {readerOf} from './postmaster.ts'
import {receivedHeader} from './received.ts'
import type {ReceivedPath} from './received-facts.ts'
import type {RelaySnapshot} from './snapshot.ts'

const LOOPS: Reply = {code: 554, lines: ['5.4.6 too many hops, this message is looping']}

/** Opens the queue for a message: our trace header first, then the client's octets while they arrive. */
export async function takeIn(
  house: ReceivingHouse,
  queue: QueueStore,
  client: ClientFacts,
  envelope: Envelope,
  path: ReceivedPath,
): Promise<BodySink | Reply> {
  const now = house.now()
  const id = newQueueId(now)
  const header = receivedHeader({
    client,
    hostname: house.snapshot().hostname,
    queueId: id,
    recipients: envelope.recipients.map(({address}) => address.text),
    smtputf8: envelope.options.smtputf8 === true,
    now,
  })
  try {
    const body = await queue.receive()
    await body.write(header)
    return new Intake(house, body, client, newMessage(id, now, client, envelope, house.snapshot()), path)
  } catch (error) {
    return queueReply(house, error)
  }
}

class Intake implements BodySink {
  readonly #house: ReceivingHouse
  readonly #body: IncomingBody
  readonly #client: ClientFacts
  readonly #message: NewMessage
  readonly #path: ReceivedPath
  readonly #scan = new HeaderScan()
  #size = 0
  /** Once the queue failed the rest is only read, and the answer is at the end. */
  #failure: Reply | null = null

  constructor(house: ReceivingHouse, body: IncomingBody, client: ClientFacts, message: NewMessage, path: ReceivedPath) {
    this.#house = house
    this.#body = body
    this.#client = client
    this.#message = message
    this.#path = path
  }

  async write(chunk: Buffer): Promise<void> {
    this.#size += chunk.length
    this.#scan.push(chunk)
    if (this.#failure || this.#loops) return
    try {
      await this.#body.write(chunk)
    } catch (error) {
      this.#failure = queueReply(this.#house, error)
    }
  }

  async end(): Promise<Reply> {
    const refusal = this.#failure ?? (this.#loops ? LOOPS : null)
    if (refusal) {
      await this.abort(refusal)
      return refusal
    }
    try {
      const id = await this.#body.commit(this.#message)
      this.#logAccepted(id)
      return {code: 250, lines: [`2.0.0 queued as ${id}`]}
    } catch (error) {
      this.#failure = queueReply(this.#house, error)
      this.#logRefused(this.#failure)
      return this.#failure
    }
  }

  async abort(refusal?: Reply): Promise<void> {
    if (refusal) this.#logRefused(refusal)
    // What was not committed is nobody's; a failure to remove it at once is made good when the queue is opened.
    await this.#body.abort().catch(() => {})
  }

  get #loops(): boolean {
    // RFC 5321 §6.3: a message with so many hops behind it runs in circles.
    return this.#scan.hops > this.#house.snapshot().limits.hops
  }

  #logRefused(reply: Reply): void {
    const {session, address: client} = this.#client
    const reason = this.#reasonOf(reply)
    const argument = `<${this.#message.reversePath}>`
    this.#house.log.event({
      event: 'rejected',
      session,
      client,
      command: 'DATA',
      argument,
      reply: replyText(reply),
      path: this.#path,
      reason,
    })
  }

  #reasonOf(reply: Reply): string {
    if (reply === this.#failure) return failureWords(reply)
    return reply === LOOPS ? `${this.#scan.hops} Received headers` : 'the message as it came'
  }

  #logAccepted(queue: string): void {
    const {session, address: client, user, hello} = this.#client
    const {reversePath: from, recipients} = this.#message
    this.#house.log.event({
      event: 'accepted',
      queue,
      session,
      client,
      user,
      hello,
      path: this.#path,
      from,
      recipients: recipients.length,
      size: this.#size,
    })
  }
}

function newMessage(id: string, now: number, client: ClientFacts, envelope: Envelope, host: RelaySnapshot): NewMessage {
  const {version} = client.tls ?? {version: ''}
  return {
    id,
    receivedAt: now,
    reversePath: envelope.reversePath?.text ?? '',
    options: envelope.options,
    recipients: envelope.recipients.map(({address, options}) => {
      const {text, domain} = readerOf(address, host)
      return {address: text, options, destination: mailDomainText(domain)}
    }),
    origin: `${client.address} (${client.hello ?? 'no name'}) ${client.protocol} ${version}`.trim(),
  }
}

function failureWords({code}: Reply): string {
  return code === 452 ? 'the disk of the queue is full' : 'the queue failed'
}

/** RFC 3463 §3.4: a full disk is told apart, because the client may come back with less. */
function queueReply(house: ReceivingHouse, error: unknown): Reply {
  house.queueFailed(error)
  return (error as {code?: string}).code === 'queue-full'
    ? {code: 452, lines: ['4.3.1 no room for the message, try again later']}
    : {code: 451, lines: ['4.3.0 the message could not be stored, try again later']}
}
