import {spawn} from 'node:child_process'
import {existsSync} from 'node:fs'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

const root = new URL('../..', import.meta.url).pathname

export interface RunOptions {
  env?: Record<string, string>
  configDir?: string
  dataDir?: string
  /** Sent to standard input, which is then closed. */
  input?: string
}

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
  /** Standard output, parsed. Throws when it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test says by its expectations what it wants to find there
  readonly json: any
}

/** The program as an administrator starts it: POSTERN_TEST_BIN, else the built one, else the sources. */
export function programPath(): string {
  const built = existsSync(join(root, 'dist', 'src', 'cli', 'start.js'))
  return process.env.POSTERN_TEST_BIN ?? join(root, 'bin', built ? 'run.js' : 'dev.js')
}

/** Runs one command to its end. Without directories it gets ones that do not exist. */
export async function run(args: string[], options: RunOptions = {}): Promise<Ran> {
  const nowhere = join(tmpdir(), `postern-nowhere-${process.pid}`)
  const env = {
    ...process.env,
    POSTERN_CONFIG_DIR: options.configDir ?? join(nowhere, 'config'),
    POSTERN_DATA_DIR: options.dataDir ?? join(nowhere, 'data'),
    ...options.env,
  }
  const child = spawn(process.execPath, [programPath(), ...args], {env, stdio: 'pipe'})
  // A command that does not read its input closes the pipe early, which is no business of the test.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.setEncoding('utf8').toArray(),
    child.stderr.setEncoding('utf8').toArray(),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ])
  const answer = stdout.join('')
  return {
    code,
    stdout: answer,
    stderr: stderr.join(''),
    get json() {
      return JSON.parse(answer)
    },
  }
}

/** A directory that is gone when the scope ends. */
export async function scratch(): Promise<{dir: string} & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), 'postern-test-'))
  return {dir, [Symbol.asyncDispose]: () => rm(dir, {recursive: true, force: true})}
}
