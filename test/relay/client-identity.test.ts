import {X509Certificate} from 'node:crypto'
import {mkdtemp, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {checkConfig} from '../../src/app/config-check.ts'
import {deliverDirect} from '../../src/app/deliver-direct.ts'
import {lookAt, openProber} from '../../src/app/probe-domain.ts'
import {probeTarget} from '../../src/app/probe-targets.ts'
import {relayReport} from '../../src/app/relay-status.ts'
import {type Lab, startLab} from '../../src/lab/lab.ts'
import {MailAddress} from '../../src/mail/address.ts'
import {codesOf} from '../support/probe.ts'
import {send} from './client.ts'
import {RelayWorld} from './support.ts'

const PARTNERS = ['client-certificate-tls12', 'client-certificate-tls13']
const RULES = 'rules:\n  - {id: out, direction: delivery, profile: encrypt}\n'

let world: RelayWorld
let lab: Lab
let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'postern-client-identity-'))
  lab = await startLab({dir, partners: PARTNERS})
  world = await RelayWorld.make()
})
afterEach(async () => {
  await world.end()
  await lab.stop()
  await rm(dir, {recursive: true, force: true})
})

const domains = PARTNERS.map((name) => `${name}.example`)
const yaml = () => readFile(join(world.world.configDir, 'relay.yaml'), 'utf8')
const start = (more = '') => {
  const ports = `ports: {smtp: ${lab.ports.smtp}, smtps: ${lab.ports.smtps}}`
  return world.start(`dns: {servers: ["${lab.dns}"]}\n${ports}\n${more}`, {'policy.yaml': RULES})
}
const identity = async (name: string) => {
  const {cert, key} = await world.pki.host({dnsNames: ['relay.example.org']})
  await world.write({[`identity/${name}.key`]: key, [`identity/${name}.pem`]: cert})
  return new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase()
}

describe('partners that take nobody without a certificate', () => {
  test('refuse us without tls.clientIdentity; with it the mail that waits arrives, and the probe says the same', async () => {
    await start()
    for (const domain of domains) await send(world.port(), {to: [`colonel@${domain}`]})
    await expect.poll(() => world.seen('deferred').length, {timeout: 30_000}).toBe(domains.length)
    expect(new Set(world.seen('deferred').map(({status}) => status))).toEqual(new Set(['4.7.5']))
    for (const domain of domains) {
      const result = await lookAt(await openProber(world.world, {pause: 0}), probeTarget(domain))
      expect(result.levels.encrypt).toBe('refused')
      expect(codesOf(result)).toContain('client-certificate-required')
    }

    const fingerprint = await identity('outbound')
    await world.write({'relay.yaml': `${await yaml()}tls: {clientIdentity: outbound}\n`})
    await expect.poll(() => world.seen('delivered').length, {timeout: 30_000}).toBe(domains.length)
    expect((await relayReport(world.world))?.clientCertificate).toMatchObject({identity: 'outbound', fingerprint})
    for (const domain of domains) {
      const result = await lookAt(await openProber(world.world, {pause: 0}), probeTarget(domain))
      expect(result.levels.encrypt).toBe('tls')
      const asked = JSON.stringify(result)
      expect(asked).toContain('is shown identity outbound')
      const sent = await deliverDirect(world.world, {
        from: null,
        to: [MailAddress.parse(`colonel@${domain}`)],
        message: Buffer.from('Subject: direct\r\n\r\nbody\r\n'),
        timeout: 30_000,
      })
      expect(JSON.stringify(sent)).toContain('delivered')
    }
  })
})

describe('tls.clientIdentity', () => {
  test('that is not there is an error with file and line, and a hint', async () => {
    await start()
    await world.write({'relay.yaml': `${await yaml()}tls:\n  clientIdentity: nobody\n`})
    const error = {exit: 78, message: expect.stringMatching(/relay\.yaml:\d+: tls\.clientIdentity: .*nobody/)}
    await expect(world.relay!.reload()).rejects.toMatchObject(error)
    await expect(checkConfig(world.world)).rejects.toMatchObject({
      ...error,
      hints: [expect.stringContaining('postern identity create nobody')],
    })
  })

  test('is taken up when it is renewed', async () => {
    await identity('outbound')
    await start('tls: {clientIdentity: outbound}\n')
    const fingerprint = await identity('outbound')
    const shown = async () => (await relayReport(world.world))?.clientCertificate?.fingerprint
    await expect.poll(shown, {timeout: 30_000}).toBe(fingerprint)
    const [domain] = domains
    await send(world.port(), {to: [`colonel@${domain}`]})
    await expect.poll(() => world.seen('delivered').length, {timeout: 30_000}).toBe(1)
  })
})
