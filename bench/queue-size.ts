/**
 * What a queue of many messages costs: opening, listing, memory. `node bench/queue-size.ts [MESSAGES] [DIR]`. Seven in
 * ten are for one domain, the others for five hundred; all were tried once.
 */
import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {openQueue} from '../src/queue/open.ts'
import type {QueueStore} from '../src/queue/store.ts'

const clock = {now: () => Date.now()}
const began = Date.now() - 10 * 3_600_000

if (process.argv[2] === 'look') await look(process.argv[3]!)
else await make(Number(process.argv[2] ?? 200_000), mkdtempSync(join(process.argv[3] ?? tmpdir(), 'postern-bench-')))

async function make(messages: number, dir: string): Promise<void> {
  try {
    const queue = await openQueue({dir, clock})
    console.log(`memory with an empty queue ${memory()}`)
    await timed(`take in ${messages}`, () => fill(queue, messages))
    await timed('try each once', () => deferAll(queue))
    await queue.close()
    // In a process of its own, whose memory is that of a relay that finds this queue.
    spawnSync(process.execPath, [import.meta.filename, 'look', dir], {stdio: 'inherit'})
  } finally {
    rmSync(dir, {recursive: true})
  }
}

async function look(dir: string): Promise<void> {
  const queue = await timed('open', () => openQueue({dir, clock}))
  await timed('list --limit 100', () => queue.list({limit: 100}))
  await timed('list --domain', () => queue.list({destination: 'example.mil'}))
  await timed('list --older-than, none fits', () => queue.list({receivedBefore: began - 1e9}))
  await timed('list --reason TEXT, none fits', () => queue.list({reason: 'no such words'}))
  await timed('list --recipient, none fits', () => queue.list({recipient: 'nobody@nowhere.example'}))
  await timed('summary', () => queue.summary({}))
  await timed('summary --older-than', () => queue.summary({receivedBefore: Date.now()}))
  await timed('retry --all', () => queue.retryNow({}))
  await queue.suspend('example.mil', null)
  const claim = {now: Date.now(), limit: 100, leaseMs: 1000}
  await timed('claim behind a suspended domain', () => queue.claim(claim))
  await queue.close()
}

async function timed<T>(what: string, action: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await action()
  console.log(`${what.padEnd(34)} ${(performance.now() - start).toFixed(0).padStart(7)} ms   memory ${memory()}`)
  return result
}

function memory(): string {
  return `${Math.round(process.memoryUsage.rss() / 1024 ** 2)} MiB`
}

async function fill(queue: QueueStore, messages: number): Promise<void> {
  let next = 0
  const produce = async () => {
    for (let n = next++; n < messages; n = next++) {
      const incoming = await queue.receive()
      await incoming.write(Buffer.alloc(1000, `message ${n}. `))
      const destination = n % 10 < 7 ? 'example.mil' : `d${n % 500}.example`
      const recipients = [{address: `r${n}@${destination}`, options: {}, destination}]
      const envelope = {reversePath: `s${n % 1000}@example.org`, options: {}, recipients, origin: 'bench'}
      await incoming.commit({receivedAt: began + n * 100, ...envelope})
    }
  }
  await Promise.all(Array.from({length: 128}, produce))
}

async function deferAll(queue: QueueStore): Promise<void> {
  const later = Date.now() + 3_600_000
  for (;;) {
    const leases = await queue.claim({now: Date.now(), limit: 500, leaseMs: 600_000})
    if (leases.length === 0) return
    await Promise.all(
      leases.map((lease) =>
        queue.settle(lease, {
          at: Date.now(),
          dsns: [],
          recipients: lease.recipients.map(({id}) => ({
            id,
            result: 'deferred',
            status: id % 3 === 0 ? '4.4.1' : '4.7.5',
            reason: 'the certificate of mx1.example.mil was issued by somebody whom nothing here trusts',
            nextDueAt: later,
          })),
        }),
      ),
    )
  }
}
