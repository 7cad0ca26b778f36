import type {Reply} from '../mail/reply.ts'
import {type Chunk, chunks, sendChunks} from './chunking.ts'
import type {OutgoingMessage, RecipientResult, TransactionResult} from './client.ts'
import {DotStuffer} from './dot-stuffing.ts'
import {SmtpError} from './error.ts'
import {type Fit, fitTo} from './requirements.ts'

/** What a transaction needs of its session. */
export interface Wire {
  extensions: ReadonlyMap<string, string>
  secure: boolean
  write(lines: string[]): Promise<void>
  /** False when the connection is gone; a reply may say why. */
  writeBody(block: Buffer): Promise<boolean>
  /** Octets of the peer wait to be read. */
  spoke(): boolean
  /** They begin a 4xx or 5xx. */
  refusing(): boolean
  /** Closes the connection: nothing more can be said on it. */
  abandon(): void
  read(): Promise<Reply>
  /** As `read`, with the time that the end of DATA may take. */
  readEnd(): Promise<Reply>
}

/** Commands that go out before their replies are read. Bounds what both sides have to hold (RFC 2920 §3.1). */
const WINDOW = 100

/** MAIL, RCPT and DATA or BDAT for one message, in as few round trips as the peer allows. */
export async function transact(wire: Wire, message: OutgoingMessage): Promise<TransactionResult> {
  const needs = await fitTo(message, wire.extensions, wire.secure)
  const transaction = new Transaction(wire, message, needs)
  try {
    return await transaction.run()
  } catch (error) {
    if (error instanceof SmtpError) {
      error.settled = transaction.results
      error.mayHaveArrived = transaction.unanswered
    }
    throw error
  }
}

interface Step {
  line: string
  command: 'MAIL' | 'RCPT' | 'DATA'
  /** Index of the recipient of a RCPT. */
  recipient: number
}

class Transaction {
  readonly results: (RecipientResult | null)[]
  /** The whole message went out, and the answer to it has not come. */
  unanswered = false
  readonly #wire: Wire
  readonly #message: OutgoingMessage
  readonly #fit: Fit
  #mailAccepted = false
  #granted = new Set<number>()
  #dataReply: Reply | null = null
  #over = false
  #stray = false

  constructor(wire: Wire, message: OutgoingMessage, needs: Fit) {
    this.#wire = wire
    this.#message = message
    this.#fit = needs
    this.results = message.recipients.map(() => null)
  }

  async run(): Promise<TransactionResult> {
    if (this.#fit.refusal)
      this.results.fill({accepted: false, reply: this.#fit.refusal, command: 'MAIL', unasked: true})
    const steps = this.#steps()
    const window = this.#wire.extensions.has('PIPELINING') ? WINDOW : 1
    for (let i = 0; i < steps.length && !this.#over; i += window) await this.#exchange(steps.slice(i, i + window))
    if (this.#dataReply?.code === 354) await this.#data()
    else if (this.#fit.transfer !== 'DATA' && this.#granted.size > 0 && !this.#over) await this.#chunks()
    return {recipients: this.results.map((result) => result!)}
  }

  #steps(): Step[] {
    const {reversePath, recipients} = this.#message
    const rcpts = recipients.flatMap((recipient, i): Step[] => {
      const {parameters, refusal} = this.#fit.rcpt(recipient)
      if (refusal) this.results[i] ??= {accepted: false, reply: refusal, command: 'RCPT', unasked: true}
      const line = ['RCPT', `TO:<${recipient.address.text}>`, ...parameters].join(' ')
      return this.results[i] ? [] : [{line, command: 'RCPT', recipient: i}]
    })
    if (rcpts.length === 0) return []
    const mail = ['MAIL', `FROM:<${reversePath?.text ?? ''}>`, ...this.#fit.mail].join(' ')
    const data: Step[] = this.#fit.transfer === 'DATA' ? [{line: 'DATA', command: 'DATA', recipient: -1}] : []
    return [{line: mail, command: 'MAIL', recipient: -1}, ...rcpts, ...data]
  }

  /** One group of commands: all out, then all replies in, also those that no longer matter. */
  async #exchange(steps: Step[]): Promise<void> {
    await this.#wire.write(steps.map(({line}) => line))
    for (const step of steps) {
      const reply = await this.#wire.read()
      this.#take(step, reply)
      if (reply.code === 421) return this.#hangUp(reply, step.command)
    }
    // Without PIPELINING the next command is only sent when it still makes sense.
    if (!this.#mailAccepted || this.results.every((result) => result !== null)) this.#over = true
  }

  #take({command, recipient}: Step, reply: Reply): void {
    const accepted = command !== 'DATA' && isSuccess(reply, command)
    if (command === 'MAIL') {
      this.#mailAccepted = accepted
      if (!accepted) this.#settleRest(reply, 'MAIL')
    } else if (command === 'RCPT') {
      if (accepted && this.#mailAccepted) this.#granted.add(recipient)
      else this.results[recipient] ??= {accepted: false, reply, command}
    } else {
      this.#takeData(reply)
    }
  }

  #takeData(reply: Reply): void {
    this.#dataReply = reply
    if (reply.code === 354) return
    if (isSuccess(reply, 'DATA')) throw outOfPlace(reply, 'DATA')
    this.#settleRest(reply, 'DATA')
  }

  async #data(): Promise<void> {
    // RFC 2920 §3.1: DATA went out with the recipients, and all of them were refused: an empty message ends it.
    const wanted = this.#granted.size > 0
    const stuffer = new DotStuffer()
    const complete = !wanted || (await this.#body(stuffer))
    if (complete) this.#refuseEarlyPraise()
    this.unanswered = complete && wanted
    const ended = complete && (await this.#wire.writeBody(stuffer.end()))
    const reply = await this.#wire.readEnd()
    this.unanswered = false
    const accepted = isSuccess(reply, 'end of DATA')
    if (accepted && !ended) throw outOfPlace(reply, 'half a message')
    // Half a message went out: whatever came next would be the rest of it.
    if (!ended) this.#wire.abandon()
    this.#settleRest(reply, 'end of DATA', wanted && accepted)
  }

  async #chunks(): Promise<void> {
    const wire = {
      pipelining: this.#wire.extensions.has('PIPELINING'),
      write: (chunk: Chunk, awaited: boolean) => this.#chunk(chunk, awaited),
      read: (last: boolean) => (last ? this.#wire.readEnd() : this.#wire.read()),
    }
    const reply = await sendChunks(wire, chunks(this.#message.body(), this.#fit.transfer === 'binary'))
    this.unanswered = false
    if (this.#stray) this.#wire.abandon()
    this.#settleRest(reply, 'BDAT', isSuccess(reply, 'BDAT'))
  }

  /** Where the connection is gone already, the reply that is read next says why. */
  async #chunk({octets, last}: Chunk, awaited: boolean): Promise<void> {
    if (!awaited) this.#refuseEarlyPraise()
    // What refuses unasked will be taken for the reply to this chunk, whose own would be one too many.
    this.#stray ||= !awaited && this.#wire.spoke()
    this.unanswered = last
    const command = Buffer.from(`BDAT ${octets.length}${last ? ' LAST' : ''}\r\n`)
    await this.#wire.writeBody(Buffer.concat([command, octets]))
  }

  /** False when the peer stopped taking it: its reply says why. */
  async #body(stuffer: DotStuffer): Promise<boolean> {
    for await (const block of this.#message.body()) {
      if (this.#wire.refusing() || !(await this.#wire.writeBody(stuffer.stuff(block)))) return false
    }
    return true
  }

  #refuseEarlyPraise(): void {
    if (!this.#wire.spoke() || this.#wire.refusing()) return
    throw new SmtpError('smtp-protocol-error', 'the peer answered the message before its end')
  }

  #hangUp(reply: Reply, command: RecipientResult['command']): void {
    this.#settleRest(reply, command)
    this.#dataReply = null
    this.#over = true
  }

  #settleRest(reply: Reply, command: RecipientResult['command'], accepted = false): void {
    this.results.forEach((result, i) => {
      this.results[i] = result ?? {accepted, reply, command}
    })
  }
}

/** 2xx; false for 4xx and 5xx. A 3xx asks for more where there is none to give. */
function isSuccess(reply: Reply, to: string): boolean {
  if (reply.code >= 300 && reply.code < 400) throw outOfPlace(reply, to)
  return reply.code < 300
}

function outOfPlace(reply: Reply, to: string): SmtpError {
  return new SmtpError('smtp-protocol-error', `the peer answered ${to} with ${reply.code}`)
}
