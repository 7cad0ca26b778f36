import type {ProbeObserver} from '../app/probe-domains.ts'
import {printable} from '../mail/domain.ts'
import type {PathEvent} from '../path/path.ts'
import type {ProbeResult} from '../report/probe-schema.ts'

const CLEAR_LINE = '\r\x1b[K'

const BAR = 24

/** One line that changes while a probe is on its way, for a person who waits: a bar where there are several targets. */
export class ProbeProgress implements ProbeObserver {
  readonly #stream: NodeJS.WriteStream
  readonly #total: number | null
  #done = 0
  #failed = 0

  /** `total` null: nobody knows how many there are. */
  constructor(stream: NodeJS.WriteStream, total: number | null) {
    this.#stream = stream
    this.#total = total
  }

  /** Whether anybody watches. */
  static canBeSeen(stream: NodeJS.WriteStream): boolean {
    return stream.isTTY === true && process.env.TERM !== 'dumb'
  }

  event(target: string, event: PathEvent): void {
    const words = eventWords(event)
    if (words) this.#write(`${this.#count()}${target}: ${words}`)
  }

  result({verdict}: Pick<ProbeResult, 'verdict'>): void {
    this.#done += 1
    if (verdict !== 'pass') this.#failed += 1
    if (this.#done !== this.#total) this.#write(`${this.#count()}looking`)
  }

  clear(): void {
    this.#stream.write(CLEAR_LINE)
  }

  #count(): string {
    const failed = this.#failed > 0 ? `, ${this.#failed} not passed` : ''
    if (this.#total === null) return `${this.#done} done${failed}  `
    if (this.#total < 2) return ''
    const filled = Math.round((BAR * this.#done) / this.#total)
    return `[${'#'.repeat(filled)}${'-'.repeat(Math.max(0, BAR - filled))}] ${this.#done}/${this.#total}${failed}  `
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
