import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {openQueue} from '../../src/queue/open.ts'
import type {QueueFilter, QueueStore} from '../../src/queue/store.ts'
import {every, message, octets, put, recipient, testDirectory} from './support.ts'

const clock = {at: 5000, now: () => clock.at}
let dir: string
let queue: QueueStore
beforeEach(async () => {
  clock.at = 5000
  dir = testDirectory()
  queue = await openQueue({dir, clock})
})
afterEach(() => queue.close())

const claim = (options: Partial<Parameters<QueueStore['claim']>[0]> = {}) =>
  queue.claim({now: clock.at, limit: 10, leaseMs: 60_000, ...options})
const found = async (filter: QueueFilter) => (await queue.list(filter)).messages.map(({id}) => id)

/** Tries what is due once; each recipient is deferred with what its destination says. */
async function defer(reasons: Record<string, [status: string, reason: string]>): Promise<void> {
  for (const lease of await claim({limit: 100})) {
    const [status, reason] = reasons[lease.destination]!
    const recipients = every(lease, {result: 'deferred', status, reason, nextDueAt: 90_000})
    await queue.settle(lease, {at: clock.at, recipients, dsns: []})
  }
}

describe('a filter', () => {
  let first: string
  let second: string
  let third: string
  beforeEach(async () => {
    first = await put(queue, 'x', {receivedAt: 1000, recipients: [recipient('Joe@one.test'), recipient('b@two.test')]})
    second = await put(queue, 'x', {receivedAt: 2000, reversePath: '', recipients: [recipient('c@two.test')]})
    third = await put(queue, 'x', {
      receivedAt: 3000,
      reversePath: 'Ann@Example.ORG',
      recipients: [recipient('j@xone.test')],
    })
    await defer({
      'one.test': ['4.7.5', 'The certificate of mx.one.test has expired'],
      'two.test': ['4.4.1', '100% of its hosts are away'],
      'xone.test': ['4.7.50', 'odd'],
    })
  })

  test.each<[string, QueueFilter, number[]]>([
    ['age', {receivedBefore: 3000}, [1, 2]],
    ['age from both sides', {receivedBefore: 3000, receivedAfter: 1000}, [2]],
    ['one status and no longer one', {reason: '4.7.5'}, [1]],
    ['a class of status', {reason: '4.7'}, [1, 3]],
    ['text whatever its case', {reason: 'THE CERTIFICATE'}, [1]],
    ['text that SQL would read otherwise', {reason: '100%'}, [1, 2]],
    ['a sender whatever its case', {sender: 'ann@example.org'}, [1, 3]],
    ['the domain of a sender', {sender: 'example.org'}, [1, 3]],
    ['the null sender', {sender: ''}, [2]],
    ['a recipient', {recipient: 'joe@one.test'}, [1]],
    ['the domain of a recipient, not the end of another', {recipient: '@one.test'}, [1]],
    ['all of several on the same recipient', {destination: 'one.test', reason: '4.4'}, []],
  ])('by %s', async (_, filter, places) => {
    expect(await found(filter)).toEqual(places.map((place) => [first, second, third][place - 1]))
  })

  test('holds and releases recipients, not messages', async () => {
    expect(await queue.hold({destination: 'two.test'})).toBe(2)
    const states = (await queue.show(first))!.recipients.map(({state}) => state)
    expect(states).toEqual(['waiting', 'held'])
    expect(await queue.unhold({sender: ''})).toBe(1)
    expect(await queue.retryNow({reason: '4.7'})).toBe(2)
    expect((await claim()).map(({destination}) => destination)).toEqual(['one.test', 'xone.test'])
  })

  test('deletes recipients; the message goes on with the others, and with its last one it goes', async () => {
    expect(await queue.remove({destination: 'two.test'})).toBe(2)
    expect(await found({})).toEqual([first, third])
    const {recipients, history} = (await queue.show(first))!
    expect(recipients.map(({address}) => address)).toEqual(['Joe@one.test'])
    expect(history.at(-1)).toMatchObject({address: 'b@two.test', result: 'deleted'})
  })

  test('deletes at most so many messages, and nothing that is being tried', async () => {
    await queue.retryNow({sender: ''})
    await claim()
    expect(await queue.remove({}, 1)).toBe(1)
    expect(await found({})).toEqual([second, third])
    expect(await queue.remove({})).toBe(1)
    expect(await found({})).toEqual([second])
  })

  test('claims what fits, due or not, on hold or not, and no more of a message', async () => {
    await queue.hold({ids: [second]})
    await queue.suspend('two.test', null)
    const leases = await claim({only: {destination: 'two.test'}})
    expect(leases.map((lease) => [lease.messageId, lease.recipients.map(({address}) => address)])).toEqual([
      [first, ['b@two.test']],
      [second, ['c@two.test']],
    ])
    expect(await claim({only: {destination: 'two.test'}})).toEqual([])
    await queue.settle(leases[1]!, {at: 1, recipients: every(leases[1]!, {result: 'bounced'}), dsns: []})
    expect(await found({})).toEqual([first, third])
  })

  test('sums up by destination, with the reason that is met most often, whatever waits untried behind it', async () => {
    clock.at = 4000
    await put(queue, 'x', {receivedAt: 3500, recipients: [recipient('new@one.test'), recipient('more@one.test')]})
    await put(queue, 'x', {receivedAt: 3600, recipients: [recipient('new@four.test')]})
    expect(await queue.summary({})).toEqual([
      {
        destination: 'one.test',
        messages: 2,
        recipients: 3,
        oldest: 1000,
        status: '4.7.5',
        reason: 'The certificate of mx.one.test has expired',
      },
      {
        destination: 'two.test',
        messages: 2,
        recipients: 2,
        oldest: 1000,
        status: '4.4.1',
        reason: '100% of its hosts are away',
      },
      {destination: 'four.test', messages: 1, recipients: 1, oldest: 3600, status: null, reason: null},
      {destination: 'xone.test', messages: 1, recipients: 1, oldest: 3000, status: '4.7.50', reason: 'odd'},
    ])
    expect(await queue.summary({reason: '4.7.5'})).toMatchObject([{destination: 'one.test', messages: 1}])
  })
})

describe('a suspended destination', () => {
  test('is not claimed, also after an opening, until it is resumed', async () => {
    const [kept, other] = [await put(queue, 'x'), await put(queue, 'x', {recipients: [recipient('a@one.test')]})]
    await queue.suspend('example.mil', null)
    await queue.close()
    queue = await openQueue({dir, clock})
    expect(await queue.suspensions()).toEqual([{destination: 'example.mil', since: 5000, until: null}])
    expect((await claim()).map(({messageId}) => messageId)).toEqual([other])
    expect(await queue.nextDue()).toBe(65_000)
    expect(await queue.resume('example.mil')).toBe(true)
    expect(await queue.resume('example.mil')).toBe(false)
    expect((await claim()).map(({messageId}) => messageId)).toEqual([kept])
  })

  test('that has a time is due again when it is over', async () => {
    await put(queue, 'x')
    await queue.suspend('example.mil', 7000)
    expect(await claim()).toEqual([])
    expect(await queue.nextDue()).toBe(7000)
    clock.at = 7000
    expect(await queue.suspensions()).toEqual([])
    expect(await claim()).toHaveLength(1)
  })
})

test('what waits behind thousands for a destination that is passed over is found in its order', async () => {
  const many = Array.from({length: 2500}, (_, n) => recipient(`r${n}@full.test`))
  await put(queue, octets(10), {receivedAt: 1, recipients: many})
  const behind: string[] = []
  for (let n = 0; n < 6; n++) {
    const recipients = [recipient(`a@d${n % 2}.test`), recipient(`a@d${(n + 1) % 2}.test`)]
    behind.push(await put(queue, 'x', message({receivedAt: 100 - n, recipients})))
  }
  const leases = await claim({limit: 5, exclude: ['full.test']})
  const [b5, b4, b3] = behind.toReversed()
  expect(leases.map(({messageId, destination}) => [messageId, destination])).toEqual([
    [b5, 'd0.test'],
    [b5, 'd1.test'],
    [b4, 'd0.test'],
    [b4, 'd1.test'],
    [b3, 'd0.test'],
  ])
})
