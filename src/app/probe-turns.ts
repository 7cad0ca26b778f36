import type {Clock} from '../mail/world.ts'

interface Seat {
  taken: number
  waiting: (() => void)[]
  /** Since when nobody sits there; by the world's clock. */
  leftAt: number
}

/** Seats that are remembered although nobody sits there: flat memory, whatever the number of targets. */
const MOST_IDLE = 1_000

/**
 * Who may connect to an address: so many at once, and a pause after each, over all targets of a probe. Large partners
 * share a few addresses, and take a crowd for an attack.
 */
export class Turns {
  readonly #seats = new Map<string, Seat>()
  readonly #clock: Clock
  readonly #atOnce: number
  readonly #pause: number

  /** `pause` in milliseconds, between the end of one connection and the next. */
  constructor(clock: Clock, options: {atOnce: number; pause: number}) {
    this.#clock = clock
    this.#atOnce = options.atOnce
    this.#pause = options.pause
  }

  /** Resolves when it is one's turn, to what gives it up again. Rejects with the signal's reason. */
  async take(address: string, signal?: AbortSignal): Promise<() => void> {
    const seat = this.#seats.get(address) ?? this.#newSeat(address)
    if (seat.taken >= this.#atOnce) await queued(seat, signal)
    else seat.taken += 1
    try {
      const left = seat.leftAt + this.#pause - this.#clock.now()
      // A clock that was set back must not keep anybody waiting for longer than the pause.
      if (left > 0) await this.#clock.sleep(Math.min(left, this.#pause), signal)
      signal?.throwIfAborted()
    } catch (error) {
      this.#leave(seat, false)
      throw error
    }
    return () => this.#leave(seat, true)
  }

  #newSeat(address: string): Seat {
    if (this.#seats.size >= MOST_IDLE) this.#forget()
    const seat: Seat = {taken: 0, waiting: [], leftAt: Number.NEGATIVE_INFINITY}
    this.#seats.set(address, seat)
    return seat
  }

  #forget(): void {
    for (const [address, {taken, leftAt}] of this.#seats) {
      if (taken === 0 && this.#clock.now() - leftAt >= this.#pause) this.#seats.delete(address)
    }
  }

  /** The next in the queue takes over the seat as it is. */
  #leave(seat: Seat, connected: boolean): void {
    if (connected) seat.leftAt = this.#clock.now()
    const next = seat.waiting.shift()
    if (next) next()
    else seat.taken -= 1
  }
}

function queued(seat: Seat, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const called = () => {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }
    const aborted = () => {
      seat.waiting.splice(seat.waiting.indexOf(called), 1)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', aborted, {once: true})
    seat.waiting.push(called)
  })
}
