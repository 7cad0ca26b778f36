import {once} from 'node:events'
import {connect} from 'node:net'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {Listeners} from '../../src/relay/listeners.ts'
import type {RelayEvent} from '../../src/relay/log.ts'

let listeners: Listeners
let events: RelayEvent[]
let met: number
beforeEach(() => {
  events = []
  met = 0
  const greet = (socket: import('node:net').Socket) => {
    met++
    socket.end('220 ready\r\n')
  }
  listeners = new Listeners(greet, {event: (event) => void events.push(event)})
})
afterEach(() => listeners.close())

const DOOR = {address: '127.0.0.1', port: 0, tls: 'off' as const}

/** What the client reads until the end. */
async function visit(): Promise<{text: string}> {
  const socket = connect(listeners.endpoints[0]!.port, '127.0.0.1')
  const read = {text: ''}
  socket.on('data', (chunk) => (read.text += chunk))
  socket.on('error', () => {})
  await once(socket, 'connect')
  return read
}

describe('ports that are bound before the relay is ready', () => {
  test('let clients wait, and greet them then', async () => {
    await listeners.set([DOOR])
    const clients = await Promise.all([visit(), visit()])
    expect([met, events]).toEqual([0, []])
    listeners.open()
    await expect
      .poll(() => clients.map(({text}) => text), {timeout: 20_000})
      .toEqual(['220 ready\r\n', '220 ready\r\n'])
    expect(events.map(({event}) => event)).toEqual(['listening'])
  })

  test('are closed where it does not come so far, with nothing told', async () => {
    await listeners.set([DOOR])
    const {port} = listeners.endpoints[0]!
    await visit()
    listeners.abandon()
    const socket = connect(port, '127.0.0.1')
    const [error] = await once(socket, 'error')
    expect([error.code, met, events]).toEqual(['ECONNREFUSED', 0, []])
  })
})
