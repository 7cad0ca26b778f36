import {cp, mkdir, readFile, rename, rm, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {relayReport} from '../../src/app/relay-status.ts'
import {switchRelayTls} from '../../src/app/relay-tls.ts'
import {startRelay} from '../../src/app/start-relay.ts'
import {client, send} from './client.ts'
import {NOWHERE, RelayWorld} from './support.ts'

let world: RelayWorld
beforeEach(async () => {
  world = await RelayWorld.make()
})
afterEach(() => world.end())

const yaml = () => readFile(join(world.world.configDir, 'relay.yaml'), 'utf8')

describe('relay tls', () => {
  test('off stops advertising STARTTLS and closes the implicit port; on brings both back; comments stay', async () => {
    await world.start(`${NOWHERE}tls: {enabled: true} # as the auditors want it\n`)
    const [port, implicit] = [world.port(), world.port('implicit')]
    await switchRelayTls(world.world, false)
    const raw = await client(port)
    expect(await raw.ask('EHLO again')).not.toContain('STARTTLS')
    expect(await raw.ask('STARTTLS')).toMatch(/^502 /)
    await expect(client(implicit, 'implicit')).rejects.toThrow('ECONNREFUSED')
    expect(await yaml()).toContain('tls: {enabled: false} # as the auditors want it')
    await switchRelayTls(world.world, true)
    expect(await (await client(port)).ask('EHLO again')).toContain('STARTTLS')
    await client(world.port('implicit'), 'implicit')
  })

  test('on without an identity names the command that makes one, and changes nothing', async () => {
    await world.start(`${NOWHERE}tls: {enabled: false, identity: none-yet}\n`)
    await expect(switchRelayTls(world.world, true)).rejects.toMatchObject({
      code: 'identity-missing',
      hints: expect.arrayContaining([expect.stringContaining('postern identity create none-yet')]),
    })
    expect(await yaml()).toContain('enabled: false')
  })
})

describe('a change of the configuration', () => {
  test('is picked up by itself, whole', async () => {
    await world.start(NOWHERE)
    const {revision} = world.relay!.status()
    await world.write({'policy.yaml': 'rules:\n  - {id: in, direction: receiving, profile: encrypt}\n'})
    await world.event('reloaded')
    expect(world.relay!.status().revision).not.toBe(revision)
    expect(await send(world.port(), {to: ['a@example.mil']})).toMatch(/^451 4\.7\.10 /)
  })

  test('is picked up also where a link now leads to another directory, which no notification tells', async () => {
    const {configDir} = world.world
    await mkdir(`${configDir}.a`)
    await symlink(`${configDir}.a`, configDir)
    await world.start(NOWHERE)
    await cp(`${configDir}.a`, `${configDir}.b`, {recursive: true})
    await writeFile(`${configDir}.b/policy.yaml`, 'rules:\n  - {id: in, direction: receiving, profile: encrypt}\n')
    await symlink(`${configDir}.b`, `${configDir}.next`)
    await rename(`${configDir}.next`, configDir)
    await expect.poll(() => send(world.port(), {to: ['a@example.mil']}), {timeout: 30_000}).toMatch(/^451 4\.7\.10 /)
  })

  test('that is invalid is refused with exit 78, and the old one stays in force', async () => {
    await world.start(NOWHERE)
    const {revision} = world.relay!.status()
    await world.write({'policy.yaml': 'rules:\n  - {id: in, direction: receiving, profile: no-such}\n'})
    await expect(world.relay!.reload()).rejects.toMatchObject({exit: 78})
    expect((await world.event('reload-failed')).revision).toBe(revision)
    expect(world.relay!.status().revision).toBe(revision)
    expect(await send(world.port(), {to: ['a@example.mil']})).toMatch(/^250 /)
  })

  test('that failed is told by the status, and that it is over by the log, also where the revision is the old one', async () => {
    await world.start(NOWHERE)
    const {revision} = world.relay!.status()
    await world.write({'policy.yaml': 'rules: {'})
    await world.event('reload-failed')
    const [since, failure] = [expect.any(String), expect.stringContaining('policy.yaml:1')]
    expect(await relayReport(world.world)).toMatchObject({revision, reloadFailure: {since, reason: failure}})
    await rm(join(world.world.configDir, 'policy.yaml'))
    expect((await world.event('reloaded')).revision).toBe(revision)
    expect((await relayReport(world.world))?.reloadFailure).toBeNull()
  })

  test('that takes the whole directory away never means "no policy", and is over when the directory is back', async () => {
    const rules = 'rules:\n  - {id: in, direction: receiving, profile: encrypt}\n'
    await world.start(`${NOWHERE}tls: {enabled: false}\n`, {'policy.yaml': rules})
    const {configDir} = world.world
    await rename(configDir, `${configDir}.away`)
    expect(await world.event('reload-failed')).toMatchObject({code: 'config-gone'})
    await expect(world.relay!.reload()).rejects.toMatchObject({code: 'config-gone', exit: 78})
    expect(await send(world.port('off'), {to: ['a@example.mil']})).toMatch(/^451 4\.7\.10 /)
    await rename(`${configDir}.away`, configDir)
    await world.event('reloaded')
    expect(world.relay!.reloadFailure()).toBeNull()
  })

  test('whose listeners cannot be had changes nothing', async () => {
    await world.start(NOWHERE)
    const taken = await world.peer()
    const listeners = world.relay!.status().listeners
    const text = (await yaml()).replace('port: 0, tls: implicit', `port: ${taken.port}, tls: implicit`)
    await world.write({'relay.yaml': text})
    await expect(world.relay!.reload()).rejects.toMatchObject({code: 'listen-in-use', exit: 75})
    expect(world.relay!.status().listeners).toEqual(listeners)
  })

  test('of the account is refused: root is gone, and a restart is needed', async () => {
    await world.start(NOWHERE)
    const {revision} = world.relay!.status()
    await world.write({'relay.yaml': `${await yaml()}user: nobody\n`})
    await expect(world.relay!.reload()).rejects.toMatchObject({code: 'account-changed', exit: 78})
    expect(world.relay!.status().revision).toBe(revision)
  })

  test('to a renewed certificate needs no restart', async () => {
    await world.start(NOWHERE)
    const {cert, key} = await world.pki.host({dnsNames: ['renewed.example.org']})
    await world.write({'identity/default.pem': cert, 'identity/default.key': key})
    await world.event('reloaded')
    const raw = await client(world.port(), 'starttls')
    expect((raw.socket as import('node:tls').TLSSocket).getPeerCertificate().subjectaltname).toContain('renewed')
  })
})

describe('a second relay on the same data directory', () => {
  test('is refused with exit 75', async () => {
    await world.start(NOWHERE)
    await expect(startRelay(world.world, {log: {event: () => {}}, logFile: null})).rejects.toMatchObject({exit: 75})
  })
})
