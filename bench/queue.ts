/**
 * Messages a second that the queue makes durable, against a plain loop that appends each message to a file and syncs
 * it, on the same disk in the same run. `node bench/queue.ts [SECONDS] [DIR]`. Absolute numbers are the disk's; the
 * ratio is ours.
 */
import {mkdtempSync, rmSync} from 'node:fs'
import {open} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {openQueue} from '../src/queue/open.ts'
import type {QueueStore} from '../src/queue/store.ts'

const seconds = Number(process.argv[2] ?? 2)
const dir = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'postern-bench-'))
const CHUNK = 64 * 1024

try {
  console.log('  body  producers   queue/s   append+fsync/s   ratio')
  for (const size of [4 * 1024, 100 * 1024]) for (const producers of [1, 64]) await compare(size, producers)
} finally {
  rmSync(dir, {recursive: true})
}

async function compare(size: number, producers: number): Promise<void> {
  const body = Buffer.alloc(size, 'The quick brown fox. ')
  // Each in turn, twice, so that a disk that slows down does so for both.
  let [queued, appended] = [0, 0]
  for (let round = 0; round < 2; round++) {
    appended += await appendRate(body)
    queued += await queueRate(body, producers)
  }
  const cells = [`${size / 1024} KiB`.padStart(8), String(producers).padStart(9), rate(queued).padStart(9)]
  console.log([...cells, rate(appended).padStart(16), (queued / appended).toFixed(2).padStart(7)].join(' '))
}

function rate(twoRounds: number): string {
  return (twoRounds / 2).toFixed(0)
}

async function queueRate(body: Buffer, producers: number): Promise<number> {
  const queue = await openQueue({dir: join(dir, 'queue'), clock: {now: () => Date.now()}})
  try {
    return await measure(producers, () => commit(queue, body))
  } finally {
    await queue.close()
    rmSync(join(dir, 'queue'), {recursive: true})
  }
}

async function appendRate(body: Buffer): Promise<number> {
  const file = await open(join(dir, 'append'), 'a')
  try {
    return await measure(1, async () => {
      await file.write(body)
      await file.datasync()
    })
  } finally {
    await file.close()
    rmSync(join(dir, 'append'))
  }
}

async function measure(producers: number, once: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  const end = start + seconds * 500
  let done = 0
  const produce = async () => {
    while (performance.now() < end) {
      await once()
      done += 1
    }
  }
  await Promise.all(Array.from({length: producers}, produce))
  return (done * 1000) / (performance.now() - start)
}

async function commit(queue: QueueStore, body: Buffer): Promise<void> {
  const incoming = await queue.receive()
  for (let at = 0; at < body.length; at += CHUNK) await incoming.write(body.subarray(at, at + CHUNK))
  const recipient = {address: 'joe@example.mil', options: {}, destination: 'example.mil'}
  const envelope = {reversePath: 'ann@example.org', options: {}, recipients: [recipient], origin: 'bench'}
  await incoming.commit({receivedAt: Date.now(), ...envelope})
}
