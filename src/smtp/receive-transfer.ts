import type {Reply} from '../mail/reply.ts'
import type {IncomingBody} from './receive-body.ts'
import type {ChunkSize} from './receive-command.ts'
import {REPLIES, reply} from './receive-replies.ts'
import type {End, ReceiveWire} from './receive-wire.ts'

/** Octets of refused chunks are thrown away up to so many times the size limit; behind more the connection is closed. */
const DISCARDED = 2

/** Takes a message from the wire up to the final dot; an `End` when the client went away or was too slow. */
export async function receiveData(wire: ReceiveWire, body: IncomingBody): Promise<{reply: Reply} | End> {
  for (;;) {
    const octets = await wire.bodyOctets(Number.POSITIVE_INFINITY)
    if ('ended' in octets) {
      if (!body.refusal) await body.abort()
      return octets
    }
    const rest = await body.take(octets)
    if (rest === null) continue
    wire.putBack(rest)
    return {reply: await body.end()}
  }
}

/**
 * Takes one chunk of BDAT (RFC 3030 §2), exactly as many octets as were announced. A chunk that goes beyond the size limit
 * is refused without a look at it; its octets are read all the same, because commands follow them.
 */
export async function receiveChunk(
  wire: ReceiveWire,
  body: IncomingBody,
  {octets, last}: ChunkSize,
): Promise<{reply: Reply} | End> {
  if (octets > body.room) await body.refuse(REPLIES.tooLarge)
  for (let left = octets; left > 0; ) {
    const part = await wire.bodyOctets(left)
    if ('ended' in part) return part
    left -= part.length
    await body.take(part)
  }
  if (last) return {reply: await body.end()}
  return {reply: body.refusal ?? reply(250, `2.0.0 ${octets} octets received`)}
}

/** Throws a chunk away, so that its octets are not taken for commands. */
export async function discardChunk(wire: ReceiveWire, octets: number): Promise<End | null> {
  for (let left = octets; left > 0; ) {
    const part = await wire.bodyOctets(left)
    if ('ended' in part) return part
    left -= part.length
  }
  return null
}

/** Whether so many octets are worth reading only to stay in step. */
export function isDiscardable(octets: number, messageSize: number): boolean {
  return octets <= messageSize * DISCARDED
}
