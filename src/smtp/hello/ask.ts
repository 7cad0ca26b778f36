import type {Duplex} from 'node:stream'
import {type Limit, StepTimeout, within} from '../../mail/limit.ts'
import {type HelloAnswer, readAnswer} from './answer.ts'

/** A certificate chain is far smaller. */
const MOST = 128 * 1024

/** Sends a ClientHello over a stream that carries nothing else, and reads what is said to it. The caller destroys it. */
export async function askHello(stream: Duplex, hello: Buffer, limit: Limit): Promise<HelloAnswer> {
  try {
    return await within(limit, (signal) => answered(stream, hello, signal))
  } catch (error) {
    if (error instanceof StepTimeout) return {kind: 'silence'}
    throw error
  }
}

function answered(stream: Duplex, hello: Buffer, signal: AbortSignal): Promise<HelloAnswer> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0)
    const settle = (ended: boolean) => {
      const answer = readAnswer(bytes, ended)
      if (!answer) return
      stream.off('data', take)
      resolve(answer)
    }
    const take = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      settle(bytes.length > MOST)
    }
    stream.on('data', take)
    for (const event of ['end', 'close', 'error']) stream.once(event, () => settle(true))
    signal.addEventListener('abort', () => stream.off('data', take), {once: true})
    stream.write(hello)
    stream.resume()
  })
}
