import {lstat, readFile, symlink, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {run} from '../support/cli.ts'
import {CTRL_C, CTRL_D, DOWN, ENTER, ERASE_LINE, Terminal, terminalMakers} from '../support/pty.ts'
import {type Home, type Place, startPlace, tree} from './setup-place.ts'

const canSit = terminalMakers.length > 0
if (!canSit) console.log('skipped: the wizard at a terminal, for which python3 or util-linux "script" is needed')

describe.skipIf(!canSit)('setup at a terminal', () => {
  let place: Place
  let home: Home

  beforeAll(async () => {
    place = await startPlace()
  })

  afterAll(() => place?.[Symbol.asyncDispose]())

  beforeEach(async () => {
    home = await place.home()
    return () => home[Symbol.asyncDispose]()
  })

  const environment = () => ({
    ...{POSTERN_CONFIG_DIR: home.configDir, POSTERN_DATA_DIR: join(home.dir, 'data')},
    ...{...home.env, HOME: dirname(place.root)},
  })
  const sit = (...args: string[]) => new Terminal(['setup', ...args], {env: environment()})

  /** The questions in order, and an answer to each. */
  const dialogue = (): [question: string, keys: string][] => [
    ['Partner domain', `example.mil${ENTER}`],
    ['CA file', `${place.root}, ~/intermediate.pem${ENTER}`],
    ['How strict', ENTER],
    ['when that cannot be had', ENTER],
    ['Host name of the relay', ENTER],
    ['Write this?', `y${ENTER}`],
  ]

  async function answer(terminal: Terminal, questions: [question: string, keys: string][]): Promise<void> {
    for (const [question, keys] of questions) {
      await terminal.see(question)
      terminal.type(keys)
    }
  }

  test('asks, probes, shows the commands and writes', async () => {
    const terminal = sit()
    await answer(terminal, dialogue())
    expect(await terminal.end(), terminal.text).toBe(0)
    expect(terminal.text).toContain('mail is delivered over verified TLS')
    expect(terminal.text).toContain('postern policy apply example.mil --profile secure-example-mil')
    const {json} = await run(['policy', 'list', '--json'], {configDir: home.configDir})
    expect(json.rules).toMatchObject([{id: 'r1', recipients: ['example.mil'], profile: 'secure-example-mil'}])
    const {json: ca} = await run(['ca', 'list', '--json'], {configDir: home.configDir})
    expect(ca.cas).toMatchObject([{complete: true, certificates: [{}, {}]}])
    expect((await run(['config', 'check'], {configDir: home.configDir})).code).toBe(0)
  })

  test.each([0, 1, 2, 3, 4, 5])('ctrl-C at question %i leaves everything as it was, and exits 130', async (which) => {
    const before = await tree(home.configDir)
    const terminal = sit()
    await answer(terminal, dialogue().slice(0, which))
    await terminal.see(dialogue()[which]![0])
    terminal.type(CTRL_C)
    expect(await terminal.end(), terminal.text).toBe(130)
    expect(terminal.text).toContain('nothing was written')
    expect(await tree(home.configDir)).toEqual(before)
    expect(await tree(home.temporary)).toEqual({})
  })

  test.each(terminalMakers)(
    'the end of input (ctrl-D) is an interrupt too, at a terminal made by %s',
    async (maker) => {
      const terminal = new Terminal(['setup'], {env: environment(), maker})
      await terminal.see('Partner domain')
      terminal.type(CTRL_D)
      expect(await terminal.end(), terminal.text).toBe(130)
      expect(terminal.text).toContain('nothing was written')
      expect(terminal.text).not.toContain('Warning')
    },
  )

  test('ctrl-C while it probes leaves everything as it was, and exits 130', async () => {
    const before = await tree(home.configDir)
    const args = ['--domain', 'banner-silence.example', '--ca', '', '--level', 'secure', '--on-failure', 'fail']
    const terminal = sit(...args, '--hostname', 'relay.example.org')
    await terminal.see('dialling mx1.banner-silence.example')
    terminal.type(CTRL_C)
    expect(await terminal.end(), terminal.text).toBe(130)
    expect(terminal.text).toContain('nothing was written')
    expect(await tree(home.configDir)).toEqual(before)
    expect(await tree(home.temporary)).toEqual({})
  })

  test('asks again when an answer is no domain, no file, no CA, no host name', async () => {
    const terminal = sit('--level', 'preferred')
    await answer(terminal, [
      ['Partner domain', `no domain${ENTER}`],
      ['"no domain" is no domain', `${ERASE_LINE}example.mil${ENTER}`],
      ['CA file', `/nonexistent.pem${ENTER}`],
      ['there is no file /nonexistent.pem', `${ERASE_LINE}${import.meta.filename}${ENTER}`],
      ['setup-terminal.test.ts', `${ERASE_LINE}${ENTER}`],
      ['Host name of the relay', `no host${ENTER}`],
      ['"no host" is no host name', `${ERASE_LINE}relay.example.org${ENTER}`],
      ['Write this?', ENTER],
    ])
    expect(await terminal.end(), terminal.text).toBe(0)
    const {json} = await run(['profile', 'show', 'preferred-example-mil', '--json'], {configDir: home.configDir})
    expect(json.profile).toMatchObject({level: 'preferred', ca: []})
  })

  test('a flag that is wrong is told before the first question', async () => {
    const terminal = sit('--ca', '/nonexistent.pem')
    expect(await terminal.end()).toBe(66)
    expect(terminal.text).not.toContain('Partner domain')
  })

  test('takes what was chosen with the arrow keys', async () => {
    const terminal = sit('--domain', 'example.mil', '--ca', '', '--hostname', 'relay.example.org')
    await answer(terminal, [
      ['How strict', `${DOWN}${ENTER}`],
      ['when that cannot be had', `${DOWN}${ENTER}`],
      ['Write this?', ENTER],
    ])
    expect(await terminal.end(), terminal.text).toBe(0)
    const {json} = await run(['profile', 'show', 'encrypt-example-mil', '--json'], {configDir: home.configDir})
    expect(json.profile).toMatchObject({level: 'encrypt', onFailure: 'fail'})
  })

  const unmet = () => [
    ...['--domain', 'no-starttls.example', '--ca', place.root, '--level', 'encrypt', '--on-failure', 'fail'],
    ...['--hostname', 'relay.example.org'],
  ]

  test('"no" is what Enter means when the policy is not met, and nothing is written, not even through a link', async () => {
    const target = join(home.dir, 'policy.yaml')
    await writeFile(target, 'rules: []\n')
    await symlink(target, join(home.configDir, 'policy.yaml'))
    const before = await tree(home.configDir)
    const terminal = sit(...unmet())
    await answer(terminal, [['The policy is not met now', ENTER]])
    expect(await terminal.end()).toBe(1)
    expect(terminal.text).toContain('Nothing was written')
    expect(await tree(home.configDir)).toEqual(before)
    expect((await lstat(join(home.configDir, 'policy.yaml'))).isSymbolicLink()).toBe(true)
  })

  test('"yes" writes a policy that is not met, and the exit code says that it is not', async () => {
    const terminal = sit(...unmet())
    await answer(terminal, [['The policy is not met now', `y${ENTER}`]])
    expect(await terminal.end()).toBe(1)
    expect(terminal.text).toContain('no-starttls.example does not meet it now')
    expect(Object.keys(await tree(home.configDir))).toContain(join(home.configDir, 'policy.yaml'))
  })

  test('"no" to a policy that is met exits 1, since nothing is protected', async () => {
    const terminal = sit()
    await answer(terminal, [...dialogue().slice(0, 5), ['Write this?', `n${ENTER}`]])
    expect(await terminal.end()).toBe(1)
  })

  test('draws its questions on stderr, so that stdout is the answer', async () => {
    const stdout = join(home.dir, 'answer.json')
    const terminal = new Terminal(['setup', '--json'], {env: environment(), stdout})
    await answer(terminal, dialogue())
    expect(await terminal.end(), terminal.text).toBe(0)
    expect(JSON.parse(await readFile(stdout, 'utf8'))).toMatchObject({schema: 'postern.setup/1', written: true})
  })
})
