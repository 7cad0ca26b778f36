import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import type {Lease, QueueStore} from '../../src/queue/store.ts'
import {bodyOf, every, message, octets, put, recipient} from './support.ts'

/** One empty queue in its storage. */
export interface QueueHarness {
  /** What the queue's clock shows, milliseconds; the suite sets it. */
  clock: {at: number}
  /** Opens the queue; after a `close`, the same one again. */
  open(): Promise<QueueStore>
  dispose(): Promise<void>
}

/** What every driver of the queue has to keep. */
export function describeQueueStore(driver: string, harness: () => Promise<QueueHarness>): void {
  describe(`the ${driver} queue`, () => {
    let at: QueueHarness
    let queue: QueueStore
    const claim = (options: Partial<Parameters<QueueStore['claim']>[0]> = {}) =>
      queue.claim({now: at.clock.at, limit: 10, leaseMs: 60_000, ...options})
    const claimOne = async (): Promise<Lease> => {
      const [lease] = await claim()
      expect(lease).toBeDefined()
      return lease!
    }
    const reopen = async () => {
      await queue.close()
      queue = await at.open()
    }

    beforeEach(async () => {
      at = await harness()
      at.clock.at = 5000
      queue = await at.open()
    })
    afterEach(async () => {
      await queue.close()
      await at.dispose()
    })

    describe('takes in', () => {
      test.each([0, 1, 4096, 65_535, 65_536, 65_537, 131_072, 1_000_000])('a body of %i octets', async (size) => {
        const id = await put(queue, octets(size))
        expect(await bodyOf(queue, id)).toEqual(octets(size))
        await reopen()
        expect(await bodyOf(queue, id)).toEqual(octets(size))
        expect((await queue.show(id))?.size).toBe(size)
      })

      test('a body in chunks of any size, written without waiting', async () => {
        const body = octets(300_000)
        const incoming = await queue.receive()
        const ends = [0, 1, 70_001, 70_004, 70_004, 135_540, 200_000, body.length]
        await Promise.all(ends.map((end, n) => incoming.write(body.subarray(ends[n - 1] ?? 0, end))))
        expect(await bodyOf(queue, await incoming.commit(message()))).toEqual(body)
      })

      test('a chunk whose buffer the caller uses again', async () => {
        const incoming = await queue.receive()
        const chunk = Buffer.from('first')
        await incoming.write(chunk)
        chunk.write('later')
        expect(await bodyOf(queue, await incoming.commit(message()))).toEqual(Buffer.from('first'))
      })

      test('the envelope as it came', async () => {
        const options = {body: '8bitmime', smtputf8: true, requireTls: true, ret: 'hdrs', envid: 'x+2Dy'} as const
        const to = recipient('Jöe@example.mil', {options: {notify: ['failure', 'delay'], orcpt: 'rfc822;j+2Be@x'}})
        const id = await put(queue, 'x', {reversePath: '', options, recipients: [to], origin: 'here'})
        const lease = await claimOne()
        expect(lease).toMatchObject({messageId: id, destination: 'example.mil', expiresAt: 65_000})
        expect(lease.message).toEqual({reversePath: '', options, receivedAt: 1000, size: 1, origin: 'here'})
        expect(lease.recipients).toMatchObject([{address: 'Jöe@example.mil', options: to.options, attempts: 0}])
        expect(await queue.show(id)).toMatchObject({id, reversePath: '', options, origin: 'here', history: []})
      })

      test('many at a time, each under its own id', async () => {
        const ids = await Promise.all(Array.from({length: 200}, (_, n) => put(queue, `body ${n}`)))
        expect(new Set(ids).size).toBe(200)
        for (const [n, id] of ids.entries()) expect(String(await bodyOf(queue, id))).toBe(`body ${n}`)
      })

      test('an id that the caller chose, but not twice', async () => {
        expect(await put(queue, 'one', {id: 'CHOSEN'})).toBe('CHOSEN')
        const others = [put(queue, 'two', {id: 'CHOSEN'}), put(queue, 'three', {id: 'OTHER'})]
        expect((await Promise.allSettled(others)).map(({status}) => status)).toEqual(['rejected', 'fulfilled'])
        expect(String(await bodyOf(queue, 'CHOSEN'))).toBe('one')
      })

      test('nothing of a body that was aborted or has no recipient', async () => {
        const aborted = await queue.receive()
        await aborted.write(octets(200_000))
        await aborted.abort()
        await expect(aborted.commit(message())).rejects.toThrow()
        await expect(aborted.write(Buffer.from('x'))).rejects.toThrow()
        await expect(put(queue, octets(100_000), {recipients: []})).rejects.toThrow()
        expect(await queue.counts()).toEqual({messages: 0, recipients: 0, due: 0, held: 0, size: 0})
      })

      test('nothing twice: a second commit is refused', async () => {
        const incoming = await queue.receive()
        await incoming.commit(message())
        await expect(incoming.commit(message())).rejects.toThrow()
        await incoming.abort()
        expect((await queue.counts()).messages).toBe(1)
      })
    })

    describe('leases', () => {
      test('one batch for each message and destination, what waits longest first', async () => {
        const [first, second] = ['a@one.test', 'b@two.test', 'c@one.test'].map((address) => recipient(address))
        const late = recipient('d@two.test', {dueAt: 3000})
        const early = await put(queue, 'x', {recipients: [late, first!, second!, recipient('c@one.test')]})
        const next = await put(queue, 'x', {receivedAt: 2000, recipients: [recipient('e@one.test')]})
        const leases = await claim()
        const seen = leases.map((l) => [l.messageId, l.destination, l.recipients.map((r) => r.address).join()])
        expect(seen).toEqual([
          [early, 'one.test', 'a@one.test,c@one.test'],
          [early, 'two.test', 'd@two.test,b@two.test'],
          [next, 'one.test', 'e@one.test'],
        ])
        expect(await claim()).toEqual([])
      })

      test('no more batches than asked for, and none for an excluded destination', async () => {
        for (const name of ['one', 'two', 'one', 'three'])
          await put(queue, name, {recipients: [recipient(`a@${name}`)]})
        expect((await claim({exclude: ['one', 'three']})).map((l) => l.destination)).toEqual(['two'])
        expect((await claim({limit: 2})).map((l) => l.destination)).toEqual(['one', 'one'])
        expect(await claim({limit: 0})).toEqual([])
        expect((await claim()).map((l) => l.destination)).toEqual(['three'])
      })

      test('nothing before it is due', async () => {
        await put(queue, 'x', {recipients: [recipient('a@b', {dueAt: 6000})]})
        expect(await queue.nextDue()).toBe(6000)
        expect(await claim()).toEqual([])
        at.clock.at = 6000
        expect(await claim()).toHaveLength(1)
      })

      test('again when they have expired, and then the first holder can do nothing', async () => {
        await put(queue, 'x')
        const stale = await claimOne()
        expect(await queue.nextDue()).toBe(65_000)
        at.clock.at = 65_000
        const fresh = await claimOne()
        expect(fresh.token).toBeGreaterThan(stale.token)
        const settlement = {at: 1, recipients: every(stale, {}), dsns: [{message: message(), body: Buffer.from('dsn')}]}
        await expect(queue.settle(stale, settlement)).rejects.toMatchObject({code: 'lease-lost'})
        await expect(queue.renew(stale, 99_000)).rejects.toMatchObject({code: 'lease-lost'})
        await queue.release(stale)
        expect(await claim()).toEqual([])
        expect((await queue.counts()).messages).toBe(1)
        await queue.settle(fresh, {at: 1, recipients: every(fresh, {}), dsns: []})
        expect((await queue.counts()).messages).toBe(0)
      })

      test('that expired are still good while nobody else has claimed', async () => {
        await put(queue, 'x')
        const lease = await claimOne()
        at.clock.at = 70_000
        await queue.renew(lease, 80_000)
        expect(await claim()).toEqual([])
        await queue.settle(lease, {at: 1, recipients: every(lease, {}), dsns: []})
        expect((await queue.counts()).messages).toBe(0)
      })

      test('for longer when they are renewed', async () => {
        await put(queue, 'x')
        const lease = await claimOne()
        await queue.renew(lease, 100_000)
        at.clock.at = 99_999
        expect(await claim()).toEqual([])
        at.clock.at = 100_000
        expect(await claim()).toHaveLength(1)
      })

      test('at once when they are given back, attempts uncounted', async () => {
        await put(queue, 'x')
        await queue.release(await claimOne())
        expect((await claimOne()).recipients[0]?.attempts).toBe(0)
      })

      test('all anew after an opening, with tokens that no holder from before has', async () => {
        await put(queue, 'x')
        const before = await claimOne()
        await reopen()
        const after = await claimOne()
        expect(after.token).toBeGreaterThan(before.token)
        const settlement = {at: 1, recipients: every(before, {}), dsns: []}
        await expect(queue.settle(before, settlement)).rejects.toMatchObject({code: 'lease-lost'})
        await queue.settle(after, settlement)
      })
    })

    describe('settles', () => {
      test('a delivery: the message leaves, body and all, when the last recipient is done', async () => {
        const recipients = [recipient('a@one.test'), recipient('b@two.test')]
        const id = await put(queue, octets(100_000), {recipients})
        const [one, two] = await claim()
        await queue.settle(one!, {at: 7000, recipients: every(one!, {evidence: {tls: 'TLSv1.3'}}), dsns: []})
        const detail = await queue.show(id)
        expect(detail?.recipients.map((r) => r.state)).toEqual(['delivered', 'leased'])
        expect(detail?.history).toEqual([
          ...[{at: 7000, address: 'a@one.test', result: 'delivered', status: '2.0.0', reason: '250 ok'}].map((row) => ({
            ...row,
            evidence: {tls: 'TLSv1.3'},
          })),
        ])
        expect(await queue.counts()).toMatchObject({messages: 1, recipients: 1})
        await queue.settle(two!, {at: 7000, recipients: every(two!, {}), dsns: []})
        expect(await queue.show(id)).toBeNull()
        await expect(bodyOf(queue, id)).rejects.toMatchObject({code: 'message-unknown'})
        await reopen()
        expect(await queue.counts()).toEqual({messages: 0, recipients: 0, due: 0, held: 0, size: 0})
      })

      test('a deferral: due again at its time, with what was seen', async () => {
        const id = await put(queue, 'x')
        const lease = await claimOne()
        const deferred = {
          result: 'deferred',
          status: '4.7.5',
          reason: 'expired',
          nextDueAt: 9000,
          warned: true,
        } as const
        await queue.settle(lease, {at: 6000, recipients: every(lease, deferred), dsns: []})
        await reopen()
        expect(await queue.nextDue()).toBe(9000)
        expect(await claim()).toEqual([])
        expect((await queue.show(id))?.recipients).toMatchObject([
          {state: 'waiting', attempts: 1, dueAt: 9000, status: '4.7.5', reason: 'expired'},
        ])
        at.clock.at = 9000
        const again = await claimOne()
        expect(again.recipients).toMatchObject([{attempts: 1, warned: true}])
        await queue.settle(again, {at: 9500, recipients: every(again, {...deferred, warned: undefined}), dsns: []})
        expect((await queue.show(id))?.history.map((row) => row.at)).toEqual([6000, 9500])
        at.clock.at = 99_000
        expect((await claimOne()).recipients).toMatchObject([{attempts: 2, warned: true}])
      })

      test('a bounce together with its DSN', async () => {
        const id = await put(queue, 'x')
        const lease = await claimOne()
        const dsn = message({id: 'DSN1', receivedAt: 4000, reversePath: '', recipients: [recipient('ann@example.org')]})
        const bounced = every(lease, {result: 'bounced', status: '5.7.5', reason: 'self-signed'})
        await queue.settle(lease, {at: 6000, recipients: bounced, dsns: [{message: dsn, body: Buffer.from('sorry')}]})
        await reopen()
        expect(await queue.show(id)).toBeNull()
        expect(await claimOne()).toMatchObject({messageId: 'DSN1', destination: 'example.org'})
        expect(String(await bodyOf(queue, 'DSN1'))).toBe('sorry')
      })

      test('all or nothing: a DSN that cannot be stored leaves the lease as it was', async () => {
        await put(queue, 'x', {id: 'TAKEN'})
        const lease = await claimOne()
        const dsns = [
          {message: message({id: 'FRESH'}), body: Buffer.from('a')},
          {message: message({id: 'TAKEN'}), body: Buffer.from('b')},
        ]
        const bounced = every(lease, {result: 'bounced', status: '5.0.0', reason: 'no'})
        await expect(queue.settle(lease, {at: 6000, recipients: bounced, dsns})).rejects.toThrow()
        expect(await queue.show('FRESH')).toBeNull()
        expect(await queue.show('TAKEN')).toMatchObject({recipients: [{state: 'leased', attempts: 0}], history: []})
        await queue.settle(lease, {at: 6000, recipients: bounced, dsns: dsns.slice(0, 1)})
        expect((await queue.list({})).messages.map(({id}) => id)).toEqual(['FRESH'])
      })

      test('some recipients of a lease now and the others later', async () => {
        const recipients = ['a@one.test', 'b@one.test', 'c@one.test'].map((address) => recipient(address))
        await put(queue, 'x', {recipients})
        const lease = await claimOne()
        const [a, b] = every(lease, {})
        await queue.settle(lease, {at: 1, recipients: [a!], dsns: []})
        await queue.settle(lease, {at: 1, recipients: [b!], dsns: []})
        await expect(queue.settle(lease, {at: 1, recipients: [b!], dsns: []})).rejects.toMatchObject({
          code: 'lease-lost',
        })
        await queue.release(lease)
        expect((await claimOne()).recipients.map((r) => r.address)).toEqual(['c@one.test'])
      })
    })

    describe('postpones', () => {
      const ages = {warnAfter: 10_000, lifetime: 50_000, dsnLifetime: 20_000}
      const dues = async () => {
        const {messages} = await queue.list({})
        return messages.map(({recipients: [only]}) => [only!.destination, only!.dueAt])
      }
      const to = (address: string, extra = {}) => put(queue, 'x', {recipients: [recipient(address)], ...extra})

      test('a destination as a whole, and brings it back as a whole', async () => {
        for (const address of ['a@dead.test', 'b@dead.test', 'c@live.test']) await to(address)
        expect(await queue.postpone('dead.test', 9_000, ages)).toBe(2)
        await reopen()
        expect(await dues()).toEqual([
          ['dead.test', 9_000],
          ['dead.test', 9_000],
          ['live.test', 1_000],
        ])
        expect((await claim()).map((l) => l.destination)).toEqual(['live.test'])
        expect(await queue.advance('dead.test', 8_999)).toBe(0)
        expect(await queue.advance('dead.test', 9_000)).toBe(2)
        expect((await claim()).map((l) => l.destination)).toEqual(['dead.test', 'dead.test'])
      })

      test('nothing beyond its warning or its end, and nothing that waits longer already', async () => {
        await to('a@dead.test')
        await to('b@dead.test', {reversePath: ''})
        await to('c@dead.test', {recipients: [recipient('c@dead.test', {dueAt: 90_000})]})
        await queue.postpone('dead.test', 80_000, ages)
        expect((await dues()).map(([, due]) => due)).toEqual([11_000, 11_000, 90_000])
        at.clock.at = 12_000
        await queue.postpone('dead.test', 80_000, ages)
        expect((await dues()).map(([, due]) => due)).toEqual([51_000, 21_000, 90_000])
      })

      test('claims of one destination to the share it has', async () => {
        for (let i = 0; i < 6; i++) await to(`u${i}@many.test`)
        await to('x@few.test')
        const leases = await claim({perDestination: 2})
        expect(leases.map((l) => l.destination)).toEqual(['many.test', 'many.test', 'few.test'])
      })
    })

    describe('obeys the operator', () => {
      test('hold and release', async () => {
        const [held, free] = [await put(queue, 'x'), await put(queue, 'y')]
        expect(await queue.hold({ids: [held, 'NONE']})).toBe(1)
        expect(await queue.hold({ids: [held]})).toBe(0)
        expect((await claim()).map((l) => l.messageId)).toEqual([free])
        expect(await queue.counts()).toMatchObject({messages: 2, held: 1, due: 0})
        await reopen()
        expect((await queue.list({state: 'held'})).messages.map(({id}) => id)).toEqual([held])
        expect(await queue.unhold({ids: [held]})).toBe(1)
        expect((await claim()).map((l) => l.messageId)).toEqual([held, free])
      })

      test('a hold during an attempt lasts beyond it', async () => {
        const id = await put(queue, 'x')
        const lease = await claimOne()
        expect(await queue.hold({})).toBe(1)
        expect((await queue.show(id))?.recipients[0]?.state).toBe('leased')
        const deferred = every(lease, {result: 'deferred', status: '4.0.0', reason: 'busy', nextDueAt: 4000})
        await queue.settle(lease, {at: 1, recipients: deferred, dsns: []})
        expect((await queue.show(id))?.recipients[0]?.state).toBe('held')
        expect(await claim()).toEqual([])
        expect(await queue.nextDue()).toBeNull()
      })

      test('a retry: what waits is due now, what is leased or on hold is left alone', async () => {
        const later = {recipients: [recipient('a@b', {dueAt: 50_000})]}
        const [waiting, other, held] = [
          await put(queue, 'x', later),
          await put(queue, 'y', later),
          await put(queue, 'z'),
        ]
        await queue.hold({ids: [held]})
        expect(await queue.retryNow({ids: [waiting]})).toBe(1)
        expect((await claim()).map((l) => l.messageId)).toEqual([waiting])
        expect(await queue.retryNow({})).toBe(1)
        expect((await claim()).map((l) => l.messageId)).toEqual([other])
        expect(await queue.retryNow({ids: ['NONE']})).toBe(0)
      })

      test('a deletion, which takes the lease of whoever is at it', async () => {
        const [gone, stays] = [await put(queue, octets(80_000)), await put(queue, 'y')]
        const [lease] = await claim({limit: 1})
        expect(await queue.remove({ids: []})).toBe(0)
        expect(await queue.remove({ids: [gone, gone, 'NONE']})).toBe(1)
        const settlement = {at: 1, recipients: every(lease!, {}), dsns: []}
        await expect(queue.settle(lease!, settlement)).rejects.toMatchObject({code: 'lease-lost'})
        await reopen()
        expect((await queue.list({})).messages.map(({id}) => id)).toEqual([stays])
      })
    })

    describe('tells', () => {
      test('page by page what is in it, in the order of arrival', async () => {
        const ids: string[] = []
        for (let n = 0; n < 7; n++) ids.push(await put(queue, 'x'))
        const seen: string[][] = []
        let cursor: string | undefined
        do {
          const page = await queue.list({limit: 3, cursor})
          seen.push(page.messages.map(({id}) => id))
          if (seen.length === 1) await queue.remove({ids: [ids[2]!, ids[3]!]})
          cursor = page.cursor ?? undefined
        } while (cursor !== undefined)
        expect(seen).toEqual([ids.slice(0, 3), ids.slice(4, 7)])
        await expect(queue.list({cursor: "1' OR 1"})).rejects.toMatchObject({code: 'cursor-invalid', exit: 64})
      })

      test('what fits a filter', async () => {
        const due = await put(queue, 'x', {recipients: [recipient('a@one'), recipient('b@two')]})
        const waiting = await put(queue, 'x', {recipients: [recipient('a@one', {dueAt: 9000})]})
        const held = await put(queue, 'x', {recipients: [recipient('a@two')]})
        const leased = await put(queue, 'x', {receivedAt: 1, recipients: [recipient('a@three')]})
        await queue.hold({ids: [held]})
        await claim({limit: 1})
        const found = async (filter: Parameters<QueueStore['list']>[0]) =>
          (await queue.list(filter)).messages.map(({id}) => id)
        expect(await found({})).toEqual([due, waiting, held, leased])
        expect(await found({destination: 'one'})).toEqual([due, waiting])
        expect(await found({destination: 'nowhere'})).toEqual([])
        expect(await found({state: 'due'})).toEqual([due])
        expect(await found({state: 'waiting'})).toEqual([due, waiting])
        expect(await found({state: 'held'})).toEqual([held])
        expect(await found({state: 'leased'})).toEqual([leased])
        expect(await found({state: 'due', destination: 'two'})).toEqual([due])
        expect(await found({state: 'held', destination: 'one'})).toEqual([])
        expect(await queue.counts()).toEqual({messages: 4, recipients: 5, due: 2, held: 1, size: 4})
      })

      test('when something new may be due', async () => {
        const woken: string[] = []
        let action = ''
        queue.onWake(() => woken.push(action))
        const during = async (name: string, work: Promise<unknown>) => {
          action = name
          await work
        }
        await during('commit', put(queue, 'x'))
        await during('hold', queue.hold({}))
        await during('unhold', queue.unhold({}))
        await during('retry', queue.retryNow({}))
        const lease = await claimOne()
        await during('release', queue.release(lease))
        expect(new Set(woken)).toEqual(new Set(['commit', 'hold', 'unhold', 'retry', 'release']))
      })

      test('nothing of a message that it does not have', async () => {
        expect(await queue.show('NONE')).toBeNull()
        expect(await queue.nextDue()).toBeNull()
        await expect(bodyOf(queue, 'NONE')).rejects.toMatchObject({code: 'message-unknown', exit: 66})
      })
    })

    test('refuses everything once it is closed', async () => {
      const incoming = await queue.receive()
      await queue.close()
      await expect(incoming.commit(message())).rejects.toMatchObject({code: 'queue-closed'})
      await expect(queue.receive()).rejects.toMatchObject({code: 'queue-closed'})
      await expect(queue.counts()).rejects.toMatchObject({code: 'queue-closed'})
    })
  })
}
