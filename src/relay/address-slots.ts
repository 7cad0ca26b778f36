/** The address has all the connections it may have. Nothing is wrong with it, and nothing was tried. */
export class AddressBusy extends Error {
  readonly address: string

  constructor(address: string) {
    super(`all connections to ${address} are taken`)
    this.address = address
  }
}

/**
 * Connections to each address, over all destinations: many domains share one mail host, which counts us as one client.
 * A destination that finds its address full gives its place up and waits here, so that it keeps nobody else waiting.
 */
export class AddressSlots {
  readonly #active = new Map<string, number>()
  readonly #waiting = new Map<string, Set<string>>()
  readonly #freed: () => void

  constructor(freed: () => void) {
    this.#freed = freed
  }

  /** Takes a slot; what is returned gives it back. Throws AddressBusy. */
  take(address: string, most: number): () => void {
    const active = this.#active.get(address) ?? 0
    if (active >= most) throw new AddressBusy(address)
    this.#active.set(address, active + 1)
    let taken = true
    return () => {
      if (taken) this.#release(address)
      taken = false
    }
  }

  /** False: a slot is free again, and there is nothing to wait for. */
  wait(destination: string, address: string, most: number): boolean {
    if ((this.#active.get(address) ?? 0) < most) return false
    const waiting = this.#waiting.get(address) ?? new Set()
    this.#waiting.set(address, waiting.add(destination))
    return true
  }

  /** Some destination waits for a slot of the address. */
  wanted(address: string): boolean {
    return this.#waiting.has(address)
  }

  /** Destinations that wait for a slot. */
  get waiting(): string[] {
    return [...this.#waiting.values()].flatMap((destinations) => [...destinations])
  }

  #release(address: string): void {
    const left = (this.#active.get(address) ?? 1) - 1
    if (left > 0) this.#active.set(address, left)
    else this.#active.delete(address)
    const waiting = this.#waiting.get(address)
    if (!waiting) return
    // The next in turn; and everybody once nothing is left that would give a slot back.
    for (const destination of [...waiting].slice(0, left > 0 ? 1 : waiting.size)) waiting.delete(destination)
    if (waiting.size === 0) this.#waiting.delete(address)
    this.#freed()
  }
}
