import {spawn, spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'

// The traps of oclif 5, each sprung against the built program, as an administrator starts it.
const root = new URL('../..', import.meta.url).pathname
const bin = join(root, 'bin', 'run.js')
const dir = mkdtempSync(join(tmpdir(), 'postern-traps-'))
const env = {...process.env, POSTERN_CONFIG_DIR: join(dir, 'config'), POSTERN_DATA_DIR: join(dir, 'data')}

function postern(...args: string[]) {
  return spawnSync(process.execPath, [bin, ...args], {encoding: 'utf8', env, cwd: dir})
}

afterAll(() => rmSync(dir, {recursive: true, force: true}))

describe('oclif, tamed', () => {
  test('a usage error under --json is one small document with its exit code', () => {
    const {stdout, stderr, status} = postern('config', 'path', '--nonsense', '--json')
    expect(status).toBe(64)
    expect(stdout.length).toBeLessThan(600)
    expect(JSON.parse(stdout)).toMatchObject({schema: 'postern.error/1', error: {code: 'usage', exit: 64}})
    expect(stderr).toBe('')
  })

  test('a usage error in text is one line and one hint, and exits 64', () => {
    const {stdout, stderr, status} = postern('config', 'path', '--nonsense')
    expect([status, stdout]).toEqual([64, ''])
    expect(stderr.trimEnd().split('\n')).toHaveLength(2)
    expect(stderr).toContain('hint:')
  })

  test('a value that does not parse is named with what was wrong', () => {
    const {status, stderr} = postern('probe', 'example.mil', '--concurrency', 'x')
    expect(status).toBe(64)
    expect(stderr).toMatch(/^postern: --concurrency: expected an integer but received: x$/im)
  })

  test('from the sources, without a build, it is the same program', () => {
    const dev = spawnSync(process.execPath, [join(root, 'bin/dev.js'), 'config', 'path', '--json'], {
      encoding: 'utf8',
      env,
    })
    expect(dev.stderr).toBe('')
    expect(dev.stdout).toBe(postern('config', 'path', '--json').stdout)
  })

  test.each([[['nonsense']], [['config', 'pathh']], [['config', 'path', 'extra']], [['nonsense', '--json']]])(
    'the typo %j exits 64',
    (args) => expect(postern(...args).status).toBe(64),
  )

  test('a typo is answered with the command that was meant', () => {
    expect(postern('config', 'pth').stderr).toContain('did you mean: postern config path')
  })

  test('a reader that goes away early is no error', async () => {
    const child = spawn(process.execPath, [bin, '--help'], {env, stdio: ['ignore', 'pipe', 'pipe']})
    child.stdout.once('data', () => child.stdout.destroy())
    const stderr = child.stderr.setEncoding('utf8').toArray()
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect(code).toBe(0)
    expect((await stderr).join('')).toBe('')
  })

  test('the same through a real pipe: head -1 leaves 0 behind', () => {
    const script = `set -o pipefail; "${process.execPath}" "${bin}" profile --help | head -1 >/dev/null; echo "\${PIPESTATUS[0]}"`
    expect(spawnSync('bash', ['-c', script], {encoding: 'utf8', env}).stdout.trim()).toBe('0')
  })

  test('a plugin left in the data directory does not run', () => {
    const proof = join(dir, 'it-ran')
    const plugin = join(dir, 'data', 'node_modules', 'evil')
    mkdirSync(join(plugin, 'commands'), {recursive: true})
    const code = `require('node:fs').writeFileSync(${JSON.stringify(proof)}, '')\nmodule.exports = async () => {}\n`
    writeFileSync(join(plugin, 'hook.js'), code)
    writeFileSync(
      join(plugin, 'package.json'),
      JSON.stringify({name: 'evil', version: '1.0.0', oclif: {commands: './commands', hooks: {init: './hook.js'}}}),
    )
    const owner = {
      name: 'data',
      dependencies: {evil: '1.0.0'},
      oclif: {plugins: [{name: 'evil', type: 'user', tag: '1'}]},
    }
    writeFileSync(join(dir, 'data', 'package.json'), JSON.stringify({...owner, private: true}))
    expect(postern('config', 'path').status).toBe(0)
    expect(existsSync(proof)).toBe(false)
  })

  test("in text mode too the error's own exit code counts", () => {
    mkdirSync(join(dir, 'config'), {recursive: true})
    writeFileSync(join(dir, 'config', 'policy.yaml'), 'rules: [{{{\n')
    const {status, stderr} = postern('policy', 'list')
    rmSync(join(dir, 'config', 'policy.yaml'))
    expect(status).toBe(78)
    expect(stderr).toContain('policy.yaml')
  })

  test('every command answers --json with an object that names its schema: nothing falsy, nothing bare', () => {
    const {stdout, status} = postern('policy', 'list', '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({schema: 'postern.policy-list/1'})
  })

  test('an argument with blanks arrives whole', () => {
    const {status, stderr} = postern('profile', 'show', 'two words')
    expect(status).not.toBe(0)
    expect(stderr).toContain('two words')
  })

  test('POSTERN_CONFIG_DIR and --config-dir name the directory, the flag first', () => {
    expect(JSON.parse(postern('config', 'path', '--json').stdout).configDir).toBe(join(dir, 'config'))
    const flagged = postern('config', 'path', '--json', '--config-dir', 'here')
    expect(JSON.parse(flagged.stdout).configDir).toBe(join(dir, 'here'))
  })

  test('help and --version exit 0', () => {
    expect(postern('--help').status).toBe(0)
    expect(postern('probe', '--help').status).toBe(0)
    expect(postern('--version').stdout).toMatch(/^postern\/\d/)
  })

  test('the manifest lists every command file', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as {commands: object}
    const files = readdirSync(join(root, 'commands'), {recursive: true, encoding: 'utf8'})
      .filter((name) => name.endsWith('.ts'))
      .map((name) => name.replace(/(\/index)?\.ts$/, '').replaceAll('/', ':'))
    expect(Object.keys(manifest.commands).sort()).toEqual(files.sort())
  })
})
