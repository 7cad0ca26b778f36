import {existsSync} from 'node:fs'
import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {run, scratch} from '../support/cli.ts'
import {CTRL_C, ENTER, hasTerminal, Terminal} from '../support/pty.ts'

if (!hasTerminal) console.log('skipped: the wizard at a terminal, for which util-linux "script" is needed')

// A lab of its own process is the partner; each test writes into a config directory of its own that asks the lab's DNS.
describe('setup', () => {
  let lab: Awaited<ReturnType<typeof scratch>>
  let home: Awaited<ReturnType<typeof scratch>>
  let configDir: string
  let root: string
  let intermediate: string

  beforeAll(async () => {
    lab = await scratch()
    const started = await run(['lab', 'start', '--detach'], {dataDir: lab.dir})
    expect(started.code, started.stderr).toBe(0)
    root = join(lab.dir, 'lab', 'pki', 'root.pem')
    intermediate = join(lab.dir, 'lab', 'pki', 'intermediate.pem')
  })

  afterAll(async () => {
    await run(['lab', 'stop'], {dataDir: lab.dir})
    await lab[Symbol.asyncDispose]()
  })

  beforeEach(async () => {
    home = await scratch()
    configDir = join(home.dir, 'config')
    const {cp} = await import('node:fs/promises')
    await cp(join(lab.dir, 'lab', 'config'), configDir, {recursive: true})
    return () => home[Symbol.asyncDispose]()
  })

  const setup = (...args: string[]) => run(['setup', ...args], {configDir})
  const complete = () => [
    '--domain',
    'example.mil',
    '--ca',
    root,
    '--ca',
    intermediate,
    '--hostname',
    'relay.example.org',
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
    const before = await tree(configDir)
    const second = await setup(...complete(), '--yes', '--json')
    expect(second.json).toMatchObject({written: false, ca: {change: 'unchanged'}, rule: {change: 'unchanged'}})
    expect(await tree(configDir)).toEqual(before)
  })

  test('prints commands that, typed elsewhere, write the same', async () => {
    const {json} = await setup(...complete(), '--yes', '--json')
    const other = join(home.dir, 'other')
    for (const line of json.commands as string[]) {
      const words = line.split(' ').slice(1)
      if (words[0] === 'probe' || words[0] === 'relay') continue
      expect((await run(words, {configDir: other})).code, line).toBe(0)
    }
    for (const file of ['policy.yaml', 'profiles/secure-example-mil.yaml', `ca/${json.ca.name}.pem`]) {
      expect(await readFile(join(other, file), 'utf8')).toBe(await readFile(join(configDir, file), 'utf8'))
    }
  })

  test('with --yes writes a policy that the partner does not meet, and exits 1', async () => {
    const {code, json} = await setup('--domain', 'no-starttls.example', '--level', 'encrypt', '--yes', '--json')
    expect(code).toBe(1)
    expect(json).toMatchObject({written: true, probe: {verdict: 'fail'}})
  })

  test.each([
    [['--yes'], 64, '--domain'],
    [['--domain', 'not a domain', '--yes'], 64, 'not a domain'],
    [['--domain', 'example.mil', '--ca', '/nonexistent.pem', '--yes'], 66, '/nonexistent.pem'],
    [['--domain', 'example.mil', '--hostname', 'bad host', '--yes'], 64, 'bad host'],
    [['--domain', 'example.mil', '--profile', 'secure', '--yes'], 64, 'secure'],
    [['--domain', 'example.mil', '--level', 'secure'], 64, '--yes'],
  ])('answers %j with exit %i, and writes nothing', async (args, exit, words) => {
    const before = await tree(configDir)
    const {code, stderr} = await setup(...args)
    expect(code).toBe(exit)
    expect(stderr).toContain(words)
    expect(await tree(configDir)).toEqual(before)
  })

  test('a profile of that name that is another one stops it before anything is written', async () => {
    await run(['profile', 'create', 'secure-example-mil', '--level', 'encrypt'], {configDir})
    const before = await tree(configDir)
    expect((await setup(...complete(), '--yes')).code).toBe(73)
    expect(await tree(configDir)).toEqual(before)
  })

  describe.skipIf(!hasTerminal)('at a terminal', () => {
    const sit = () => new Terminal(['setup'], {POSTERN_CONFIG_DIR: configDir, POSTERN_DATA_DIR: join(home.dir, 'data')})

    /** The questions in order, and an answer to each. */
    const dialogue = (): [question: string, keys: string][] => [
      ['Partner domain', `example.mil${ENTER}`],
      ['CA file', `${root}, ${intermediate}${ENTER}`],
      ['How strict', ENTER],
      ['when that cannot be had', ENTER],
      ['Host name of the relay', ENTER],
      ['Write this?', `y${ENTER}`],
    ]

    test('asks, probes, shows the commands and writes', async () => {
      const terminal = sit()
      for (const [question, keys] of dialogue()) {
        await terminal.see(question)
        terminal.type(keys)
      }
      expect(await terminal.end(), terminal.text).toBe(0)
      expect(terminal.text).toContain('mail is delivered over verified TLS')
      expect(terminal.text).toContain('postern policy apply example.mil --profile secure-example-mil')
      const {json} = await run(['policy', 'list', '--json'], {configDir})
      expect(json.rules).toMatchObject([{id: 'r1', recipients: ['example.mil'], profile: 'secure-example-mil'}])
      expect((await run(['config', 'check'], {configDir})).code).toBe(0)
    })

    test.each([0, 1, 2, 3, 4, 5])('ctrl-C at question %i leaves everything as it was, and exits 130', async (which) => {
      const before = await tree(configDir)
      const terminal = sit()
      for (const [question, keys] of dialogue().slice(0, which)) {
        await terminal.see(question)
        terminal.type(keys)
      }
      await terminal.see(dialogue()[which]![0])
      terminal.type(CTRL_C)
      expect(await terminal.end(), terminal.text).toBe(130)
      expect(terminal.text).toContain('nothing was written')
      expect(await tree(configDir)).toEqual(before)
    })

    test('asks again when the answer is no domain, and when the file is no CA', async () => {
      const terminal = sit()
      await terminal.see('Partner domain')
      terminal.type(`no domain${ENTER}`)
      await terminal.see('looks like example.mil')
      terminal.type(`\x15example.mil${ENTER}`)
      await terminal.see('CA file')
      terminal.type(`/nonexistent.pem${ENTER}`)
      await terminal.see('no file')
      terminal.type(CTRL_C)
      expect(await terminal.end()).toBe(130)
    })

    test('"no" is what Enter means when the partner does not meet the policy, and nothing is written', async () => {
      const before = await tree(configDir)
      const args = ['--domain', 'no-starttls.example', '--ca', root, '--level', 'encrypt', '--on-failure', 'fail']
      const terminal = new Terminal(['setup', ...args, '--hostname', 'relay.example.org'], {
        POSTERN_CONFIG_DIR: configDir,
      })
      await terminal.see('not met now')
      terminal.type(ENTER)
      expect(await terminal.end()).toBe(1)
      expect(terminal.text).toContain('Nothing was written')
      expect(await tree(configDir)).toEqual(before)
    })
  })
})

/** Every file below, with its content. */
async function tree(dir: string): Promise<Record<string, string>> {
  if (!existsSync(dir)) return {}
  const entries = await readdir(dir, {recursive: true, withFileTypes: true})
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(await Promise.all(files.sort().map(async (file) => [file, await readFile(file, 'utf8')])))
}
