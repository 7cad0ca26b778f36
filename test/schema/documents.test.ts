import {readFileSync} from 'node:fs'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import Ajv from 'ajv'
import * as v from 'valibot'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {DOCUMENTS} from '../../src/report/schema/documents.ts'
import {run, scratch} from '../support/cli.ts'

const root = new URL('../..', import.meta.url).pathname
const manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as {commands: object}
const commands = Object.keys(manifest.commands)
/** The document of a command. */
const nameOf = (command: string) => command.replaceAll(':', '-')

function published(name: string) {
  return JSON.parse(readFileSync(join(root, 'docs/schema', `${name}.json`), 'utf8'))
}

test.each(commands)('%s has a published document', (command) => {
  expect(DOCUMENTS.has(nameOf(command))).toBe(true)
  expect(published(nameOf(command))).toMatchObject({$id: `postern.${nameOf(command)}/1`})
})

describe('a document holds what its schema says, and nothing else', () => {
  const seen = new Set<string>()
  let home: Awaited<ReturnType<typeof scratch>>
  let pki: string

  /** Runs a command with --json and holds its answer to the schema. `lab` commands speak of the lab, others live in it. */
  async function document(words: string[], exit = 0) {
    const inside: Record<string, string> = words[0] === 'lab' ? {} : {POSTERN_LAB: 'true'}
    const ran = await run([...words, '--json'], {dataDir: home.dir, configDir: join(home.dir, 'config'), env: inside})
    expect(ran.code, `${words.join(' ')}\n${ran.stdout}${ran.stderr}`).toBe(exit)
    const name = /^postern\.([a-z-]+)\/1$/.exec(ran.json.schema)?.[1]
    const schema = DOCUMENTS.get(name ?? '')
    expect(schema, ran.json.schema).toBeDefined()
    expect(v.safeParse(schema!, ran.json).issues?.map(described), words.join(' ')).toBeUndefined()
    // And to the file that others read.
    const validate = new Ajv({unknownFormats: 'ignore'}).compile(published(name!))
    expect(validate(ran.json), JSON.stringify(validate.errors)).toBe(true)
    seen.add(name!)
    return ran.json
  }

  beforeAll(async () => {
    home = await scratch()
    pki = join(home.dir, 'lab', 'pki')
    await document(['lab', 'start', '--detach'])
  })

  afterAll(async () => {
    await run(['relay', 'stop'], {dataDir: home.dir, env: {POSTERN_LAB: 'true'}})
    await run(['lab', 'stop'], {dataDir: home.dir})
    await home[Symbol.asyncDispose]()
  })

  test('of the config directory', async () => {
    await document(['ca', 'import', join(pki, 'root.pem'), join(pki, 'intermediate.pem'), '--name', 'mil'])
    await document(['ca', 'import', join(pki, 'root.pem'), '--name', 'spare'])
    for (const words of [['list'], ['show', 'mil'], ['export', 'mil'], ['delete', 'spare']])
      await document(['ca', ...words])
    await document(['ca', 'suggest', 'example.mil', '--level', 'secure'])
    await document(['profile', 'create', 'strict', '--level', 'secure', '--ca', 'mil'])
    await document(['profile', 'create', 'spare', '--level', 'encrypt', '--fallback-after', 'never'])
    await document(['profile', 'set', 'spare', '--comment', 'for later'])
    for (const words of [['list'], ['show', 'strict'], ['delete', 'spare']]) await document(['profile', ...words])
    await document(['policy', 'apply', 'example.mil', '--profile', 'strict', '--probe'])
    await document(['policy', 'apply', '--client', '192.0.2.0/24', '--profile', 'encrypt'])
    for (const words of [['list'], ['show', 'r1'], ['move', 'r2', '--first'], ['delete', 'r2']]) {
      await document(['policy', ...words])
    }
    await document(['policy', 'explain', 'a@example.mil', '--live'])
    await document(['policy', 'explain', 'a@example.mil', '--client', '192.0.2.1'])
    const rules = join(home.dir, 'rules.yaml')
    await writeFile(rules, 'rules:\n  - id: other\n    recipients: [example.org]\n    profile: encrypt\n')
    await document(['policy', 'apply', '--file', rules, '--dry-run'], 1)
    await document(['policy', 'apply', '--file', rules])
    await document(['policy', 'apply', 'example.mil', '--profile', 'strict', '--id', 'r1'])
    for (const words of [['path'], ['check']]) await document(['config', ...words])
    const exported = join(home.dir, 'exported.yaml')
    await document(['config', 'export', '--output', exported])
    await document(['config', 'import', exported, '--dry-run'])
  })

  test('of identities', async () => {
    await document(['identity', 'create', '--hostname', 'relay.example.org'])
    await document(['identity', 'request', 'other', '--hostname', 'relay.example.org'])
    for (const words of [['list'], ['show'], ['use', 'default']]) await document(['identity', ...words])
    const identity = join(home.dir, 'lab', 'config', 'identity')
    await document([
      'identity',
      'import',
      join(identity, 'default.pem'),
      join(identity, 'default.key'),
      '--name',
      'copy',
    ])
  })

  test('of the relay, its queue and mail that is sent', async () => {
    expect((await document(['relay', 'status'], 1)).running).toBe(false)
    await document(['relay', 'start', '--detach'])
    for (const words of [['status'], ['reload'], ['tls', 'on'], ['logs'], ['unit']]) await document(['relay', ...words])
    const secret = join(home.dir, 'secret.txt')
    await writeFile(secret, 'correct horse\n')
    await document(['relay', 'user', 'add', 'printer', '--password-file', secret])
    await document(['relay', 'user', 'password', 'printer', '--password-file', secret])
    for (const words of [['list'], ['delete', 'printer']]) await document(['relay', 'user', ...words])
    await document(['send', '--direct', '--to', 'a@example.mil', '--from', 'b@sink.example'])
    await document(['lab', 'hijack', 'example.mil', '--by', 'impostor'])
    const {queue} = await document(['send', '--to', 'a@example.mil', '--from', 'b@sink.example'])
    await expect
      .poll(async () => (await document(['queue', 'show', queue])).message.history.length, {timeout: 30_000})
      .toBe(1)
    await document(['queue', 'suspend', 'example.mil', '--for', '1h'])
    for (const words of [['list'], ['summary'], ['resume', 'example.mil']]) await document(['queue', ...words])
    for (const action of ['hold', 'release', 'retry', 'bounce']) await document(['queue', action, queue])
    await document(['queue', 'delete', '--all', '--yes'])
    await document(['lab', 'restore', 'example.mil'])
    await document(['relay', 'stop'])
  })

  test('of the probe, the wizard and the lab', async () => {
    await document(['probe', 'example.mil', 'broken-tls.example', 'no-such.example'], 68)
    await document(['setup', '--domain', 'expired.example', '--level', 'preferred', '--yes'])
    await document(['finding', 'certificate-expired'])
    for (const words of [['list'], ['mail']]) await document(['lab', ...words])
    await document(['demo'])
  })

  test('of errors: a flag that no command knows, and what each kind of state can lack', async () => {
    const left = [...commands]
    const refuse = async () => {
      for (let command = left.pop(); command; command = left.pop()) {
        const answer = await document([...command.split(':'), '--no-such-flag'], 64)
        expect(answer, command).toMatchObject({schema: 'postern.error/1', error: {exit: 64}})
      }
    }
    await Promise.all([refuse(), refuse(), refuse()])
    await document(['nonsense'], 64)
    await document(['probe', 'not a domain'], 64)
    await document(['ca', 'show', 'nobody'], 66)
    await document(['queue', 'show', 'nothing'], 66)
    await document(['relay', 'stop'], 75)
  })

  test('of every command there is', async () => {
    await document(['lab', 'stop'])
    expect([...DOCUMENTS.keys()].filter((name) => !seen.has(name))).toEqual([])
  })
})

function described(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue)}: ${issue.message}`
}
