import type {NewMessage} from '../../src/queue/store.ts'

/** The body of message n, from which one can tell n; every third is large. */
export function markedBody(n: number): Buffer {
  return Buffer.alloc(n % 3 === 2 ? 150_000 + n : 1000 + n, `marker-${n};`)
}

/** Message n, with n in its envelope as well. */
export function message(n: number): NewMessage {
  const recipients = [{address: `r${n}@example.mil`, options: {}, destination: 'example.mil'}]
  return {receivedAt: n, reversePath: `s${n}@example.org`, options: {}, recipients, origin: 'child'}
}
