import type {Reply} from '../mail/reply.ts'
import {DataDecoder} from './receive-data.ts'
import {REPLIES} from './receive-replies.ts'
import type {ReceiveWire} from './receive-wire.ts'
import type {BodySink} from './receiver.ts'

/**
 * Takes a message from the wire into the sink, up to the final dot, and returns the reply to it; null when the client
 * went away, fell silent or the session's time ran out. A message that breaks a rule is read to its end, so that the
 * session stays in step, but from there on nothing of it is kept.
 */
export async function receiveBody(
  wire: ReceiveWire,
  sink: BodySink,
  rules: {messageSize: number; timeout: number; refuseBareLf: boolean},
): Promise<{reply: Reply} | {ended: string}> {
  const decoder = new DataDecoder()
  let size = 0
  let refusal: Reply | null = null
  for (;;) {
    const chunk = await wire.chunk(rules.timeout)
    if ('ended' in chunk) {
      if (!refusal) await quietly(sink.abort())
      return chunk
    }
    const {body, rest} = decoder.decode(chunk)
    size += body.length
    if (!refusal) {
      refusal = broken(decoder, size, rules) ?? (await written(sink, body))
      if (refusal) await quietly(sink.abort())
    }
    if (rest === null) continue
    wire.putBack(rest)
    return {reply: refusal ?? (await ended(sink))}
  }
}

function broken(decoder: DataDecoder, size: number, rules: {messageSize: number; refuseBareLf: boolean}): Reply | null {
  if (decoder.bareCr || (decoder.bareLf && rules.refuseBareLf)) return REPLIES.bareLineEnds
  return size > rules.messageSize ? REPLIES.tooLarge : null
}

async function written(sink: BodySink, body: Buffer): Promise<Reply | null> {
  if (body.length === 0) return null
  try {
    await sink.write(body)
    return null
  } catch {
    return REPLIES.localError
  }
}

/** RFC 5321 §6.1: with the 250 we answer for the message, so whatever goes wrong before it is a 451. */
async function ended(sink: BodySink): Promise<Reply> {
  try {
    return await sink.end()
  } catch {
    await quietly(sink.abort())
    return REPLIES.localError
  }
}

async function quietly(action: Promise<void>): Promise<void> {
  await action.catch(() => {})
}
