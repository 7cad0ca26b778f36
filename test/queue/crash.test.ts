import {spawn} from 'node:child_process'
import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {setTimeout as sleep} from 'node:timers/promises'
import {expect, test} from 'vitest'
import {openQueue} from '../../src/queue/open.ts'
import type {QueueEntry, QueueStore} from '../../src/queue/store.ts'
import {markedBody} from './marked.ts'
import {bodyOf, testDirectory} from './support.ts'

const producer = new URL('./children/producer.ts', import.meta.url).pathname
const ROUNDS = 20

test('twenty times killed in the middle of commits, the queue has every message that was acknowledged, whole', async () => {
  const dir = testDirectory()
  let acknowledged = 0
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await killedProducer(dir, Math.random() * 150)
    const queue = await openQueue({dir, clock: {now: () => Date.now()}})
    await expectWhole(dir, queue, answers)
    acknowledged += answers.size
    await queue.remove({ids: (await everything(queue)).map(({id}) => id)})
    await queue.close()
  }
  expect(acknowledged).toBeGreaterThan(ROUNDS)
}, 240_000)

/** Runs a producer of small and large messages, kills it `ms` after its first answer. Returns id → n, as answered. */
async function killedProducer(dir: string, ms: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [producer, dir, '0', '6'], {stdio: ['ignore', 'pipe', 'inherit']})
  const answers = new Map<string, number>()
  let _kill: Promise<void> | null = null
  for await (const line of createInterface({input: child.stdout!})) {
    _kill ??= sleep(ms).then(() => void child.kill('SIGKILL'))
    const found = /^ACK (\d+) (\w+)$/.exec(line)
    if (found) answers.set(found[2]!, Number(found[1]))
    else expect(line).not.toMatch(/^NAK/)
  }
  expect(child.signalCode ?? (await new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal))))).toBe(
    'SIGKILL',
  )
  return answers
}

/** Every answered message is there; and so is all of each message that is there, answered or not. */
async function expectWhole(dir: string, queue: QueueStore, answers: Map<string, number>): Promise<void> {
  const entries = await everything(queue)
  const ids = new Set(entries.map(({id}) => id))
  expect([...answers.keys()].filter((id) => !ids.has(id))).toEqual([])
  let large = 0
  for (const {id, reversePath, size, recipients} of entries) {
    const n = answers.get(id) ?? Number(/^s(\d+)@/.exec(reversePath)![1])
    const body = await bodyOf(queue, id)
    expect(body.equals(markedBody(n))).toBe(true)
    expect({size, to: recipients.map(({address}) => address)}).toEqual({size: body.length, to: [`r${n}@example.mil`]})
    if (size > 65_536) large += 1
  }
  expect(readdirSync(join(dir, 'segments'))).toHaveLength(large)
}

async function everything(queue: QueueStore): Promise<QueueEntry[]> {
  const entries: QueueEntry[] = []
  for (let cursor: string | undefined | null; cursor !== null; ) {
    const page = await queue.list({limit: 1000, cursor})
    entries.push(...page.messages)
    cursor = page.cursor
  }
  return entries
}
