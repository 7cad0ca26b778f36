import {readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, onTestFinished, test} from 'vitest'
import {openQueue} from '../../src/queue/open.ts'
import {bodyOf, octets, put, testDirectory} from './support.ts'

const FRAME = 8 + 65_536
const BODY = octets(150_000)
const END = 16 + 2 * FRAME + 8 + (BODY.length - 2 * 65_536)

/** Places in the segment file of a body of three frames. */
const CLASSES: Record<string, number[]> = {
  header: span(0, 16),
  'length of a frame': [...span(16, 4), ...span(16 + FRAME, 4), ...span(16 + 2 * FRAME, 4)],
  'checksum of a frame': [...span(20, 4), ...span(20 + FRAME, 4), ...span(20 + 2 * FRAME, 4)],
  'octets of a frame': [24, 25, 40_000, 16 + FRAME - 1, 24 + FRAME, 24 + 2 * FRAME, END - 1],
  'end frame': span(END, 16),
}

async function damaged() {
  const dir = testDirectory()
  const queue = await openQueue({dir, clock: {now: () => 5000}})
  onTestFinished(() => queue.close())
  const id = await put(queue, BODY)
  const path = join(dir, 'segments', readdirSync(join(dir, 'segments'))[0]!)
  const other = await put(queue, octets(90_000, 2))
  const whole = readFileSync(path)
  expect(whole.length).toBe(END + 16)
  const salvage = async () => {
    const chunks: Buffer[] = []
    for await (const chunk of queue.salvageBody(id)) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  /** Null when it is noticed before an octet was handed out and what is salvaged is true. */
  const fault = async (file: Buffer) => {
    writeFileSync(path, file)
    const first = await queue
      .openBody(id)
      [Symbol.asyncIterator]()
      .next()
      .then(() => 'handed out', String)
    if (!/stored body of message .* is damaged/.test(first)) return first
    const saved = await salvage()
    return BODY.subarray(0, saved.length).equals(saved) ? null : 'what was salvaged is wrong'
  }
  return {queue, id, other, whole, fault, salvage}
}

describe('a segment file', () => {
  test.each(Object.entries(CLASSES))('with a bit flipped anywhere in the %s is never delivered', async (_, places) => {
    const {queue, other, whole, fault} = await damaged()
    for (const place of places) {
      for (const bit of [0, 7]) {
        const file = Buffer.from(whole)
        file[place]! ^= 1 << bit
        expect([place, bit, await fault(file)]).toEqual([place, bit, null])
      }
    }
    expect(await bodyOf(queue, other)).toEqual(octets(90_000, 2))
  })

  test.each(Object.entries(CLASSES))('cut anywhere in the %s is never delivered', async (_, places) => {
    const {queue, other, whole, fault} = await damaged()
    for (const place of places) expect([place, await fault(whole.subarray(0, place))]).toEqual([place, null])
    expect(await bodyOf(queue, other)).toEqual(octets(90_000, 2))
  })

  test('with frames that changed places, are there twice or are another message’s is never delivered', async () => {
    const {whole, fault} = await damaged()
    const frame = (n: number) => whole.subarray(16 + n * FRAME, 16 + (n + 1) * FRAME)
    const [head, tail] = [whole.subarray(0, 16), whole.subarray(16 + 2 * FRAME)]
    expect(await fault(Buffer.concat([head, frame(1), frame(0), tail]))).toBeNull()
    expect(await fault(Buffer.concat([head, frame(0), frame(0), tail]))).toBeNull()
    expect(await fault(Buffer.concat([whole, whole.subarray(END)]))).toBeNull()
    expect(await fault(Buffer.concat([head, frame(0), tail]))).toBeNull()
  })

  test('gives back what comes before the damage, for the headers of a report', async () => {
    const {whole, fault, salvage} = await damaged()
    const file = Buffer.from(whole)
    file[24 + FRAME]! ^= 4
    expect(await fault(file)).toBeNull()
    expect((await salvage()).length).toBe(65_536)
  })
})

function span(from: number, length: number): number[] {
  return Array.from({length}, (_, n) => from + n)
}
