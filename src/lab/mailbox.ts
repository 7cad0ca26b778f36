import {createHash} from 'node:crypto'
import {appendFile, mkdir, open, readFile, rename, rm} from 'node:fs/promises'
import {join} from 'node:path'
import type {Envelope} from '../mail/envelope.ts'
import type {BodySink, ClientFacts} from '../smtp/receiver.ts'

/** A message that a partner took. */
export interface ReceivedMessage {
  /** The partner that took it. */
  partner: string
  client: ClientFacts
  envelope: Envelope
  /** Where it is kept, as it came. */
  file: string
  /** Octets. */
  size: number
  /** Lower-case hex, of the octets as they came. */
  sha256: string
  body(): Promise<Buffer>
}

/** The line that is written for each message, so that other programs can see what arrived. */
export interface MailRecord {
  at: string
  partner: string
  from: string
  to: string[]
  /** `TLSv1.3`, or null for clear text. */
  tls: string | null
  file: string
  size: number
}

const INDEX = 'index.jsonl'

/** What the partners of a lab received: one file for each message, `mail/DOMAIN/N.eml`, DOMAIN being the partner's. */
export class Mailbox {
  readonly #dir: string
  readonly #messages = new Map<string, ReceivedMessage[]>()
  readonly #onTaken: (message: ReceivedMessage) => void
  #count = 0

  private constructor(dir: string, onTaken: (message: ReceivedMessage) => void) {
    this.#dir = dir
    this.#onTaken = onTaken
  }

  /** An empty one: what an earlier lab left there is removed. */
  static async open(dir: string, onTaken: (message: ReceivedMessage) => void = () => {}): Promise<Mailbox> {
    await rm(dir, {recursive: true, force: true})
    await mkdir(dir, {recursive: true})
    return new Mailbox(dir, onTaken)
  }

  received(domain: string): ReceivedMessage[] {
    return [...(this.#messages.get(domain) ?? [])]
  }

  /** Takes one message while it arrives. */
  async sink(partner: {name: string; domain: string}, client: ClientFacts, envelope: Envelope): Promise<BodySink> {
    const name = `${String(++this.#count).padStart(4, '0')}.eml`
    const dir = join(this.#dir, partner.domain)
    await mkdir(dir, {recursive: true})
    const [arriving, file] = [join(dir, `.${name}`), join(dir, name)]
    const handle = await open(arriving, 'w')
    const hash = createHash('sha256')
    let size = 0
    return {
      write: async (chunk) => {
        size += chunk.length
        hash.update(chunk)
        await handle.writeFile(chunk)
      },
      end: async () => {
        await handle.close()
        await rename(arriving, file)
        const body = () => readFile(file)
        const message = {partner: partner.name, client, envelope, file, size, sha256: hash.digest('hex'), body}
        await this.#keep(partner.domain, message)
        return {code: 250, lines: [`2.0.0 taken by ${partner.name}`]}
      },
      abort: async () => {
        await handle.close()
        await rm(arriving, {force: true})
      },
    }
  }

  async #keep(domain: string, message: ReceivedMessage): Promise<void> {
    const {partner, client, envelope, file, size} = message
    const record: MailRecord = {
      at: new Date().toISOString(),
      partner,
      from: envelope.reversePath?.text ?? '',
      to: envelope.recipients.map(({address}) => address.text),
      tls: client.tls?.version ?? null,
      file,
      size,
    }
    await appendFile(join(this.#dir, INDEX), `${JSON.stringify(record)}\n`)
    const kept = this.#messages.get(domain)
    if (kept) kept.push(message)
    else this.#messages.set(domain, [message])
    this.#onTaken(message)
  }
}

/** What the lab in this mail directory has received so far, also when it runs in another process. */
export async function readMail(dir: string): Promise<MailRecord[]> {
  const text = await readFile(join(dir, INDEX), 'utf8').catch(() => '')
  // The last line may be on its way still.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as MailRecord)
}
