import {chmod, mkdir, symlink, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {describe, expect, test} from 'vitest'
import type {PosternError} from '../../src/mail/error.ts'
import {issueCertificate} from '../../src/pki/issue.ts'
import {loadConfiguration} from '../../src/state/load.ts'
import {scratch} from '../support/cli.ts'

async function lay(dir: string, files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), {recursive: true})
    await writeFile(join(dir, name), content)
  }
}

async function failure(dir: string): Promise<PosternError> {
  return loadConfiguration(dir).then(
    () => expect.fail('it was taken for sound'),
    (error) => error,
  )
}

describe('a config directory', () => {
  test('that does not exist means the built-in defaults', async () => {
    await using place = await scratch()
    const {settings, profiles, rules, cas} = await loadConfiguration(join(place.dir, 'none'))
    expect([...profiles.keys()]).toEqual(['none', 'preferred', 'encrypt', 'secure'])
    expect([rules.length, cas.size]).toEqual([0, 0])
    expect(settings.clients).toEqual(['127.0.0.0/8', '::1/128'])
    expect(settings.queue).toMatchObject({retry: 27 * 60_000, lifetime: 5 * 86_400_000})
    expect(settings.limits.messageSize).toBe(50 * 1024 ** 2)
  })

  test('is read whole: settings, profiles, rules and CAs', async () => {
    await using place = await scratch()
    const {certificatePem} = await issueCertificate({subject: 'Example Root', ca: true})
    await lay(place.dir, {
      'relay.yaml': 'hostname: Relay.Example.ORG.\nqueue: {retry: 90s}\ndns: {servers: ["127.0.0.1:5353"]}\n',
      'profiles/sec.yaml': 'level: secure\nca: mil\nsubject: domain\nminTls: 1.3\nfallbackAfter: never\n',
      'policy.yaml': 'rules:\n  - {id: r1, recipients: example.mil, profile: sec}\n',
      'ca/mil.pem': certificatePem,
    })
    const {settings, profiles, rules, cas} = await loadConfiguration(place.dir)
    expect(settings).toMatchObject({hostname: 'relay.example.org', queue: {retry: 90_000, retryMax: 4 * 3_600_000}})
    expect(profiles.get('sec')).toMatchObject({
      ca: ['mil'],
      trust: 'imported',
      subject: [{kind: 'domain'}],
      minTls: '1.3',
      fallbackAfter: 'never',
    })
    expect(rules).toMatchObject([{id: 'r1', direction: 'delivery', recipients: ['example.mil'], mode: 'enforce'}])
    expect(cas.get('mil')?.certificates[0]?.facts.subject).toBe('CN=Example Root')
  })

  test('takes a bare list of rules too', async () => {
    await using place = await scratch()
    await lay(place.dir, {'policy.yaml': '- {id: a, profile: encrypt}\n'})
    expect((await loadConfiguration(place.dir)).rules).toMatchObject([{id: 'a'}])
  })

  test('has a revision that follows its content and nothing else', async () => {
    await using one = await scratch()
    await using other = await scratch()
    const files = {'policy.yaml': 'rules: []\n', 'profiles/a.yaml': 'level: encrypt\n'}
    await lay(one.dir, files)
    await lay(other.dir, files)
    const revision = async (dir: string) => (await loadConfiguration(dir)).revision
    expect(await revision(one.dir)).toBe(await revision(other.dir))
    const before = await revision(one.dir)
    await lay(one.dir, {'profiles/a.yaml': 'level: encrypt # strict\n'})
    expect(await revision(one.dir)).not.toBe(before)
    expect(before).toMatch(/^[0-9a-f]{12}$/)
  })
})

describe('a mistake names file, line, what was expected and a hint:', () => {
  const rule = 'rules:\n  - id: r1\n    profile: encrypt\n'
  test.each([
    [
      'profiles/a.yaml',
      'level: secur\n',
      1,
      /level: expected none, .* or secure; found "secur"/,
      /did you mean secure/,
    ],
    ['profiles/a.yaml', 'level: secure\nminTSL: 1.2\n', 2, /minTSL: expected no such key/, /did you mean minTls/],
    ['profiles/a.yaml', 'comment: x\n', 1, /expected the key level, which is missing/, /level/],
    [
      'profiles/a.yaml',
      'level: secure\nminTls: 1.1\n',
      2,
      /minTls: expected 1\.2 or 1\.3.*RFC 8996.*found/,
      /did you mean 1\.2/,
    ],
    ['profiles/a.yaml', 'level: secure\nminStrength: 56\n', 2, /expected 112 to 256 bits.*RFC 9325.*found 56/, /./],
    [
      'profiles/a.yaml',
      'level: secure\nsubject:\n  - mx\n  - sometimes\n',
      4,
      /expected mx, domain.*found "sometimes"/,
      /./,
    ],
    ['profiles/a.yaml', 'level: secure\nca:\n', 2, /ca: expected a list; found nothing/, /./],
    ['profiles/a.yaml', 'level: secure\nca: [x]\n', 2, /expected an imported CA; there is no x/, /postern ca import/],
    ['profiles/a.yaml', '- level\n', 1, /expected a mapping/, /./],
    ['profiles/a.yaml', 'level: secure\nlevel: none\n', 2, /expected YAML/, /./],
    ['profiles/a.yaml', 'level: "secure\n', 2, /expected YAML/, /quotes/],
    ['profiles/secure.yaml', 'level: none\n', null, /built-in/, /rename/],
    ['profiles/a.yml', 'level: none\n', null, /expected NAME\.yaml/, /rename/],
    ['policy.yaml', '', 1, /expected rules:/, /./],
    ['policy.yaml', 'rules:\n', 1, /expected a list of rules; \[\] for none; found nothing/, /./],
    ['policy.yaml', `${rule}    recipients:\n`, 4, /recipients: expected a list; found nothing/, /./],
    ['policy.yaml', `${rule}    recipients: [a b]\n`, 4, /expected user@domain.*found "a b"/, /./],
    ['policy.yaml', `${rule}    destinations: [1.2.3.4/33]\n`, 4, /expected a network/, /./],
    ['policy.yaml', `${rule}    clients: [192.0.2.1]\n`, 4, /expected no clients in a delivery rule/, /receiving/],
    ['policy.yaml', `${rule}  - id: r1\n    profile: none\n`, 4, /expected an id of its own/, /use r2/],
    ['policy.yaml', 'rules:\n  - profile: encrypt\n', 2, /expected the key id/, /add id: r1/],
    [
      'policy.yaml',
      'rules:\n  - id: r1\n    profile: encryptt\n',
      3,
      /expected an existing profile/,
      /did you mean encrypt/,
    ],
    [
      'policy.yaml',
      'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n',
      1,
      /anchors|alias/i,
      /./,
    ],
    ['policy.yml', rule, null, /expected policy\.yaml/, /rename it/],
    ['relay.yml', 'hostname: a.example\n', null, /expected relay\.yaml/, /rename it/],
    ['relay.yaml', 'queue:\n  retry: 27 minutes\n', 2, /queue\.retry: expected a duration.*found "27 minutes"/, /./],
    ['relay.yaml', 'queue: {retry: 5h}\n', 1, /expected at most queue\.retryMax/, /./],
    ['relay.yaml', 'limits: {messageSize: 50 MB}\n', 1, /expected a size such as 50MiB/, /./],
    ['relay.yaml', 'listeners:\n  - {address: localhost, port: 25}\n', 2, /expected an IP address/, /./],
    ['relay.yaml', 'listener: []\n', 1, /expected no such key/, /did you mean listeners/],
    ['relay.yaml', 'metrics: {port: 1, address: 192.0.2.1}\n', 1, /expected a loopback address/, /exposed: true/],
    ['relay.yaml', 'user: "no such; name"\n', 1, /expected the name of a system account/, /./],
    ['relay.yaml', 'group: mail\n', 1, /expected user beside group/, /user: postern/],
    ['relay.yaml', 'tls: {enabled: yes please}\n', 1, /expected true or false/, /./],
    ['ca/mil.pem', 'nonsense', 1, /expected certificates in PEM/, /import/],
  ])('%s holding %j', async (name, content, line, message, hint) => {
    await using place = await scratch()
    await lay(place.dir, {[name]: content})
    const error = await failure(place.dir)
    expect(error).toMatchObject({code: 'configuration-invalid', exit: 78})
    expect(error.message.startsWith(join(place.dir, name) + (line === null ? ':' : `:${line}:`))).toBe(true)
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('\n')
    expect(error.hints).toEqual([expect.stringMatching(hint)])
  })

  test('text that is not UTF-8', async () => {
    await using place = await scratch()
    await lay(place.dir, {'policy.yaml': Uint8Array.of(0x72, 0xff, 0xfe)})
    expect(await failure(place.dir)).toMatchObject({exit: 78, message: expect.stringContaining('expected UTF-8')})
  })

  test('a file of some megabytes', async () => {
    await using place = await scratch()
    await lay(place.dir, {'policy.yaml': '#'.repeat(2 ** 21)})
    expect(await failure(place.dir)).toMatchObject({exit: 78, message: expect.stringContaining('at most 1 MiB')})
  })
})

describe('what cannot be read is an error and never "no policy":', () => {
  test.each(['policy.yaml', 'relay.yaml', 'profiles/a.yaml', 'ca/a.pem'])('%s is a directory', async (name) => {
    await using place = await scratch()
    await mkdir(join(place.dir, name), {recursive: true})
    expect(await failure(place.dir)).toMatchObject({code: 'configuration-unreadable', exit: 78})
  })

  test.each(['policy.yaml', 'relay.yaml', 'profiles/a.yaml'])('%s is a link to nothing', async (name) => {
    await using place = await scratch()
    await mkdir(dirname(join(place.dir, name)), {recursive: true})
    await symlink('/nonexistent/file', join(place.dir, name))
    expect(await failure(place.dir)).toMatchObject({code: 'configuration-unreadable', exit: 78})
  })

  test('the directory is a file', async () => {
    await using place = await scratch()
    await lay(place.dir, {config: 'x', 'other/profiles': 'x'})
    expect(await failure(join(place.dir, 'config'))).toMatchObject({exit: 78})
    expect(await failure(join(place.dir, 'other'))).toMatchObject({exit: 78})
  })

  // Nothing is closed to the superuser.
  test.skipIf(process.getuid?.() === 0)('nobody may read policy.yaml', async () => {
    await using place = await scratch()
    await lay(place.dir, {'policy.yaml': 'rules: []\n'})
    await chmod(join(place.dir, 'policy.yaml'), 0)
    expect(await failure(place.dir)).toMatchObject({code: 'configuration-unreadable', exit: 77})
  })
})
