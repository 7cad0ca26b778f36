import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {run} from '../support/cli.ts'
import {type Home, type Place, startPlace, tree} from './setup-place.ts'

describe('setup', () => {
  let place: Place
  let home: Home

  beforeAll(async () => {
    place = await startPlace()
  })

  afterAll(() => place[Symbol.asyncDispose]())

  beforeEach(async () => {
    home = await place.home()
    return () => home[Symbol.asyncDispose]()
  })

  const postern = (...args: string[]) => run(args, {configDir: home.configDir, env: home.env})
  const setup = (...args: string[]) => postern('setup', ...args)
  const complete = () => [
    ...['--domain', 'example.mil', '--ca', place.root, '--ca', place.intermediate],
    ...['--level', 'secure', '--on-failure', 'fail', '--hostname', 'relay.example.org'],
  ]

  test('with --yes writes CA, profile, rule and identity, and a second time changes nothing', async () => {
    const first = await setup(...complete(), '--yes', '--json')
    expect(first.code, first.stderr).toBe(0)
    expect(first.json).toMatchObject({
      schema: 'postern.setup/1',
      written: true,
      ca: {change: 'imported'},
      identity: {name: 'default', change: 'created'},
      profile: {name: 'secure-example-mil', change: 'created'},
      rule: {id: 'r1', change: 'created'},
      probe: {verdict: 'pass', profile: {name: 'secure-example-mil', rule: 'r1'}},
    })
    const before = await tree(home.configDir)
    const second = await setup(...complete(), '--yes', '--json')
    expect(second.code, second.stderr).toBe(0)
    expect(second.json).toMatchObject({written: false, ca: {change: 'unchanged'}, rule: {change: 'unchanged'}})
    expect((await setup(...complete(), '--yes')).stdout).toContain('nothing to write')
    expect(await tree(home.configDir)).toEqual(before)
    expect(await tree(home.temporary)).toEqual({})
  })

  test('prints commands that, typed elsewhere, write the same', async () => {
    const {json} = await setup(...complete(), '--yes', '--json')
    const other = await place.home()
    for (const line of json.commands as string[]) {
      const words = line.split(' ').slice(1)
      if (words[0] === 'relay') continue
      expect((await run(words, {configDir: other.configDir})).code, line).toBe(0)
    }
    for (const file of ['policy.yaml', 'profiles/secure-example-mil.yaml', `ca/${json.ca.name}.pem`]) {
      expect(await readFile(join(other.configDir, file), 'utf8')).toBe(
        await readFile(join(home.configDir, file), 'utf8'),
      )
    }
    await other[Symbol.asyncDispose]()
  })

  test('the commands name the config directory that was named to it, and not one that the environment names', async () => {
    const {json} = await run(['setup', ...complete(), '--yes', '--json', '--config-dir', home.configDir])
    expect(json.commands).toHaveLength(6)
    for (const line of json.commands) expect(line).toMatch(new RegExp(` --config-dir ${home.configDir}$`))
    expect((await setup(...complete(), '--yes', '--json')).json.commands).toContain('postern relay start')
  })

  test.each([
    ['no-starttls.example', 1, 'fail', 'does not meet it now'],
    ['greeting-421.example', 75, 'undetermined', 'could not be told now'],
    ['nobody.example', 68, 'fail', 'does not exist'],
  ])(
    'with --yes writes the policy though the probe of %s ends with %i (%s), and says so',
    async (domain, exit, verdict, words) => {
      const {code, stderr} = await setup('--domain', domain, '--level', 'encrypt', '--yes')
      expect(code).toBe(exit)
      expect(stderr).toContain(words)
      const again = await setup('--domain', domain, '--level', 'encrypt', '--yes', '--json')
      expect(again.code).toBe(exit)
      expect(again.json).toMatchObject({written: false, rule: {change: 'unchanged'}, probe: {verdict}})
    },
  )

  test.each([
    [['--yes'], 64, '--domain is needed'],
    [['--domain', 'not a domain', '--yes'], 64, 'not a domain'],
    [['--domain', 'example.mil', '--ca', '/nonexistent.pem', '--yes'], 66, '/nonexistent.pem'],
    [['--domain', 'example.mil', '--ca', import.meta.filename, '--yes'], 65, 'setup.test.ts'],
    [['--domain', 'example.mil', '--hostname', 'bad host', '--yes'], 64, 'bad host'],
    [['--domain', 'example.mil', '--profile', 'secure', '--yes'], 64, 'built-in'],
    [['--domain', 'example.mil', '--profile', '../up', '--yes'], 64, 'profile name'],
    [['--domain', 'example.mil', '--ca-name', 'a/b', '--yes'], 64, 'CA name'],
    [['--domain', 'example.mil', '--level', 'paranoid', '--yes'], 64, 'paranoid'],
    // Without a terminal nothing is taken for granted.
    [[], 64, '--domain is needed'],
    [['--domain', 'example.mil'], 64, '--ca is needed'],
    [['--domain', 'example.mil', '--ca', ''], 64, '--level is needed'],
    [['--domain', 'example.mil', '--ca', '', '--level', 'secure'], 64, '--on-failure is needed'],
    [['--domain', 'example.mil', '--ca', '', '--level', 'none'], 64, '--hostname is needed'],
    [['--domain', 'example.mil', '--ca', '', '--level', 'none', '--hostname', 'a.example'], 64, '--yes is needed'],
  ])('answers %j with exit %i, and writes nothing', async (args, exit, words) => {
    const before = await tree(home.configDir)
    const {code, stderr, stdout} = await setup(...args)
    expect(code).toBe(exit)
    expect(stderr).toContain(words)
    expect(stderr).toMatch(/\n {2}hint: /)
    expect(stdout).toBe('')
    expect(await tree(home.configDir)).toEqual(before)
  })

  test('answers bad input with postern.error/1 under --json', async () => {
    const {code, json} = await setup('--domain', 'not a domain', '--yes', '--json')
    expect(code).toBe(64)
    expect(json).toMatchObject({schema: 'postern.error/1', error: {code: 'domain-invalid', exit: 64}})
  })

  test.each([
    ['profile', ['profile', 'create', 'secure-example-mil', '--level', 'encrypt'], [], '--profile NAME'],
    ['identity', ['identity', 'create', 'default', '--hostname', 'other.example'], [], '--replace'],
    ['CA', ['ca', 'import', 'INTERMEDIATE', '--name', 'mil'], ['--ca-name', 'mil'], '--ca-name NAME'],
    ['CA', ['ca', 'import', 'INTERMEDIATE', '--name', 'postern-lab-root-ca'], [], '--ca-name NAME'],
  ])('another %s of that name stops it before anything is written', async (_, first, flags, hint) => {
    const made = await postern(...first.map((word) => (word === 'INTERMEDIATE' ? place.intermediate : word)))
    expect(made.code, made.stderr).toBe(0)
    const before = await tree(home.configDir)
    const {code, stderr} = await setup(...complete(), ...flags, '--yes')
    expect(code).toBe(73)
    expect(stderr).toContain(hint)
    expect(await tree(home.configDir)).toEqual(before)
  })

  test('keeps an identity whose names cover the host name', async () => {
    await postern('identity', 'create', 'default', '--hostname', 'mail.example.org', '--dns', '*.example.org')
    const {code, json} = await setup(...complete(), '--yes', '--json')
    expect(code).toBe(0)
    expect(json.identity).toEqual({name: 'default', change: 'unchanged'})
  })

  test('puts the rule before one that would hide it, and leaves it there the second time', async () => {
    await postern('policy', 'apply', '*', '--profile', 'preferred')
    const {code, json} = await setup(...complete(), '--yes', '--json')
    expect(code).toBe(0)
    expect(json.probe.profile).toMatchObject({name: 'secure-example-mil', rule: 'r2'})
    expect(json.commands).toContain('postern policy apply example.mil --profile secure-example-mil --before r1')
    expect((await setup(...complete(), '--yes', '--json')).json).toMatchObject({written: false})
  })

  test('moves a rule that is there and is hidden', async () => {
    await setup(...complete(), '--yes')
    await postern('policy', 'apply', '*', '--profile', 'preferred', '--first')
    const {code, json} = await setup(...complete(), '--yes', '--json')
    expect(code).toBe(0)
    expect(json).toMatchObject({written: true, rule: {id: 'r1', change: 'updated'}, probe: {profile: {rule: 'r1'}}})
  })

  test('says which profile the rule named before', async () => {
    await postern('policy', 'apply', 'example.mil', '--profile', 'none')
    const {stdout} = await setup(...complete(), '--yes')
    expect(stdout).toContain('updated   rule r1: example.mil → secure-example-mil, which was → none')
  })

  test('is not content where a rule for an address decides in its place', async () => {
    await postern('policy', 'apply', '--destination', '127.0.0.0/8', '--profile', 'preferred')
    const {code, json} = await setup(...complete(), '--yes', '--json')
    expect(code).toBe(1)
    expect(json.remarks.join()).toContain('rule r1 decides for addresses of this partner')
  })

  test('says what the CA lacks, and what the relay calls itself', async () => {
    const args = [
      '--domain',
      'example.mil',
      '--ca',
      place.intermediate,
      '--hostname',
      'mx.example.org',
      '--yes',
      '--json',
    ]
    const {json} = await setup(...args)
    expect(json.remarks.join()).toContain('lacks CN=Postern Lab Root CA')
    expect(json.remarks.join()).toContain('the relay greets as relay.example.org')
  })
})
