import {chmod, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {issueCertificate} from '../../../src/pki/issue.ts'
import {run, scratch} from '../../support/cli.ts'

describe('config path', () => {
  test('prints both directories, absolute', async () => {
    const {json} = await run(['config', 'path', '--json'], {configDir: 'some/dir', dataDir: '/data'})
    expect(json).toEqual({
      schema: 'postern.config-path/1',
      configDir: expect.stringMatching(/^\/.*\/some\/dir$/),
      dataDir: '/data',
    })
  })
})

describe('config check', () => {
  test('is content with a directory that does not exist', async () => {
    const {code, json} = await run(['config', 'check', '--json'])
    expect([code, json]).toMatchObject([0, {schema: 'postern.config-check/1', findings: [], counts: {rules: 0}}])
  })

  test('counts what it read, and exits 0 on warnings', async () => {
    await using place = await scratch()
    await mkdir(join(place.dir, 'profiles'))
    await writeFile(join(place.dir, 'profiles', 'a.yaml'), 'level: secure\nsubject: contains:mil\n')
    await writeFile(join(place.dir, 'policy.yaml'), 'rules: [{id: r1, profile: a}]\n')
    const {code, stdout} = await run(['config', 'check'], {configDir: place.dir})
    expect([code, stdout]).toEqual([0, expect.stringMatching(/1 profile, 1 rule,[\s\S]*warning: contains:mil/)])
  })

  test('exits 1 when a finding is an error', async () => {
    await using place = await scratch()
    await mkdir(join(place.dir, 'profiles'))
    await writeFile(join(place.dir, 'profiles', 'a.yaml'), 'level: none\nmtaSts: mandatory\n')
    const {code, json} = await run(['config', 'check', '--json'], {configDir: place.dir})
    expect([code, json.findings]).toMatchObject([1, [{code: 'mandatory-without-tls', severity: 'error'}]])
  })

  test('exits 78 with file and line when a file is invalid', async () => {
    await using place = await scratch()
    await writeFile(join(place.dir, 'policy.yaml'), 'rules:\n  - id: r1\n    profil: secure\n')
    const {code, stderr} = await run(['config', 'check'], {configDir: place.dir})
    expect([code, stderr]).toEqual([
      78,
      expect.stringMatching(/policy\.yaml:3: .*\n {2}hint: did you mean profile\?\n$/),
    ])
  })

  test('exits 77 when others can read a private key', async () => {
    await using place = await scratch()
    const {certificatePem, keyPem} = await issueCertificate({subject: 'relay.example.org'})
    const file = (name: string) => join(place.dir, 'identity', name)
    await mkdir(join(place.dir, 'identity'))
    await writeFile(file('default.pem'), certificatePem)
    await writeFile(file('default.key'), keyPem, {mode: 0o600})
    const sound = await run(['config', 'check', '--json'], {configDir: place.dir})
    expect([sound.code, sound.json.counts.identities]).toEqual([0, 1])
    await chmod(file('default.key'), 0o640)
    const {code, stderr} = await run(['config', 'check'], {configDir: place.dir})
    expect([code, stderr]).toEqual([77, expect.stringMatching(/default\.key[\s\S]*chmod 600/)])
  })

  test.each([
    ['profile list', 78],
    ['policy list', 78],
    ['policy apply example.mil --profile secure', 78],
    ['profile create b --level secure', 78],
    ['policy explain a@b.example', 78],
  ])('an invalid file stops "%s" as well', async (line, exit) => {
    await using place = await scratch()
    await writeFile(join(place.dir, 'relay.yaml'), 'hostnam: x\n')
    const {code, json} = await run([...line.split(' '), '--json'], {configDir: place.dir})
    expect([code, json]).toMatchObject([exit, {schema: 'postern.error/1', error: {code: 'configuration-invalid'}}])
  })
})
