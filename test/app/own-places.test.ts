import {networkInterfaces} from 'node:os'
import {expect, test} from 'vitest'
import {isSelf} from '../../src/app/own-places.ts'

const listeners = [
  {address: '127.0.0.1', port: 2525, tls: 'starttls' as const},
  {address: '0.0.0.0', port: 25, tls: 'starttls' as const},
]
const own = isSelf({hostname: 'Relay.example.org', listeners})!
const local = Object.values(networkInterfaces()).flatMap((all) => all ?? [])[0]!.address

test.each([
  ['its name, in any case', {name: 'relay.example.ORG', addresses: [], port: 25}, true],
  ['another name', {name: 'mx.example.org', addresses: ['192.0.2.1'], port: 25}, false],
  ['an address and port where it listens', {name: 'mx.example.org', addresses: ['127.0.0.1'], port: 2525}, true],
  [
    'an address where it listens at another port',
    {name: 'mx.example.org', addresses: ['127.0.0.1'], port: 2526},
    false,
  ],
  ['any address of the machine, where it listens at all', {name: 'mx.example.org', addresses: [local], port: 25}, true],
  ['an address of another machine', {name: 'mx.example.org', addresses: ['192.0.2.1'], port: 25}, false],
])('a relay is known by %s', (_, host, expected) => {
  expect(own(host)).toBe(expected)
})
