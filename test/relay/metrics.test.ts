import {connect} from 'node:net'
import {text} from 'node:stream/consumers'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {parseExposition} from '../report/exposition.ts'
import {client, send} from './client.ts'
import {NOWHERE, RelayWorld} from './support.ts'

let world: RelayWorld
beforeEach(async () => {
  world = await RelayWorld.make()
})
afterEach(() => world.end())

const METRICS = 'metrics: {port: 0}\n'
const port = () => world.relay!.status().metrics!.port
const get = (path: string) => fetch(`http://127.0.0.1:${port()}${path}`)
/** What is sent as it is, and everything that comes back. */
async function raw(octets: string): Promise<string> {
  const socket = connect(port(), '127.0.0.1')
  socket.on('error', () => {})
  socket.write(octets)
  return text(socket)
}

describe('/metrics', () => {
  test('is well-formed, and counts what happened', async () => {
    await world.start(`${METRICS}${NOWHERE}`)
    await send(world.port(), {to: ['a@example.mil', 'b@example.mil']})
    await expect.poll(() => world.seen('deferred').length, {timeout: 30_000}).toBe(2)
    const response = await get('/metrics')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const series = parseExposition(await response.text())
    const value = (name: string, labels = {}) =>
      series.find(
        (one) => one.name === `postern_relay_${name}` && expect.objectContaining(labels).asymmetricMatch(one.labels),
      )?.value
    expect(value('messages_received_total', {tls: 'clear'})).toBe(1)
    expect(value('recipients_total', {result: 'deferred', level: '', outcome: ''})).toBe(2)
    expect(value('attempts_failed_total', {level: 'preferred', outcome: 'unreachable'})).toBeGreaterThan(0)
    expect(value('queue_recipients', {state: 'waiting'})).toBe(2)
    expect(value('certificate_not_after_timestamp_seconds', {identity: 'default'})).toBeGreaterThan(Date.now() / 1000)
    expect(value('fit')).toBe(1)
  })

  test('has as many series for many partners and clients as for few', async () => {
    await world.start(`${METRICS}${NOWHERE}`)
    await send(world.port(), {to: ['a@one.example']})
    await expect.poll(() => world.seen('deferred').length, {timeout: 30_000}).toBe(1)
    const few = parseExposition(await (await get('/metrics')).text()).length
    const to = Array.from({length: 30}, (_, i) => `a@d${i}.example`)
    await send(world.port(), {from: 'other@elsewhere.example', to})
    await expect.poll(() => world.seen('deferred').length, {timeout: 30_000}).toBe(31)
    expect(parseExposition(await (await get('/metrics')).text())).toHaveLength(few)
  })
})

describe('/healthz', () => {
  test('is 503 with the reason once the certificate has expired; /livez goes on', async () => {
    await world.start(METRICS)
    expect([(await get('/healthz')).status, await (await get('/healthz')).text()]).toEqual([200, 'fit\n'])
    world.ahead = 1000 * 86_400_000
    const response = await get('/healthz')
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining('identity default expired')])
    expect((await get('/livez')).status).toBe(200)
  })
})

describe('the HTTP door', () => {
  test('is for reading, by address', async () => {
    await world.start(METRICS)
    expect((await get('/')).status).toBe(404)
    expect((await fetch(`http://127.0.0.1:${port()}/metrics`, {method: 'POST', body: 'x'})).status).toBe(405)
    expect(await raw('GET /metrics HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 421 /,
    )
  })

  test.each([
    ['a header without end', `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(5000)}`, /^HTTP\/1\.1 431 /],
    ['SMTP', 'EHLO client.example\r\nMAIL FROM:<>\r\n', /^HTTP\/1\.1 400 /],
    ['half a request', 'GET /metr', /^HTTP\/1\.1 408 /],
  ])('is not kept busy by %s', async (_, octets, answer) => {
    await world.start(METRICS)
    expect(await raw(octets)).toMatch(answer)
    expect((await get('/livez')).status).toBe(200)
  })

  test('is for others once it is exposed, at the same port and without a restart', async () => {
    const yaml = (exposed: boolean) =>
      `hostname: relay.example.org\nlisteners: []\nmetrics: {port: ${fixed}, exposed: ${exposed}}\n`
    const taken = await world.peer()
    const fixed = taken.port
    await taken.stop()
    await world.start(NOWHERE, {'relay.yaml': yaml(false)})
    const asked = 'GET /livez HTTP/1.1\r\nHost: relay.example.org\r\nConnection: close\r\n\r\n'
    expect(await raw(asked)).toMatch(/^HTTP\/1\.1 421 /)
    await world.write({'relay.yaml': yaml(true)})
    await world.relay!.reload()
    expect(await raw(asked)).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('opens, moves and closes with the configuration, while mail goes on', async () => {
    await world.start(NOWHERE)
    expect(world.relay!.status().metrics).toBeNull()
    const before = await client(world.port())
    const yaml = (metrics: string) =>
      `hostname: relay.example.org\nlisteners: [{address: 127.0.0.1, port: 0}]\n${NOWHERE}${metrics}`
    await world.write({'relay.yaml': yaml(METRICS)})
    await world.relay!.reload()
    expect((await get('/livez')).status).toBe(200)
    await world.write({'relay.yaml': yaml('')})
    await world.relay!.reload()
    expect(world.relay!.status().metrics).toBeNull()
    expect(await before.ask('NOOP')).toMatch(/^250 /)
  })

  test('that cannot be had changes nothing', async () => {
    await world.start(NOWHERE)
    const taken = await world.peer()
    const {revision, listeners} = world.relay!.status()
    await world.write({
      'relay.yaml': `hostname: other.example.org\nlisteners: []\nmetrics: {port: ${taken.port}}\n`,
    })
    await expect(world.relay!.reload()).rejects.toMatchObject({code: 'listen-in-use', exit: 75})
    expect(world.relay!.status()).toMatchObject({revision, listeners, metrics: null})
  })
})
