import {mkdtempSync, rmSync} from 'node:fs'
import {connect as connectTcp} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {createResolver} from '../../src/dns/client.ts'
import {chosenPartners, type Lab, startLab} from '../../src/lab/lab.ts'
import {writeOverrides} from '../../src/lab/overrides.ts'
import {MailAddress} from '../../src/mail/address.ts'
import {Domain} from '../../src/mail/domain.ts'
import {openMailPath} from '../../src/path/open.ts'
import type {MailPath, PathWorld} from '../../src/path/path.ts'
import {trustAnchors} from '../../src/pki/anchors.ts'
import {BUILTIN_PROFILES} from '../../src/policy/builtin.ts'
import {judgeAttempt} from '../../src/policy/judge.ts'
import {type EffectiveProfile, LEVELS, type Level} from '../../src/policy/profile.ts'

/** What a lab starts when it is not told otherwise; the whole catalogue has a scenario of its own. */
const STORY = chosenPartners([])
const dir = mkdtempSync(join(tmpdir(), 'postern-lab-'))
let lab: Lab
beforeAll(async () => {
  lab = await startLab({dir})
})
afterAll(async () => {
  await lab.stop()
  rmSync(dir, {recursive: true, force: true})
})

function world(): PathWorld {
  const clock = {now: Date.now, sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, {signal})}
  return {
    ...clock,
    random: Math.random,
    dial: (address, port) => connectTcp({host: address, port, autoSelectFamily: false}),
    resolver: createResolver({servers: [lab.dns], trusted: false, clock}),
    helloName: 'relay.example.org',
    ports: lab.ports,
    timeouts: {
      connect: 20_000,
      greeting: 20_000,
      command: 20_000,
      handshake: 20_000,
      dataBlock: 20_000,
      dataEnd: 20_000,
    },
  }
}

function profile(level: Level): EffectiveProfile {
  const anchors = trustAnchors({imported: [lab.rootPem, lab.intermediatePem], system: false})
  return {...BUILTIN_PROFILES[level], rule: null, anchors}
}

function open(domain: string, level: Level, visit: 'first' | 'all'): Promise<MailPath> {
  return openMailPath(world(), {domain: Domain.parse(domain), profileFor: () => profile(level), visit})
}

/** Sends one message over a path of this level; the code of the reply, or why there was no path. */
async function send(domain: string, level: Level): Promise<string> {
  const path = await open(domain, level, 'first')
  if (path.status !== 'open') return path.verdict.fate
  const address = MailAddress.parse(`colonel@${domain}`)
  const result = await path.session.send({
    reversePath: MailAddress.parse('ops@relay.example.org'),
    options: {},
    recipients: [{address, options: {}}],
    body: async function* () {
      yield Buffer.from('Subject: lab\r\n\r\n.dot\r\n')
    },
  })
  await path.session.quit()
  return String(result.recipients[0]!.reply.code)
}

describe('the lab', () => {
  test.each(STORY.map((one) => [one.domain, one] as const))('%s is what the catalogue says', async (domain, told) => {
    const {evidence} = await open(domain, 'secure', 'all')
    expect(evidence.attempts).toHaveLength(1)
    const [attempt] = evidence.attempts as [(typeof evidence.attempts)[0]]
    const verdicts = LEVELS.map((level) => [level, judgeAttempt(attempt, evidence, profile(level))] as const)
    const outcomes = Object.fromEntries(verdicts.map(([level, verdict]) => [level, verdict.outcome]))
    expect(outcomes).toEqual(told.levels)
    const {findings} = verdicts.find(([level]) => level === 'secure')![1]
    const errors = findings.filter(({severity}) => severity === 'error').map(({code}) => code)
    expect(errors).toEqual(told.findings)
  })

  test('gives each partner an address of its own', () => {
    expect(lab.partners.map(({name}) => name)).toEqual(STORY.map(({name}) => name))
    expect(lab.partners.map(({address}) => address)).toEqual([...new Set(lab.partners.map(({address}) => address))])
  })

  test.each(STORY.flatMap(({domain, levels}) => LEVELS.map((level) => [domain, level, levels[level]] as const)))(
    'a message to %s at level %s goes where the outcome %s says',
    async (domain, level, outcome) => {
      const before = lab.received(domain).length
      expect(await send(domain, level)).toBe(outcome === 'refused' ? 'deferred' : '250')
      const taken = lab.received(domain).slice(before)
      expect(taken).toHaveLength(outcome === 'refused' ? 0 : 1)
      for (const message of taken) {
        expect((await message.body()).toString()).toBe('Subject: lab\r\n\r\n.dot\r\n')
        expect(message.client.tls === null).toBe(outcome === 'clear')
      }
    },
  )

  test('has its impostor take over a domain and give it back, kept connections included', async () => {
    const kept = await open('example.mil', 'secure', 'first')
    if (kept.status !== 'open') throw new Error('no path to the good partner')
    await writeOverrides(dir, {'example.mil': 'impostor'})
    await expect.poll(() => kept.session.usable).toBe(false)
    kept.session.destroy()
    const {evidence, verdict} = await open('example.mil', 'secure', 'all')
    expect(evidence.attempts[0]!.host).toBe('mx1.example.mil')
    expect(verdict.attempts[0]!.findings.map(({code}) => code)).toEqual(['certificate-not-trusted'])
    const before = lab.received('impostor.example').length
    expect(await send('example.mil', 'secure')).toBe('deferred')
    expect(await send('example.mil', 'encrypt')).toBe('250')
    expect(lab.received('impostor.example').length).toBe(before + 1)
    await writeOverrides(dir, {})
    expect(await send('example.mil', 'secure')).toBe('250')
  })

  test('lives beside another lab, with CAs that outlive both', async () => {
    const second = mkdtempSync(join(tmpdir(), 'postern-lab-'))
    const first = await startLab({dir: second, partners: ['good']})
    expect(first.dns).not.toBe(lab.dns)
    expect(first.partners.map(({name}) => name)).toEqual(['good'])
    await first.stop()
    const again = await startLab({dir: second, partners: ['example.mil']})
    expect(again.rootPem).toBe(first.rootPem)
    expect(again.rootPem).not.toBe(lab.rootPem)
    await again.stop()
    rmSync(second, {recursive: true})
  })

  test('answers NXDOMAIN for what is not in it, over UDP', async () => {
    expect(await world().resolver.mx('example.com')).toMatchObject({existence: 'nxdomain'})
    expect(await world().resolver.addresses('example.mil')).toMatchObject({existence: 'nodata'})
    expect(await world().resolver.mx('RELAY.example.org')).toMatchObject({
      records: [{preference: 10, exchange: 'mx1.sink.example'}],
    })
  })

  test('starts groups and single partners, in the order of the catalogue', () => {
    const chosen = chosenPartners(['keys', 'good', 'starttls-454.example'])
    expect(chosen[0]!.name).toBe('good')
    expect(chosen.at(-1)!.name).toBe('starttls-454')
    expect(chosen.slice(1, -1).every(({group}) => group === 'keys')).toBe(true)
    expect(chosenPartners('all').length).toBeGreaterThan(100)
  })

  test('refuses to start a partner it does not have', async () => {
    await expect(startLab({dir, partners: ['nobody']})).rejects.toMatchObject({code: 'lab-partner-unknown', exit: 64})
  })
})
