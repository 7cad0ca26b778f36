// Commits COUNT messages into the queue of DIR, LANES at a time, and writes `ACK n id` when one is committed, `NAK n
// code` when it is refused. Every third body is large. Body n is `marker-n;` over and over. COUNT 0: until killed.
import {writeSync} from 'node:fs'
import {openQueue} from '../../../src/queue/open.ts'
import {markedBody, message} from '../marked.ts'

const [dir, count, lanes] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])]
const queue = await openQueue({dir, clock: {now: () => Date.now()}})
let next = 0

async function produce(): Promise<void> {
  for (let n = next++; count === 0 || n < count; n = next++) {
    const incoming = await queue.receive().catch((error) => error.code as string)
    writeSync(1, `${typeof incoming === 'string' ? `NAK ${n} ${incoming}` : await commit(n, incoming)}\n`)
  }
}

async function commit(n: number, incoming: Awaited<ReturnType<typeof queue.receive>>): Promise<string> {
  try {
    const body = markedBody(n)
    for (let at = 0; at < body.length; at += 50_000) await incoming.write(body.subarray(at, at + 50_000))
    return `ACK ${n} ${await incoming.commit(message(n))}`
  } catch (error) {
    return `NAK ${n} ${(error as {code: string}).code}`
  }
}

await Promise.all(Array.from({length: lanes}, produce))
await queue.close()
