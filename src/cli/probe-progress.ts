import type {ProbeObserver} from '../app/probe-domains.ts'
import {printable} from '../mail/domain.ts'
import type {PathEvent} from '../path/path.ts'

const CLEAR_LINE = '\r\x1b[K'

/** One line that changes while a probe is on its way, for a person who waits. */
export class ProbeProgress implements ProbeObserver {
  readonly #stream: NodeJS.WriteStream
  readonly #total: number
  #done = 0

  constructor(stream: NodeJS.WriteStream, total: number) {
    this.#stream = stream
    this.#total = total
  }

  /** Null where nobody watches. */
  static on(stream: NodeJS.WriteStream, total: number): ProbeProgress | null {
    return stream.isTTY === true && process.env.TERM !== 'dumb' ? new ProbeProgress(stream, total) : null
  }

  event(target: string, event: PathEvent): void {
    const words = eventWords(event)
    if (words) this.#write(`${this.#count()}${target}: ${words}`)
  }

  result(): void {
    this.#done += 1
    this.#write(`${this.#count()}${this.#done === this.#total ? '' : 'looking'}`)
  }

  clear(): void {
    this.#stream.write(CLEAR_LINE)
  }

  #count(): string {
    return this.#total > 1 ? `${this.#done}/${this.#total}  ` : ''
  }

  #write(text: string): void {
    const line = printable(text, Math.max(20, (this.#stream.columns || 80) - 2))
    this.#stream.write(`${CLEAR_LINE}${line}`)
  }
}

function eventWords(event: PathEvent): string | null {
  switch (event.type) {
    case 'located':
      return `${event.evidence.hosts.length} mail hosts`
    case 'dialling':
      return `dialling ${event.host} (${event.address}:${event.port})`
    case 'greeted':
      return `${event.host} greeted`
    case 'upgraded':
      return `${event.host} speaks ${event.version}`
    default:
      return null
  }
}
