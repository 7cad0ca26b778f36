import type {RelayLog} from './log.ts'

const MINUTE = 60_000
/** Clients that get lines of their own within a minute; all others share one. */
const MOST_CLIENTS = 200
const OTHERS = 'others'

/** What a client was not allowed; `connection-refused` before the session, `held-back` within it. */
export type TurnedAwayEvent = 'connection-refused' | 'held-back'

interface Count {
  event: TurnedAwayEvent
  client: string
  reason: string
  count: number
}

/**
 * Tells the log of clients that are turned away, without letting a flood of them fill the disk: the first time at once,
 * and from there on one line a minute for each client and reason, with a count.
 */
export class TurnedAway {
  readonly #log: RelayLog
  readonly #counts = new Map<string, Count>()
  #timer: NodeJS.Timeout | null = null

  constructor(log: RelayLog) {
    this.#log = log
  }

  note(event: TurnedAwayEvent, client: string, reason: string): void {
    const known = this.#counts.get(keyOf(event, client, reason))
    if (known) known.count++
    else if (this.#counts.size < MOST_CLIENTS) this.#begin({event, client, reason, count: 0}, true)
    else if (client === OTHERS) this.#begin({event, client, reason, count: 1}, false)
    else this.note(event, OTHERS, reason)
  }

  /** Tells what was counted since the last line. */
  tell(): void {
    for (const [key, entry] of this.#counts) {
      if (entry.count === 0) this.#counts.delete(key)
      else this.#log.event({...entry})
      entry.count = 0
    }
    if (this.#counts.size === 0) this.#stop()
  }

  /** The last lines. */
  close(): void {
    this.tell()
    this.#stop()
  }

  #begin(entry: Count, tell: boolean): void {
    this.#counts.set(keyOf(entry.event, entry.client, entry.reason), entry)
    if (tell) this.#log.event({...entry, count: 1})
    this.#timer ??= setInterval(() => this.tell(), MINUTE).unref()
  }

  #stop(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }
}

function keyOf(event: TurnedAwayEvent, client: string, reason: string): string {
  return `${event} ${client} ${reason}`
}
