import type {Socket} from 'node:net'
import type {WireTap} from '../path/path.ts'
import {HandshakeTap} from '../smtp/tap.ts'
import type {HandshakeFacts} from '../smtp/tap-facts.ts'

interface Tapped {
  host: string
  address: string
  port: number
}

/** One tap for each connection of a probe, found again by what was dialled. */
export class ProbeTaps {
  readonly #taps = new Map<string, HandshakeTap>()

  /** The engine's `wrap`. */
  readonly wrap = (socket: Socket, target: Tapped): WireTap => {
    const tap = new HandshakeTap(socket)
    this.#taps.set(keyOf(target), tap)
    return {
      stream: tap.stream,
      presented: () => tap.presented(),
      keylog: (line) => tap.keylog(line),
      serverVersion: () => tap.facts().version,
    }
  }

  /** Everything the wire said, alerts after the handshake included; null: there was no handshake. */
  facts(target: Tapped): HandshakeFacts | null {
    return this.#taps.get(keyOf(target))?.facts() ?? null
  }
}

function keyOf({host, address, port}: Tapped): string {
  return `${host} ${address} ${port}`
}
