import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {onTestFinished} from 'vitest'
import type {Lease, NewMessage, NewRecipient, QueueStore, RecipientSettlement} from '../../src/queue/store.ts'

/** A directory for one test. */
export function testDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'postern-queue-'))
  onTestFinished(() => rmSync(dir, {recursive: true, force: true}))
  return dir
}

export function recipient(address: string, extra: Partial<NewRecipient> = {}): NewRecipient {
  return {address, options: {}, destination: address.slice(address.indexOf('@') + 1), ...extra}
}

/** From ann@example.org to joe@example.mil at time 1000, unless told otherwise. */
export function message(extra: Partial<NewMessage> = {}): NewMessage {
  return {
    receivedAt: 1000,
    reversePath: 'ann@example.org',
    options: {},
    recipients: [recipient('joe@example.mil')],
    origin: '127.0.0.1 (test) ESMTP',
    ...extra,
  }
}

/** Puts a message in; returns its queue id. */
export async function put(queue: QueueStore, body: Buffer | string, extra: Partial<NewMessage> = {}): Promise<string> {
  const incoming = await queue.receive()
  await incoming.write(Buffer.from(body))
  return incoming.commit(message(extra))
}

export async function bodyOf(queue: QueueStore, id: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of queue.openBody(id)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The same result for every recipient of the lease. */
export function every(lease: Lease, settlement: Partial<RecipientSettlement>): RecipientSettlement[] {
  const common = {result: 'delivered', status: '2.0.0', reason: '250 ok', ...settlement} as const
  return lease.recipients.map(({id}) => ({id, ...common}))
}

/** Octets that differ from place to place. */
export function octets(length: number, seed = 1): Buffer {
  const buffer = Buffer.alloc(length)
  for (let i = 0, x = seed; i < length; i++) buffer[i] = x = (x * 1103515245 + 12345 + i) & 0xff
  return buffer
}
