import {chmod, mkdir, readdir, readFile, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {issueCertificate} from '../../../src/pki/issue.ts'
import {run, scratch} from '../../support/cli.ts'

/** A configuration that is sound, and whose octets are easily lost: CRLF, tabs, blanks at the end, no last line feed. */
async function odd(dir: string): Promise<Record<string, string>> {
  const {certificatePem} = await issueCertificate({subject: 'Odd Root', ca: true})
  const files = {
    'relay.yaml': '# ours \r\nhostname: relay.example.org\r\n\r\n',
    'policy.yaml': 'rules:\n  - {id: r1, profile: odd, recipients: [example.mil]}   \n\n\n',
    'profiles/odd.yaml': "level: secure # Grüße, 漢字\ncomment: 'a: b # c'\nca: [root]\ntrust: imported",
    'ca/root.pem': `\tsaid by phone\n${certificatePem}\n`,
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(dir, path, '..'), {recursive: true})
    await writeFile(join(dir, path), text)
  }
  await mkdir(join(dir, 'identity'))
  await writeFile(join(dir, 'identity', 'default.key'), 'PRIVATE')
  await chmod(join(dir, 'identity', 'default.key'), 0o600)
  return files
}

async function filesOf(dir: string): Promise<Record<string, string>> {
  const entries = await readdir(dir, {recursive: true, withFileTypes: true})
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
  const read = files.map(async ({parentPath, name}) => {
    const path = join(parentPath, name)
    return [path.slice(dir.length + 1), await readFile(path, 'utf8')] as const
  })
  return Object.fromEntries(await Promise.all(read))
}

describe('config export and import', () => {
  test('bring every file back byte for byte, and no secret', async () => {
    await using one = await scratch()
    await using other = await scratch()
    const files = await odd(one.dir)
    const out = join(other.dir, 'all.yaml')
    const exported = await run(['config', 'export', '--output', out], {configDir: one.dir})
    expect([exported.code, exported.stdout]).toEqual([0, ''])
    expect(exported.stderr).toContain('left out, because they are secret: identity/default.key')
    expect(await readFile(out, 'utf8')).not.toContain('PRIVATE')
    expect((await stat(out)).mode & 0o777).toBe(0o600)

    const configDir = join(other.dir, 'config')
    const imported = await run(['config', 'import', out, '--json'], {configDir})
    expect([imported.code, imported.json]).toMatchObject([0, {written: true, dryRun: false}])
    expect(await filesOf(configDir)).toEqual(files)
    expect((await run(['config', 'import', out], {configDir})).stdout).toBe('unchanged\n')
  })

  test('take what came through a pipe, and the document of --json too', async () => {
    await using one = await scratch()
    await using other = await scratch()
    const files = await odd(one.dir)
    for (const flags of [[], ['--json']]) {
      const {stdout} = await run(['config', 'export', ...flags], {configDir: one.dir})
      const {code} = await run(['config', 'import', '-'], {configDir: other.dir, input: stdout})
      expect([code, await filesOf(other.dir)]).toEqual([0, files])
    }
  })

  test('show what would change, write nothing under --dry-run, and remove what is not in the document', async () => {
    await using one = await scratch()
    await using other = await scratch()
    await odd(one.dir)
    await odd(other.dir)
    await writeFile(join(other.dir, 'profiles', 'extra.yaml'), 'level: encrypt\n')
    await writeFile(join(other.dir, 'policy.yaml'), 'rules:\n  - {id: r1, profile: extra}\n')
    const before = await filesOf(other.dir)
    const {stdout: document} = await run(['config', 'export'], {configDir: one.dir})
    const dry = await run(['config', 'import', '-', '--dry-run'], {configDir: other.dir, input: document})
    expect(dry.code).toBe(1)
    expect(dry.stdout).toMatch(
      /^~ policy\.yaml\n[\s\S]*- {3}- \{id: r1, profile: extra\}[\s\S]*^- profiles\/extra\.yaml$/m,
    )
    expect(await filesOf(other.dir)).toEqual(before)
    expect((await run(['config', 'import', '-'], {configDir: other.dir, input: document})).code).toBe(0)
    expect(await filesOf(other.dir)).toEqual(await filesOf(one.dir))
  })

  test.each([
    ['that is no export', 'level: secure\n', /:1: level: expected no such key/],
    [
      'with a path outside',
      bundle({'../evil.yaml': 'x'}),
      /expected a file of a configuration; found \.\.\/evil\.yaml/,
    ],
    ['with users in it', bundle({'users.yaml': 'x'}), /found users\.yaml/],
    ['with a built-in profile', bundle({'profiles/secure.yaml': 'level: none'}), /found profiles\/secure\.yaml/],
    ['with a rule without its profile', bundle({'policy.yaml': 'rules: [{id: r1, profile: no}]'}), /policy\.yaml:1/],
    ['with a broken CA beside a good file', bundle({'relay.yaml': '', 'ca/x.pem': 'no'}), /ca\/x\.pem/],
  ])('refuse a document %s as a whole', async (_, input, message) => {
    await using place = await scratch()
    const configDir = join(place.dir, 'config')
    const {code, stderr} = await run(['config', 'import', '-'], {configDir, input})
    expect([code, stderr]).toEqual([65, expect.stringMatching(message)])
    expect(stderr).not.toContain('/postern-import-')
    expect(await filesOf(place.dir)).toEqual({})
  })

  test('write nothing where a directory stands in the place of a file', async () => {
    await using one = await scratch()
    await using other = await scratch()
    await odd(one.dir)
    await mkdir(join(other.dir, 'relay.yaml', 'x'), {recursive: true})
    const {stdout} = await run(['config', 'export'], {configDir: one.dir})
    const {code} = await run(['config', 'import', '-'], {configDir: other.dir, input: stdout})
    expect(code).not.toBe(0)
    expect(await filesOf(other.dir)).toEqual({})
  })

  test('do not make a directory for a path that is misspelt', async () => {
    await using place = await scratch()
    const args = ['config', 'export', '--output', join(place.dir, 'bakcup', 'all.yaml')]
    const {code, stderr} = await run(args, {configDir: place.dir})
    expect([code, stderr]).toEqual([73, expect.stringMatching(/there is no directory .*bakcup\n {2}hint: /)])
    expect(await filesOf(place.dir)).toEqual({})
  })

  test('do not export half of a policy that is broken', async () => {
    await using place = await scratch()
    await writeFile(join(place.dir, 'policy.yaml'), 'rules: [{id: r1, profile: no}]\n')
    expect((await run(['config', 'export'], {configDir: place.dir})).code).toBe(78)
  })
})

function bundle(files: Record<string, string>): string {
  return JSON.stringify({schema: 'postern.config-export/1', revision: 'x', files})
}
