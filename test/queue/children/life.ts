// One life of a queue in DIR, a line for each thing that was promised: `ACK n id` (committed), `BEGIN|END delivered n`,
// `END deferred n`, `BEGIN|END bounced n dsn-id`, `BEGIN|END removed n`, `NAK what code`. It ends in a checkpoint.
import {writeSync} from 'node:fs'
import {openQueue} from '../../../src/queue/open.ts'
import type {Lease, QueueStore, RecipientSettlement} from '../../../src/queue/store.ts'
import {markedBody, message} from '../marked.ts'

const ids = new Map<number, string>()

try {
  const queue = await openQueue({dir: process.argv[2]!, clock: {now: () => 100}, minFree: 0})
  for (let n = 0; n < 6; n++) await attempt(`commit ${n}`, () => commit(queue, n))
  await Promise.all([6, 7, 8].map((n) => attempt(`commit ${n}`, () => commit(queue, n))))
  const leases = await queue.claim({now: 100, limit: 4, leaseMs: 1e6}).catch(() => [])
  for (const [place, lease] of leases.entries()) await attempt('settle', () => settle(queue, lease, place))
  const last = ids.get(5)
  if (last) await attempt('remove', () => promise('removed 5', () => queue.remove({ids: [last]})))
  await attempt('commit 9', () => commit(queue, 9))
  await attempt('close', () => queue.close())
} catch (error) {
  say(`NAK open ${codeOf(error)}`)
}

async function commit(queue: QueueStore, n: number): Promise<void> {
  const incoming = await queue.receive()
  const body = markedBody(n)
  for (let at = 0; at < body.length; at += 50_000) await incoming.write(body.subarray(at, at + 50_000))
  const id = await incoming.commit({...message(n), receivedAt: n})
  ids.set(n, id)
  say(`ACK ${n} ${id}`)
}

/** The first two are delivered, the third put off, the fourth returned. */
async function settle(queue: QueueStore, lease: Lease, place: number): Promise<void> {
  const n = /^s(\d+)@/.exec(lease.message.reversePath)![1]
  const result = (['delivered', 'delivered', 'deferred', 'bounced'] as const)[place]!
  const recipients = lease.recipients.map(
    ({id}): RecipientSettlement => ({id, result, status: null, reason: 'as planned', nextDueAt: 200}),
  )
  const report = {message: {...message(1000), id: `DSN${n}`, receivedAt: 50}, body: Buffer.from(`report on ${n}`)}
  const dsns = result === 'bounced' ? [report] : []
  await promise(`${result} ${n}`, () => queue.settle(lease, {at: 100, recipients, dsns}))
}

async function promise(what: string, action: () => Promise<unknown>): Promise<void> {
  say(`BEGIN ${what}`)
  await action()
  say(`END ${what}`)
}

async function attempt(what: string, action: () => Promise<void>): Promise<void> {
  await action().catch((error) => say(`NAK ${what} ${codeOf(error)}`))
}

function codeOf(error: unknown): string {
  return (error as {code?: string}).code ?? String(error)
}

function say(line: string): void {
  writeSync(1, `${line}\n`)
}
