import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {updateSetting, writeProfile, writeRules} from '../../src/state/edit.ts'
import {readConfiguration} from '../../src/state/load.ts'
import {scratch} from '../support/cli.ts'
import {rule} from '../support/rule.ts'

describe('writeProfile', () => {
  const before = `# for the ministry
level: encrypt # for now
subject:
  # their gateway
  - exact:mx1.example.mil
  - domain
# Bits
minStrength: 128
`

  test('changes what is named and keeps comments and order', async () => {
    await using place = await scratch()
    await mkdir(join(place.dir, 'profiles'))
    const path = join(place.dir, 'profiles', 'a.yaml')
    await writeFile(path, before)
    await writeProfile(place.dir, 'a', {
      level: 'secure',
      subject: [{kind: 'exact', value: 'mx1.example.mil'}, {kind: 'mx'}],
      onFailure: 'fail',
    })
    const after = `# for the ministry
level: secure # for now
subject:
  # their gateway
  - exact:mx1.example.mil
  - mx
# Bits
minStrength: 128
onFailure: fail
`
    expect(await readFile(path, 'utf8')).toBe(after)
  })

  test('leaves the file untouched when nothing changes', async () => {
    await using place = await scratch()
    await mkdir(join(place.dir, 'profiles'))
    const path = join(place.dir, 'profiles', 'a.yaml')
    const odd = '{level:   encrypt,minTls: 1.2} # as I like it\n'
    await writeFile(path, odd)
    await writeProfile(place.dir, 'a', {level: 'encrypt'})
    expect(await readFile(path, 'utf8')).toBe(odd)
  })

  test('takes a field out with null, and its comment survives where it stood before others', async () => {
    await using place = await scratch()
    await writeProfile(place.dir, 'a', {level: 'secure', comment: 'x', minTls: '1.3'})
    const profile = await writeProfile(place.dir, 'a', {comment: null, minTls: null})
    expect(profile).toMatchObject({comment: null, minTls: '1.2'})
    expect(await readFile(join(place.dir, 'profiles', 'a.yaml'), 'utf8')).toBe('level: secure\n')
  })

  test('never writes what could not be read back', async () => {
    await using place = await scratch()
    await writeProfile(place.dir, 'a', {level: 'secure'})
    await expect(writeProfile(place.dir, 'a', {minStrength: 40})).rejects.toMatchObject({exit: 78})
    expect(await readFile(join(place.dir, 'profiles', 'a.yaml'), 'utf8')).toBe('level: secure\n')
  })
})

describe('writeRules', () => {
  test('keeps comments with the rule they belong to when rules move, change and go', async () => {
    await using place = await scratch()
    const path = join(place.dir, 'policy.yaml')
    await writeFile(
      path,
      `# our policy
rules:
  - id: a
    recipients: a.example # only them
    profile: encrypt
  # asked for by the ministry
  - id: b
    recipients: [b.example] # one for now
    profile: encrypt
    mode: enforce
  - id: c
    profile: none
`,
    )
    await writeRules(place.dir, [
      rule('b', {recipients: ['b.example'], profile: 'secure'}),
      rule('a', {recipients: ['a.example'], profile: 'encrypt'}),
      rule('d', {profile: 'none', mode: 'rehearse'}),
    ])
    expect(await readFile(path, 'utf8')).toBe(`# our policy
rules:
  # asked for by the ministry
  - id: b
    recipients: [b.example] # one for now
    profile: secure
    mode: enforce
  - id: a
    recipients: a.example # only them
    profile: encrypt
  - id: d
    profile: none
    mode: rehearse
`)
  })

  test('keeps a bare list a bare list', async () => {
    await using place = await scratch()
    const path = join(place.dir, 'policy.yaml')
    await writeFile(path, '- {id: a, profile: encrypt}\n')
    await writeRules(place.dir, [rule('b', {profile: 'none'}), rule('a', {profile: 'encrypt'})])
    expect((await readConfiguration(place.dir)).configuration.rules.map(({id}) => id)).toEqual(['b', 'a'])
    expect(await readFile(path, 'utf8')).toMatch(/^- id: b/)
  })

  test('writes rules that are read back the same, whatever stood there before', async () => {
    const texts = fc.constantFrom(
      'example.mil',
      '*@a.example',
      '.b.example',
      '<>',
      '/@x\\.y$/',
      '*',
      "o'neil@c.example",
    )
    const networks = fc.uniqueArray(fc.constantFrom('192.0.2.0/24', '2001:db8::/32', '::1'))
    const patterns = fc.uniqueArray(texts)
    const one = fc.record({
      recipients: patterns,
      senders: patterns,
      networks,
      direction: fc.constantFrom('delivery' as const, 'receiving' as const),
      profile: fc.constantFrom('none', 'encrypt', 'secure'),
      mode: fc.constantFrom('enforce' as const, 'rehearse' as const),
      comment: fc.option(fc.constantFrom('plain', '# not a comment', 'two\nlines', ': tricky', 'null', '1.2')),
    })
    const list = fc.uniqueArray(fc.tuple(fc.constantFrom('r1', 'r2', 'a.b', '7', 'null'), one), {
      selector: ([id]) => id,
    })
    const build = (made: [string, ReturnType<typeof one.generate>['value_']][]) =>
      made.map(([id, {networks: nets, ...fields}]) =>
        rule(id, {...fields, [fields.direction === 'delivery' ? 'destinations' : 'clients']: nets}),
      )
    await fc.assert(
      fc.asyncProperty(list, list, async (first, second) => {
        await using place = await scratch()
        for (const wanted of [build(first), build(second)]) {
          await writeRules(place.dir, wanted)
          expect((await readConfiguration(place.dir)).configuration.rules).toEqual(wanted)
        }
      }),
      {numRuns: 60},
    )
  })
})

describe('updateSetting', () => {
  test('sets one value and keeps the rest of the file as it was written', async () => {
    await using place = await scratch()
    const path = join(place.dir, 'relay.yaml')
    await writeFile(path, 'hostname: a.example # ours\ntls: {enabled: true} # on\n')
    await updateSetting(place.dir, ['tls', 'enabled'], false)
    await updateSetting(place.dir, ['tls', 'identity'], 'second')
    expect(await readFile(path, 'utf8')).toBe(
      'hostname: a.example # ours\ntls: {enabled: false, identity: second} # on\n',
    )
  })

  test('makes the file, and the section, where there is none', async () => {
    await using place = await scratch()
    await updateSetting(join(place.dir, 'new'), ['tls', 'enabled'], false)
    expect((await readConfiguration(join(place.dir, 'new'))).configuration.settings.tls.enabled).toBe(false)
  })

  test('refuses what would not be sound, and leaves the file', async () => {
    await using place = await scratch()
    await expect(updateSetting(place.dir, ['tls', 'enabled'], 'maybe')).rejects.toMatchObject({exit: 78})
    expect((await readConfiguration(place.dir)).configuration.settings.tls.enabled).toBe(true)
  })
})
