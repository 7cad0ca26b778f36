import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {checkConfig} from '../../src/app/config-check.ts'
import {addUser} from '../../src/app/users.ts'
import {realWorld} from '../../src/app/world.ts'
import {scratch} from '../support/cli.ts'

test.each([
  ['tls: {enabled: false}', 'postern relay tls on'],
  [
    'listeners: [{address: 127.0.0.1, port: 2525, tls: off}]',
    'give a listener in relay.yaml tls: starttls or implicit',
  ],
  ['listeners: [{address: 127.0.0.1, port: 2525}]', null],
])('users are remarked on where nobody can authenticate: %s', async (settings, hint) => {
  await using place = await scratch()
  const world = realWorld({configDir: place.dir, dataDir: place.dir})
  await writeFile(join(place.dir, 'relay.yaml'), `hostname: relay.example.org\n${settings}\n`)
  expect((await checkConfig(world)).findings).toEqual([])
  await addUser(world, 'anna', 'correct horse battery staple')
  const {findings} = await checkConfig(world)
  expect(findings.map(({code, severity, hint}) => [code, severity, hint])).toEqual(
    hint === null ? [] : [['users-without-tls', 'warning', hint]],
  )
})
