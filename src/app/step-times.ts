import type {PathTimeouts} from '../path/path.ts'

/** How much of the whole time may go by without a greeting, so that there is some left to find out why. */
const GREETING_SHARE = 0.75
const COMMAND_SHARE = 1 / 3

/**
 * How long each step may take where a person waits for the end: shorter than a mailer's, and within milliseconds for
 * everything. The probe and a delivery by hand share it, so that a peer that stalls is the same to both: one that lets a
 * step time out is judged by it, and one that the whole time cut off is not.
 */
export function stepTimes(whole: number): Partial<PathTimeouts> {
  return {
    connect: 10_000,
    greeting: Math.min(30_000, Math.round(whole * GREETING_SHARE)),
    command: Math.max(20_000, Math.round(whole * COMMAND_SHARE)),
    // A handshake that we cut off ourselves would count against the peer.
    handshake: 15_000,
  }
}

/** Tries of a look-up before it is given up, and some time to say so. */
const QUERY_SHARE = 1 / 5

/** How long one DNS server may take for one answer: so that a silent one is named before the whole time is over. */
export function queryTime(whole: number): number {
  return Math.min(3_000, Math.round(whole * QUERY_SHARE))
}
