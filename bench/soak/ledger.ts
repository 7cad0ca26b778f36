import type {ReceivedMessage} from '../../src/lab/mailbox.ts'
import type {QueueEntry} from '../../src/queue/store.ts'

/** A recipient of a message of ours: its local part names the message. */
export type Key = `${string}@${string}`

export interface Account {
  /** Messages that were answered 250, and their recipients. */
  messages: number
  recipients: number
  delivered: number
  bounced: number
  waiting: number
  /** Recipients that were answered for and are nowhere. */
  lost: Key[]
  /** Deliveries beyond the first of a recipient. */
  duplicates: number
  /** Delivered, smaller than what was sent. */
  torn: Key[]
}

/** Every 250 is entered here, and everything that came of it. */
export class Ledger {
  messages = 0
  readonly #accepted = new Map<Key, number>()
  readonly #delivered = new Map<Key, number>()
  readonly #bounced = new Set<Key>()
  readonly #torn: Key[] = []
  #duplicates = 0

  get deliveries(): number {
    return this.#delivered.size
  }

  /** `size`: octets that were sent. */
  accept(recipients: readonly Key[], size: number): void {
    this.messages++
    for (const key of recipients) this.#accepted.set(key, size)
  }

  /** A partner took a message: one of ours, or a DSN about some. */
  async take({envelope, size, body}: ReceivedMessage): Promise<void> {
    if (envelope.reversePath === null) return this.#read(await body())
    for (const {address} of envelope.recipients) {
      const key = address.text as Key
      if (this.#delivered.has(key)) this.#duplicates++
      this.#delivered.set(key, size)
    }
  }

  account(queue: readonly QueueEntry[]): Account {
    const open = queue.flatMap(({recipients}) => recipients.filter(({state}) => !/^(delivered|bounced)$/.test(state)))
    const waiting = new Set(open.map(({address}) => address as Key))
    const keys = [...this.#accepted.keys()]
    const small = keys.filter(
      (key) => (this.#delivered.get(key) ?? Number.POSITIVE_INFINITY) < this.#accepted.get(key)!,
    )
    return {
      messages: this.messages,
      recipients: keys.length,
      delivered: keys.filter((key) => this.#delivered.has(key)).length,
      bounced: keys.filter((key) => this.#bounced.has(key)).length,
      waiting: keys.filter((key) => waiting.has(key)).length,
      lost: keys.filter((key) => !this.#delivered.has(key) && !this.#bounced.has(key) && !waiting.has(key)),
      duplicates: this.#duplicates,
      torn: [...this.#torn, ...small],
    }
  }

  #read(report: Buffer): void {
    for (const [, address] of report.toString('latin1').matchAll(/^Final-Recipient: rfc822; (\S+)\r?$/gm))
      this.#bounced.add(address as Key)
  }
}
