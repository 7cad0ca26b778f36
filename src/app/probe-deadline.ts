/**
 * The time that one target may cost. It stands still while a look waits for its turn at an address, because politeness
 * is no fault of the target; every wait ends, since whoever holds a turn has a time of their own.
 */
export class Deadline {
  readonly #end = new AbortController()
  #left: number
  #since = performance.now()
  #holding = 0
  #timer: NodeJS.Timeout

  /** Milliseconds. `outer` ends it at once, for its own reason. */
  constructor(ms: number, outer?: AbortSignal) {
    this.#left = ms
    this.#timer = this.#start()
    if (outer?.aborted) this.#abort(outer.reason)
    else outer?.addEventListener('abort', () => this.#abort(outer.reason), {signal: this.#end.signal})
  }

  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** The time is over, and nobody ended it before. */
  get over(): boolean {
    return this.#end.signal.aborted && this.#end.signal.reason?.name === 'TimeoutError'
  }

  /** Stands still until `wait` has settled. */
  async during<T>(wait: Promise<T>): Promise<T> {
    if (this.#holding++ === 0) this.#stop()
    try {
      return await wait
    } finally {
      if (--this.#holding === 0 && !this.#end.signal.aborted) this.#timer = this.#start()
    }
  }

  /** Frees the timer and the listener on `outer`. */
  close(): void {
    this.#abort(new DOMException('the look is done', 'AbortError'))
  }

  #start(): NodeJS.Timeout {
    this.#since = performance.now()
    return setTimeout(() => this.#abort(new DOMException('the time is over', 'TimeoutError')), Math.max(0, this.#left))
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#left -= performance.now() - this.#since
  }

  #abort(reason: unknown): void {
    clearTimeout(this.#timer)
    if (!this.#end.signal.aborted) this.#end.abort(reason)
  }
}
