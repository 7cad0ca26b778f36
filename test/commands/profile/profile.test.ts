import {mkdir, readdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {run, scratch} from '../../support/cli.ts'
import {expectRefusal} from '../../support/refusal.ts'

describe('profile on the command line', () => {
  test('takes every field of the contract, shows it, changes it and deletes it', async () => {
    await using place = await scratch()
    const at = {configDir: place.dir}
    const fields = [
      '--on-failure',
      'fail',
      '--trust',
      'system',
      '--subject',
      'exact:MX1.example.mil',
      '--subject',
      'domain',
    ]
    const limits = ['--min-tls', '1.3', '--min-strength', '256', '--fallback-after', 'never']
    const standards = ['--dane', 'off', '--mta-sts', 'off', '--comment', 'the ministry']
    const made = await run(
      ['profile', 'create', 'all', '--level', 'secure', ...fields, ...limits, ...standards, '--json'],
      at,
    )
    expect(made.json).toMatchObject({
      schema: 'postern.profile-create/1',
      change: 'created',
      profile: {
        name: 'all',
        level: 'secure',
        onFailure: 'fail',
        trust: 'system',
        subject: ['exact:mx1.example.mil', 'domain'],
        minTls: '1.3',
        minStrength: 256,
        fallbackAfter: 'never',
        dane: 'off',
        mtaSts: 'off',
        comment: 'the ministry',
      },
    })
    const shown = await run(['profile', 'show', 'all', '--json'], at)
    expect(shown.json).toMatchObject({profile: made.json.profile, builtin: false, rules: []})
    expect((await run(['profile', 'set', 'all', '--level', 'encrypt', '--comment', ''], at)).stdout).toContain(
      'updated',
    )
    expect((await run(['profile', 'show', 'all'], at)).stdout).toMatch(/level +encrypt/)
    expect((await run(['profile', 'delete', 'all'], at)).code).toBe(0)
    const {profiles} = (await run(['profile', 'list', '--json'], at)).json
    expect(profiles.map(({name}: {name: string}) => name)).toEqual(['none', 'preferred', 'encrypt', 'secure'])
  })

  test('prints neither borders nor colour into a pipe, and colour where it is forced, unless NO_COLOR is set', async () => {
    await using place = await scratch()
    const at = {configDir: place.dir}
    const plain = await run(['profile', 'list'], at)
    expect(plain.stdout).not.toMatch(/[│┌\x1b]/)
    const forced = await run(['profile', 'list'], {...at, env: {FORCE_COLOR: '1'}})
    expect(forced.stdout).toContain('\x1b[')
    const none = await run(['profile', 'list'], {...at, env: {FORCE_COLOR: '1', NO_COLOR: '1'}})
    expect(none.stdout).toBe(plain.stdout)
  })
})

describe('nonsense gets one line, one hint, the documented code, and changes nothing:', () => {
  test.each([
    [['profile', 'create'], 64, 'NAME'],
    [['profile', 'create', 'a'], 64, 'level'],
    [['profile', 'create', 'a', '--level', 'high'], 64, 'level'],
    [['profile', 'create', '../a', '--level', 'none'], 64, 'name'],
    [['profile', 'create', 'secure', '--level', 'none'], 64, 'built-in'],
    [['profile', 'create', 'a', '--level', 'secure', '--ca', 'mil'], 66, 'postern ca import'],
    [['profile', 'create', 'a', '--level', 'secure', '--min-tls', '1.1'], 64, 'RFC 8996'],
    [['profile', 'create', 'a', '--level', 'secure', '--min-tls', '1.0'], 64, 'RFC 8996'],
    [['profile', 'create', 'a', '--level', 'secure', '--min-tls', 'new'], 64, 'min-tls'],
    [['profile', 'create', 'a', '--level', 'secure', '--min-strength', '56'], 64, 'RFC 9325'],
    [['profile', 'create', 'a', '--level', 'secure', '--min-strength', 'much'], 64, 'whole number'],
    [['profile', 'create', 'a', '--level', 'secure', '--min-strength', '-1'], 64, 'min-strength'],
    [['profile', 'create', 'a', '--level', 'secure', '--fallback-after', '0'], 64, 'fallback-after'],
    [['profile', 'create', 'a', '--level', 'secure', '--subject', 'perhaps'], 64, 'subject check'],
    [['profile', 'set', 'used'], 64, 'nothing to set'],
    [['profile', 'set', 'secure', '--level', 'none'], 64, 'built-in'],
    [['profile', 'set', 'usedd', '--level', 'none'], 66, 'used'],
    [['profile', 'show', 'nobody'], 66, 'nobody'],
    [['profile', 'delete', 'used'], 64, 'r1'],
    [['profile', 'delete', 'encrypt'], 64, 'built-in'],
  ])('postern %j', async (args, code, word) => {
    await using place = await scratch()
    const at = {configDir: place.dir}
    await mkdir(join(place.dir, 'profiles'))
    await writeFile(join(place.dir, 'profiles', 'used.yaml'), 'level: secure\n')
    await writeFile(join(place.dir, 'policy.yaml'), 'rules: [{id: r1, profile: used}]\n')
    await expectRefusal(args, at, code, word)
    expect(await readdir(join(place.dir, 'profiles'))).toEqual(['used.yaml'])
  })
})
