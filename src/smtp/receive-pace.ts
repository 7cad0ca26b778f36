import type {ReceiveWire} from './receive-wire.ts'

/** The least a client must send while a message is on its way. */
export interface LeastPace {
  octets: number
  /** Milliseconds in which so many must come; a message that is through before is not measured. */
  window: number
}

/**
 * Ends the waiting for a message that only drips. Time in which we were busy ourselves, with a slow disk, is not held
 * against the client. Returns what stops the watch.
 */
export function keepPace(wire: ReceiveWire, {octets, window}: LeastPace): () => void {
  let before = wire.received
  const timer = setInterval(() => {
    if (wire.waiting && wire.received - before < octets) wire.expire('too slow')
    before = wire.received
  }, window)
  return () => clearInterval(timer)
}
