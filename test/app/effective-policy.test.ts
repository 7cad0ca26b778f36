import {describe, expect, test} from 'vitest'
import {anchorsOf, effectivePolicy} from '../../src/app/effective-policy.ts'
import {issueCertificate} from '../../src/pki/issue.ts'
import type {Rule} from '../../src/policy/profile.ts'
import {readCa} from '../../src/state/ca-file.ts'
import type {Configuration, StoredCa} from '../../src/state/configuration.ts'
import {loadConfiguration} from '../../src/state/load.ts'
import {rule} from '../support/rule.ts'

async function ca(name: string): Promise<StoredCa> {
  const {certificatePem} = await issueCertificate({subject: `Root ${name}`, ca: true})
  return readCa(name, {path: `${name}.pem`, text: certificatePem})
}

async function configuration(rules: Rule[]): Promise<Configuration> {
  return {...(await loadConfiguration('/nonexistent/postern')), rules}
}

const mail = {recipient: 'a@example.mil', sender: 'b@example.org', address: '192.0.2.1'}

describe('the effective policy', () => {
  test('delivers by the first rule that matches, and names it', async () => {
    const rules = [
      rule('r1', {recipients: ['other.example']}),
      rule('r2', {recipients: ['example.mil'], profile: 'encrypt'}),
    ]
    const policy = effectivePolicy(await configuration(rules))
    expect(policy.delivery(mail).profile).toMatchObject({name: 'encrypt', rule: 'r2'})
  })

  test('delivers by the built-in preferred where no rule matches', async () => {
    const {profile, rehearsed} = effectivePolicy(await configuration([])).delivery(mail)
    expect([profile, rehearsed]).toMatchObject([{name: 'preferred', rule: null}, []])
  })

  test('names the rehearsing profiles beside the enforcing one', async () => {
    const rules = [rule('r1', {mode: 'rehearse'}), rule('r2', {profile: 'none'})]
    const {profile, rehearsed} = effectivePolicy(await configuration(rules)).delivery(mail)
    expect(profile).toMatchObject({rule: 'r2', level: 'none'})
    expect(rehearsed).toMatchObject([{rule: 'r1', level: 'secure'}])
  })

  test('receives by receiving rules alone', async () => {
    const rules = [rule('r1'), rule('r2', {direction: 'receiving', clients: ['192.0.2.0/24'], profile: 'encrypt'})]
    const policy = effectivePolicy(await configuration(rules))
    expect(policy.receiving({client: '192.0.2.9'})).toMatchObject({rule: 'r2', level: 'encrypt'})
    expect(policy.receiving({client: '198.51.100.1'})).toBeNull()
  })

  test('answers an unknown profile with exit 66', async () => {
    const policy = effectivePolicy(await configuration([]))
    expect(() => policy.profile('secrue')).toThrow(expect.objectContaining({code: 'profile-unknown', exit: 66}))
  })
})

describe('trust anchors', async () => {
  const [mil, other] = await Promise.all([ca('mil'), ca('other')])
  const cas = new Map([mil, other].map((stored) => [stored.name, stored]))
  const sha = (stored: StoredCa) => stored.certificates[0]!.facts.sha256
  const anchors = (names: string[], trust: 'imported' | 'system' | 'both') => anchorsOf({ca: names, trust}, cas)

  test('imported and named: those CAs alone, and no issuer check is needed', () => {
    const {certificates, issuers} = anchors(['mil'], 'imported')
    expect(certificates).toHaveLength(1)
    expect(issuers).toBeNull()
  })

  test('imported and none named: every imported CA', () => {
    expect(anchors([], 'imported').certificates).toHaveLength(2)
  })

  test('both: the system as well, and a named CA must be in the chain', () => {
    const system = anchors([], 'system').certificates.length
    expect(system).toBeGreaterThan(10)
    expect(anchors([], 'both').certificates).toHaveLength(system + 2)
    expect(anchors([], 'both').issuers).toBeNull()
    expect(anchors(['mil'], 'both')).toMatchObject({issuers: [sha(mil)]})
    expect(anchors(['mil'], 'both').certificates).toHaveLength(system + 1)
  })

  test('system: the imported ones are not trusted', () => {
    const {certificates, issuers} = anchors(['mil'], 'system')
    expect(certificates).toHaveLength(anchors([], 'system').certificates.length)
    expect(issuers).toEqual([sha(mil)])
  })
})
