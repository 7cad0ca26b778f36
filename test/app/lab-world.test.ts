import {once} from 'node:events'
import {type AddressInfo, createServer} from 'node:net'
import {expect, test} from 'vitest'
import {labWorld} from '../../src/app/world.ts'

const world = labWorld({configDir: '/nowhere', dataDir: '/nowhere'})

test.each(['192.0.2.1', '10.1.2.3', '0.0.0.0', '2001:db8::1', 'fe80::1', '::ffff:192.0.2.1', '::'])(
  'a rehearsal does not dial %s',
  async (address) => {
    const [error] = await once(
      world.dial(address, 25).on('connect', () => {}),
      'error',
    ).catch((cause) => [cause])
    expect(error.message).toContain('nobody leaves the lab')
  },
)

test.each(['127.0.0.1', '127.25.25.10', '::ffff:127.0.0.1', '::ffff:7f00:1'])(
  'a rehearsal dials %s',
  async (address) => {
    const server = createServer((socket) => socket.end()).listen(0, address.includes('.25.') ? address : '127.0.0.1')
    await once(server, 'listening')
    const socket = world.dial(address, (server.address() as AddressInfo).port)
    await once(socket, 'connect')
    socket.destroy()
    server.close()
  },
)
