import type {RelayEvent, RelayLog} from './log.ts'

const MINUTE = 60_000
/** Lines of one kind that a client gets within a minute; what comes behind them is counted. */
const MOST_LINES = 20
/** Clients that get lines of their own within a minute; all others share theirs. */
const MOST_CLIENTS = 200
const OTHERS = 'others'

type Refusal = Extract<RelayEvent, {event: 'rejected' | 'would-reject' | 'auth-failed'}>

interface Seen {
  /** Of this minute, told or not. */
  count: number
  untold: number
  last: Refusal
}

/**
 * Keeps a flood of refused commands from filling the disk. The first lines of each client come as they are; of the rest
 * one line a minute tells how many there were, with the last of them.
 */
export class CalmLog implements RelayLog {
  readonly #log: RelayLog
  readonly #seen = new Map<string, Seen>()
  #timer: NodeJS.Timeout | null = null

  constructor(log: RelayLog) {
    this.#log = log
  }

  event(event: RelayEvent): void {
    if (isRefusal(event)) this.#refusal(this.#hasRoom(event) ? event : {...event, client: OTHERS})
    else this.#log.event(event)
  }

  /** A new minute: tells what was counted, and forgets who was quiet. */
  tell(): void {
    for (const {last, untold} of this.#seen.values()) if (untold > 0) this.#log.event({...last, count: untold})
    this.#seen.clear()
    this.#stop()
  }

  /** The last lines. */
  close(): void {
    this.tell()
  }

  #hasRoom(event: Refusal): boolean {
    return this.#seen.has(keyOf(event)) || this.#seen.size < MOST_CLIENTS
  }

  #refusal(event: Refusal): void {
    const {count: before, untold} = this.#seen.get(keyOf(event)) ?? {count: 0, untold: 0}
    const isTold = before < MOST_LINES
    if (isTold) this.#log.event(event)
    this.#seen.set(keyOf(event), {count: before + 1, untold: isTold ? untold : untold + 1, last: event})
    this.#timer ??= setInterval(() => this.tell(), MINUTE).unref()
  }

  #stop(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }
}

function keyOf({event, client}: Refusal): string {
  return `${event} ${client}`
}

function isRefusal(event: RelayEvent): event is Refusal {
  return event.event === 'rejected' || event.event === 'would-reject' || event.event === 'auth-failed'
}
