import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {appendFileSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {describe, expect, onTestFinished, test} from 'vitest'
import {openQueue, type QueueOptions} from '../../src/queue/open.ts'
import type {QueueStore} from '../../src/queue/store.ts'
import {describeQueueStore} from './conformance.ts'
import {bodyOf, message, octets, put, testDirectory} from './support.ts'

const clock = {now: () => 5000}

describeQueueStore('embedded', async () => {
  const dir = testDirectory()
  const time = {at: 0}
  return {clock: time, open: () => openQueue({dir, clock: {now: () => time.at}}), dispose: async () => {}}
})

async function openHere(dir: string, options: Partial<QueueOptions> = {}): Promise<QueueStore> {
  const queue = await openQueue({dir, clock, busyTimeout: 50, ...options})
  onTestFinished(() => queue.close())
  return queue
}

const segments = (dir: string) => readdirSync(join(dir, 'segments'))

describe('the directory of the embedded queue', () => {
  test('is for its owner alone', async () => {
    const dir = join(testDirectory(), 'data', 'queue')
    await put(await openHere(dir), octets(70_000))
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    for (const name of ['queue.db', 'queue.db-wal', join('segments', segments(dir)[0]!)])
      expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600)
  })

  test('is refused to a second opener, here and in another process, until the first has closed', async () => {
    const dir = testDirectory()
    const first = await openQueue({dir, clock})
    await expect(openQueue({dir, clock, busyTimeout: 50})).rejects.toMatchObject({code: 'queue-in-use', exit: 75})
    // The refusal of the second must not have cost the first its lock.
    expect(await openInChild(dir)).toBe('queue-in-use')
    await first.close()
    expect(await openInChild(dir)).toBe('opened')
    await openHere(dir)
  })

  test('is free again when its owner was killed', async () => {
    const dir = testDirectory()
    const child = spawnChild(dir, 'stay')
    await once(child.stdout!, 'data')
    await expect(openQueue({dir, clock, busyTimeout: 50})).rejects.toMatchObject({code: 'queue-in-use'})
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect((await (await openHere(dir)).counts()).messages).toBe(0)
  })

  test('is waited for while another process lets go of it', async () => {
    const dir = testDirectory()
    const first = await openQueue({dir, clock})
    const second = openQueue({dir, clock, busyTimeout: 30_000})
    await first.close()
    await (await second).close()
  })

  test('loses segment files without a message at opening, and no other', async () => {
    const dir = testDirectory()
    const queue = await openQueue({dir, clock})
    const id = await put(queue, octets(70_000))
    await (await queue.receive()).write(octets(200_000))
    expect(segments(dir)).toHaveLength(2)
    await queue.close()
    writeFileSync(join(dir, 'segments', 'ORPHAN'), 'x')
    const again = await openHere(dir)
    expect(segments(dir)).toHaveLength(1)
    expect(await bodyOf(again, id)).toEqual(octets(70_000))
  })

  test('keeps the segment of a body that is arriving while others come and go', async () => {
    const dir = testDirectory()
    const queue = await openHere(dir)
    const arriving = await queue.receive()
    await arriving.write(octets(150_000))
    await queue.remove({ids: [await put(queue, octets(90_000))]})
    expect(segments(dir)).toHaveLength(1)
    expect(await bodyOf(queue, await arriving.commit(message()))).toEqual(octets(150_000))
  })

  test('has no segment left of a body that was aborted, refused or delivered', async () => {
    const dir = testDirectory()
    const queue = await openQueue({dir, clock})
    const aborted = await queue.receive()
    await aborted.write(octets(150_000))
    await aborted.abort()
    await expect(put(queue, octets(150_000), {recipients: []})).rejects.toThrow()
    expect(segments(dir)).toEqual([])
    await put(queue, octets(150_000))
    const [lease] = await queue.claim({now: 5000, limit: 1, leaseMs: 1000})
    const delivered = {id: lease!.recipients[0]!.id, result: 'delivered', status: null, reason: 'ok'} as const
    await queue.settle(lease!, {at: 5000, recipients: [delivered], dsns: []})
    await queue.close()
    expect(segments(dir)).toEqual([])
  })

  test('is left alone when a newer release wrote it', async () => {
    const dir = testDirectory()
    await (await openQueue({dir, clock})).close()
    const db = new DatabaseSync(join(dir, 'queue.db'))
    db.exec('PRAGMA user_version = 99')
    db.close()
    await expect(openQueue({dir, clock})).rejects.toMatchObject({code: 'queue-invalid', exit: 78})
  })

  test('is not called invalid when the disk has no room to open it', async () => {
    const opened = openQueue({dir: testDirectory(), clock, maxSize: 8192})
    await expect(opened).rejects.toMatchObject({code: 'queue-full', exit: 74})
  })

  test('is refused when the file in it is no database', async () => {
    const dir = testDirectory()
    writeFileSync(join(dir, 'queue.db'), octets(8192))
    await expect(openQueue({dir, clock})).rejects.toMatchObject({code: 'queue-invalid', exit: 78})
  })
})

describe('a stored body that is damaged', () => {
  const damage: [string, (path: string) => void][] = [
    ['a flipped bit', (path) => rewrite(path, (file) => (file[70_000]! ^= 1))],
    ['a torn end', (path) => rewrite(path, (file) => file.subarray(0, -17))],
    ['octets at the end', (path) => appendFileSync(path, 'x')],
    ['another version', (path) => rewrite(path, (file) => (file[8] = 2))],
    ['nothing left', (path) => writeFileSync(path, '')],
  ]
  test.each(damage)('with %s is noticed before its first octet is handed out', async (_, spoil) => {
    const dir = testDirectory()
    const queue = await openHere(dir)
    const id = await put(queue, octets(200_000))
    spoil(join(dir, 'segments', segments(dir)[0]!))
    const body = queue.openBody(id)[Symbol.asyncIterator]()
    await expect(body.next()).rejects.toMatchObject({code: 'body-corrupt', exit: 74})
  })

  test('in its row is noticed', async () => {
    const dir = testDirectory()
    const first = await openQueue({dir, clock})
    const id = await put(first, 'precious')
    await first.close()
    const db = new DatabaseSync(join(dir, 'queue.db'))
    db.exec("UPDATE body SET octets = CAST('preciouz' AS BLOB)")
    db.close()
    await expect(bodyOf(await openHere(dir), id)).rejects.toMatchObject({code: 'body-corrupt'})
  })
})

describe('a queue without room', () => {
  test('refuses a message when the disk has less than the reserve', async () => {
    const queue = await openHere(testDirectory(), {minFree: Number.MAX_SAFE_INTEGER})
    await expect(queue.receive()).rejects.toMatchObject({code: 'queue-full', persistence: 'temporary'})
  })

  test('refuses what does not fit, keeps what did, and goes on when there is room again', async () => {
    const dir = testDirectory()
    const queue = await openHere(dir, {maxSize: 2 * 1024 * 1024})
    const results = await Promise.allSettled(Array.from({length: 60}, () => put(queue, octets(60_000))))
    const ids = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []))
    expect(ids.length).toBeGreaterThan(5)
    expect(new Set(reasons)).toEqual(new Set(['queue-full']))
    for (const id of ids) expect(await bodyOf(queue, id)).toEqual(octets(60_000))
    expect(await queue.remove({ids: ids.slice(1)})).toBe(ids.length - 1)
    const after = await put(queue, octets(60_000))
    expect((await queue.list({})).messages.map(({id}) => id)).toEqual([ids[0], after])
  })
})

function rewrite(path: string, change: (file: Buffer) => unknown): void {
  const file = readFileSync(path)
  const changed = change(file)
  writeFileSync(path, Buffer.isBuffer(changed) ? changed : file)
}

function spawnChild(dir: string, mode: 'stay' | 'leave') {
  const script = new URL('./children/opener.ts', import.meta.url).pathname
  return spawn(process.execPath, [script, dir, mode], {stdio: ['ignore', 'pipe', 'inherit']})
}

async function openInChild(dir: string): Promise<string> {
  const child = spawnChild(dir, 'leave')
  const [output] = await once(child.stdout!, 'data')
  await once(child, 'exit')
  return String(output).trim()
}
