import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {relaySnapshot} from '../../src/app/relay-snapshot.ts'
import {Exit, PosternError} from '../../src/mail/error.ts'
import {openQueue} from '../../src/queue/open.ts'
import type {QueueStore} from '../../src/queue/store.ts'
import {Relay} from '../../src/relay/relay.ts'
import {send} from './client.ts'
import {RelayWorld} from './support.ts'

let world: RelayWorld
beforeEach(async () => {
  world = await RelayWorld.make()
})
afterEach(() => world.end())

const TO = {to: ['a@example.mil']}

/** The real queue, whose commit fails as long as `failure` says so. */
async function failingRelay(): Promise<{
  relay: Relay
  port: number
  fail(code: string | null): void
  opened(): number
}> {
  await world.write({
    'relay.yaml': `hostname: relay.example.org
listeners: [{address: 127.0.0.1, port: 0, tls: off}]
routes: [{domain: "*", host: 127.0.0.1, port: 1}]
`,
  })
  let [failure, opened]: [string | null, number] = [null, 0]
  const open = async (): Promise<QueueStore> => {
    const queue = await openQueue({dir: `${world.world.dataDir}/queue`, clock: world.world})
    opened++
    const receive = async () => {
      const body = await queue.receive()
      const commit: typeof body.commit = async (message) => {
        if (failure === null) return body.commit(message)
        await body.abort()
        throw new PosternError(failure, 'the disk said no', {exit: Exit.io})
      }
      return {write: body.write.bind(body), abort: body.abort.bind(body), commit}
    }
    return new Proxy(queue, {
      get: (target, name) => {
        const value = Reflect.get(target, name)
        return name === 'receive' ? receive : typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
  const log = {event: (event: (typeof world.events)[number]) => void world.events.push(event)}
  const relay = await Relay.start({
    snapshot: await relaySnapshot(world.world),
    openQueue: open,
    log,
    metrics: async () => '',
    world: world.world,
  })
  return {
    relay,
    port: relay.status().listeners[0]!.port,
    fail: (code) => {
      failure = code
    },
    opened: () => opened,
  }
}

describe('a queue that fails', () => {
  test('gets no 250, nothing more is accepted until it was opened anew, and what was accepted is still there', async () => {
    const {relay, port, fail, opened} = await failingRelay()
    expect(await send(port, TO)).toMatch(/^250 /)
    fail('queue-failed')
    expect(await send(port, TO)).toMatch(/^451 4\.3\.0 /)
    expect(relay.status()).toMatchObject({accepting: false, problems: [expect.stringContaining('the queue failed')]})
    expect(await send(port, TO)).toMatch(/^451 4\.3\.0 /)
    fail(null)
    await world.event('queue-recovered')
    expect(await send(port, TO)).toMatch(/^250 /)
    expect(opened()).toBe(2)
    expect(relay.status().problems).toEqual([])
    expect((await relay.queue!.counts()).messages).toBe(2)
    await relay.stop('the test is over')
  })

  test('that is only full answers 452 and goes on', async () => {
    const {relay, port, fail, opened} = await failingRelay()
    fail('queue-full')
    expect(await send(port, TO)).toMatch(/^452 4\.3\.1 /)
    expect(await send(port, TO)).toMatch(/^452 4\.3\.1 /)
    expect(world.events.filter(({event}) => event === 'queue-full')).toHaveLength(1)
    expect(relay.status()).toMatchObject({accepting: false, problems: [expect.stringContaining('is full')]})
    fail(null)
    expect(await send(port, TO)).toMatch(/^250 /)
    await world.event('queue-recovered')
    expect(relay.status()).toMatchObject({accepting: true, problems: []})
    expect(opened()).toBe(1)
    await relay.stop('the test is over')
  })
})
