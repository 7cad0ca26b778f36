import type {Reply} from '../mail/reply.ts'
import {LineEnds} from './dot-stuffing.ts'

/** Octets of a chunk. A message up to this size is one BDAT, and one round trip. */
const CHUNK = 262_144

export interface Chunk {
  octets: Buffer
  last: boolean
}

/** What sending chunks needs of a session. */
export interface ChunkWire {
  pipelining: boolean
  /** The command with its octets. `awaited`: replies to earlier chunks may be there already. */
  write(chunk: Chunk, awaited: boolean): Promise<void>
  read(last: boolean): Promise<Reply>
}

/**
 * A message as chunks (RFC 3030 §2), the last of them marked. `binary` leaves every octet as it is; without, lines end
 * with CRLF, which is all that DATA would have changed for good: a dot needs no second one here.
 */
export async function* chunks(body: AsyncIterable<Buffer>, binary: boolean): AsyncGenerator<Chunk> {
  const lines = new LineEnds()
  let held: Buffer[] = []
  let length = 0
  for await (const block of body) {
    const octets = binary ? block : lines.convert(block)
    if (length > 0 && length + octets.length > CHUNK) {
      yield {octets: Buffer.concat(held), last: false}
      held = []
      length = 0
    }
    held.push(octets)
    length += octets.length
  }
  yield {octets: Buffer.concat(binary ? held : [...held, lines.end()]), last: true}
}

/**
 * Sends chunks and returns the reply that decided: the first refusal, else that to the last. With PIPELINING one chunk is
 * under way while the reply to the one before it is awaited (RFC 3030 §4.2).
 */
export async function sendChunks(wire: ChunkWire, all: AsyncIterable<Chunk>): Promise<Reply> {
  const ahead = wire.pipelining ? 1 : 0
  let unanswered = 0
  let reply: Reply | null = null
  for await (const chunk of all) {
    await wire.write(chunk, unanswered > 0)
    unanswered++
    for (const most = chunk.last ? 0 : ahead; unanswered > most; unanswered--) {
      const next = await wire.read(chunk.last && unanswered === 1)
      if (reply === null || reply.code < 300) reply = next
      // RFC 5321 §3.8: after a 421 the peer says nothing more.
      if (next.code === 421) return reply
    }
    if (reply && reply.code >= 300) break
  }
  for (; unanswered > 0; unanswered--) await wire.read(false)
  return reply!
}
