import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import fc from 'fast-check'
import {expect, test} from 'vitest'
import {openQueue} from '../../src/queue/open.ts'
import type {QueueFilter, QueueStore, RecipientSettlement} from '../../src/queue/store.ts'
import {QueueModel} from './model.ts'
import {bodyOf, octets, put, recipient} from './support.ts'

interface Real {
  queue: QueueStore
  reopen(): Promise<void>
}
type Command = fc.AsyncCommand<QueueModel, Real>

/** A command that is followed by a look at everything. */
function command(name: string, run: (model: QueueModel, real: Real) => Promise<void>): Command {
  return {
    check: () => true,
    run: async (model, real) => {
      await run(model, real)
      await expectSame(model, real.queue)
    },
    toString: () => name,
  }
}

async function expectSame(model: QueueModel, queue: QueueStore): Promise<void> {
  const seen: unknown[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await queue.list({limit: 3, cursor})
    seen.push(...page.messages.map(({id, recipients}) => ({id, recipients: recipients.map(withoutStatus)})))
    cursor = page.cursor
  }
  expect(seen).toEqual(model.seen())
  expect(await queue.nextDue()).toBe(model.nextDue())
  const {size: _, ...counts} = await queue.counts()
  expect(counts).toEqual(model.counts())
}

function withoutStatus<T extends {status: unknown; reason: unknown}>({status: _, reason: __, ...rest}: T) {
  return rest
}

const time = fc.integer({min: 1, max: 400})
const some = fc.array(fc.nat(9), {maxLength: 2})
const destination = fc.constantFrom('one.test', 'two.test', 'three.test')

const chosen = (model: QueueModel, places: number[]) =>
  places.flatMap((place) => [...new Set([[...model.messages.keys()][place] ?? 'NONE'])])

const arrivals = fc
  .record({
    to: fc.array(fc.record({destination, delay: fc.nat(300)}), {minLength: 1, maxLength: 4}),
    large: fc.boolean(),
  })
  .map(({to, large}) =>
    command(`put ${JSON.stringify(to)}`, async (model, {queue}) => {
      const recipients = to.map((r, n) => recipient(`r${n}@${r.destination}`, {dueAt: model.now + r.delay}))
      const body = octets(large ? 70_000 : 10)
      const id = await put(queue, body, {recipients})
      expect(await bodyOf(queue, id)).toEqual(body)
      const fresh = {state: 'waiting', attempts: 0, warned: false, lease: null} as const
      model.messages.set(
        id,
        recipients.map((r) => ({address: r.address, destination: r.destination, dueAt: r.dueAt!, ...fresh})),
      )
    }),
  )

const claims = fc
  .record({limit: fc.integer({min: 1, max: 4}), leaseMs: time, exclude: fc.array(destination, {maxLength: 1})})
  .map((options) =>
    command(`claim ${JSON.stringify(options)}`, async (model, {queue}) => {
      const expected = model.claimable(options.limit, options.exclude)
      const leases = await queue.claim({now: model.now, ...options})
      const seen = leases.map((lease) => ({
        id: lease.messageId,
        destination: lease.destination,
        addresses: lease.recipients.map(({address}) => address),
      }))
      expect(seen).toEqual(expected)
      const newest = Math.max(0, ...model.leases.map(({token}) => token))
      for (const lease of leases) {
        expect(lease.token).toBeGreaterThan(newest)
        model.lease(lease)
        const known = model.leased(lease).map(({attempts, warned}) => ({attempts, warned}))
        expect(lease.recipients.map(({attempts, warned}) => ({attempts, warned}))).toEqual(known)
      }
    }),
  )

const result = fc.record({
  result: fc.constantFrom('delivered', 'deferred', 'bounced'),
  warned: fc.boolean(),
  delay: time,
})

const settlements = fc.tuple(fc.nat(20), fc.array(result, {minLength: 4, maxLength: 4})).map(([which, results]) =>
  command(`settle ${which} ${JSON.stringify(results)}`, async (model, {queue}) => {
    const lease = model.leases[which]
    if (!lease) return
    const recipients = lease.recipients.map(({id}, n): RecipientSettlement => {
      const {delay, ...outcome} = results[n]!
      return {id, ...outcome, status: null, reason: 'x', nextDueAt: model.now + delay} as RecipientSettlement
    })
    const settled = queue.settle(lease, {at: model.now, recipients, dsns: []})
    if (!model.holds(lease)) return expect(settled).rejects.toMatchObject({code: 'lease-lost'})
    await settled
    model.settle(lease, recipients)
  }),
)

const renewals = fc.tuple(fc.nat(20), time).map(([which, ms]) =>
  command(`renew ${which} for ${ms}`, async (model, {queue}) => {
    const lease = model.leases[which]
    if (!lease) return
    const renewed = queue.renew(lease, model.now + ms)
    if (!model.holds(lease)) return expect(renewed).rejects.toMatchObject({code: 'lease-lost'})
    await renewed
    for (const {lease: held} of model.leased(lease)) held!.expiresAt = model.now + ms
  }),
)

const releases = fc.nat(20).map((which) =>
  command(`release ${which}`, async (model, {queue}) => {
    const lease = model.leases[which]
    if (!lease) return
    await queue.release(lease)
    for (const r of model.leased(lease)) if (r.lease?.token === lease.token) r.lease = null
  }),
)

/** As the model has it: no id is all of them. */
function filterOf(ids: string[]): QueueFilter {
  return ids.length === 0 ? {} : {ids}
}

const holds = fc.tuple(fc.constantFrom('hold', 'unhold'), some).map(([verb, places]) =>
  command(`${verb} ${places}`, async (model, {queue}) => {
    const ids = chosen(model, places)
    const [from, to] = verb === 'hold' ? (['waiting', 'held'] as const) : (['held', 'waiting'] as const)
    const touched = [...new Set(model.of(ids))].filter(({state}) => state === from)
    expect(await queue[verb](filterOf(ids))).toBe(touched.length)
    for (const r of touched) r.state = to
  }),
)

const retries = some.map((places) =>
  command(`retry ${places}`, async (model, {queue}) => {
    const ids = chosen(model, places)
    const touched = [...new Set(model.of(ids))].filter((r) => r.state === 'waiting' && !model.isLeased(r))
    expect(await queue.retryNow(filterOf(ids))).toBe(touched.length)
    for (const r of touched) r.dueAt = Math.min(r.dueAt, model.now)
  }),
)

const removals = fc.nat(9).map((place) =>
  command(`remove ${place}`, async (model, {queue}) => {
    const ids = chosen(model, [place])
    expect(await queue.remove({ids})).toBe(model.messages.delete(ids[0]!) ? 1 : 0)
  }),
)

const passing = time.map((ms) =>
  command(`${ms} ms pass`, async (model) => {
    model.now += ms
  }),
)

const openings = fc.constant(
  command('open anew', async (model, real) => {
    await real.reopen()
    for (const r of model.of([])) r.lease = null
  }),
)

const everyCommand = [
  arrivals,
  arrivals,
  claims,
  claims,
  settlements,
  settlements,
  renewals,
  releases,
  holds,
  retries,
  removals,
  passing,
  openings,
]

test('the embedded queue behaves as the model does, whatever is asked of it', async () => {
  const property = fc.asyncProperty(fc.commands(everyCommand, {maxCommands: 60, size: 'max'}), async (commands) => {
    const dir = mkdtempSync(join(tmpdir(), 'postern-model-'))
    const model = new QueueModel()
    const open = () => openQueue({dir, clock: {now: () => model.now}})
    const real: Real = {
      queue: await open(),
      reopen: async () => {
        await real.queue.close()
        real.queue = await open()
      },
    }
    try {
      await fc.asyncModelRun(() => ({model, real}), commands)
    } finally {
      await real.queue.close()
      rmSync(dir, {recursive: true, force: true})
    }
  })
  await fc.assert(property, {numRuns: 15, endOnFailure: true})
}, 300_000)
