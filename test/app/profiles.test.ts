import {mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {applyPolicy} from '../../src/app/policies.ts'
import {createProfile, deleteProfile, listProfiles, setProfile, showProfile} from '../../src/app/profiles.ts'
import {issueCertificate} from '../../src/pki/issue.ts'
import {scratch} from '../support/cli.ts'

async function place() {
  const made = await scratch()
  return {configDir: join(made.dir, 'config'), [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]()}
}

async function importCa(configDir: string, name: string): Promise<void> {
  const {certificatePem} = await issueCertificate({subject: `Root ${name}`, ca: true})
  await mkdir(join(configDir, 'ca'), {recursive: true})
  await writeFile(join(configDir, 'ca', `${name}.pem`), certificatePem)
}

describe('createProfile', () => {
  test('fills in what the level implies and writes only what was said', async () => {
    await using at = await place()
    const {profile, change} = await createProfile(at, 'sec', {level: 'secure', onFailure: 'fail'})
    expect(change).toBe('created')
    expect(profile).toMatchObject({
      trust: 'both',
      subject: [{kind: 'mx'}],
      minTls: '1.2',
      minStrength: 128,
      fallbackAfter: 1,
    })
    const text = await readFile(join(at.configDir, 'profiles', 'sec.yaml'), 'utf8')
    expect(text).toBe('level: secure\nonFailure: fail\n')
  })

  test('trusts the named CAs alone, unless trust is said', async () => {
    await using at = await place()
    await importCa(at.configDir, 'mil')
    expect((await createProfile(at, 'a', {level: 'secure', ca: ['mil']})).profile.trust).toBe('imported')
    expect((await createProfile(at, 'b', {level: 'secure', ca: ['mil'], trust: 'both'})).profile.trust).toBe('both')
  })

  test('changes nothing when the same is made again, and refuses another of that name', async () => {
    await using at = await place()
    await createProfile(at, 'sec', {level: 'secure', minTls: '1.3'})
    expect(await createProfile(at, 'sec', {minTls: '1.3', level: 'secure'})).toMatchObject({change: 'unchanged'})
    const other = createProfile(at, 'sec', {level: 'encrypt'})
    await expect(other).rejects.toMatchObject({code: 'profile-exists', exit: 73})
  })

  test.each([
    ['a built-in name', 'secure', {}, 'profile-builtin', 64],
    ['a built-in name in capitals', 'Secure', {}, 'profile-builtin', 64],
    ['a name that leads elsewhere', '../sec', {}, 'name-invalid', 64],
    ['a CA that is not there', 'sec', {ca: ['mil']}, 'ca-unknown', 66],
    ['a strength below 112', 'sec', {minStrength: 111}, 'min-strength-too-low', 64],
    ['a strength that no cipher has', 'sec', {minStrength: 257}, 'min-strength-unattainable', 64],
    ['TLS 1.1', 'sec', {minTls: '1.1' as '1.2'}, 'min-tls-too-low', 64],
  ])('refuses %s and writes nothing', async (_, name, fields, code, exit) => {
    await using at = await place()
    await expect(createProfile(at, name, {level: 'secure', ...fields})).rejects.toMatchObject({code, exit})
    expect(await readdir(at.configDir).catch(() => [])).not.toContain('profiles')
  })

  test('names the spoof that a substring check allows', async () => {
    await using at = await place()
    const {findings} = await createProfile(at, 'a', {
      level: 'secure',
      subject: [{kind: 'contains', value: 'example.mil'}],
    })
    expect(findings).toMatchObject([{code: 'subject-contains', message: expect.stringContaining('attacker.net')}])
  })

  test('can repair a policy whose rule names a profile that is missing', async () => {
    await using at = await place()
    await mkdir(at.configDir, {recursive: true})
    await writeFile(join(at.configDir, 'policy.yaml'), 'rules: [{id: r1, profile: gone}]\n')
    await expect(listProfiles(at)).rejects.toMatchObject({exit: 78})
    await createProfile(at, 'gone', {level: 'encrypt'})
    expect((await listProfiles(at)).at(-1)).toMatchObject({profile: {name: 'gone'}, rules: ['r1']})
  })
})

describe('setProfile', () => {
  test('changes what is given and leaves the rest', async () => {
    await using at = await place()
    await createProfile(at, 'a', {level: 'encrypt', minTls: '1.3', comment: 'x'})
    const {profile, change} = await setProfile(at, 'a', {level: 'secure', comment: null})
    expect([change, profile]).toMatchObject(['updated', {level: 'secure', minTls: '1.3', comment: null}])
    expect(await setProfile(at, 'a', {minTls: '1.3'})).toMatchObject({change: 'unchanged'})
  })

  test('lets trust follow the CAs where it was not said', async () => {
    await using at = await place()
    await importCa(at.configDir, 'mil')
    await createProfile(at, 'a', {level: 'secure'})
    expect((await setProfile(at, 'a', {ca: ['mil']})).profile).toMatchObject({ca: ['mil'], trust: 'imported'})
    expect((await setProfile(at, 'a', {ca: null})).profile).toMatchObject({ca: [], trust: 'both'})
  })

  test('can repair a profile whose CA is gone', async () => {
    await using at = await place()
    await importCa(at.configDir, 'mil')
    await createProfile(at, 'a', {level: 'secure', ca: ['mil']})
    await rm(join(at.configDir, 'ca', 'mil.pem'))
    await expect(showProfile(at, 'a')).rejects.toMatchObject({exit: 78})
    await setProfile(at, 'a', {ca: null})
    expect((await showProfile(at, 'a')).profile.trust).toBe('both')
  })

  test.each([
    ['secure', {level: 'none' as const}, 'profile-builtin', 64],
    ['nobody', {level: 'none' as const}, 'profile-unknown', 66],
    ['a', {minStrength: 40}, 'min-strength-too-low', 64],
  ])('refuses %s %j and leaves the file', async (name, change, code, exit) => {
    await using at = await place()
    await createProfile(at, 'a', {level: 'secure'})
    await expect(setProfile(at, name, change)).rejects.toMatchObject({code, exit})
    expect(await readFile(join(at.configDir, 'profiles', 'a.yaml'), 'utf8')).toBe('level: secure\n')
  })
})

describe('deleteProfile', () => {
  test('is refused while a rule names the profile, and names the rule', async () => {
    await using at = await place()
    await createProfile(at, 'a', {level: 'secure'})
    await applyPolicy(at, {profile: 'a', recipients: ['example.mil']})
    await expect(deleteProfile(at, 'a')).rejects.toMatchObject({
      code: 'profile-in-use',
      message: expect.stringContaining('r1'),
    })
    await applyPolicy(at, {profile: 'secure', recipients: ['example.mil']})
    await deleteProfile(at, 'a')
    expect((await listProfiles(at)).map(({profile}) => profile.name)).not.toContain('a')
  })

  test.each([
    ['secure', 64],
    ['nobody', 66],
  ])('of %s exits %i', async (name, exit) => {
    await using at = await place()
    await expect(deleteProfile(at, name)).rejects.toMatchObject({exit})
  })
})
