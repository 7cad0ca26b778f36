import {existsSync} from 'node:fs'
import {cp, mkdir, readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {run, scratch} from '../support/cli.ts'

/** A lab of its own process is the partner; each test writes into a config directory of its own that asks its DNS. */
export interface Place extends AsyncDisposable {
  root: string
  intermediate: string
  /** A fresh directory with `config` in it. */
  home(): Promise<Home>
}

export interface Home extends AsyncDisposable {
  dir: string
  configDir: string
  /** For temporary files: what is left there was not tidied up. */
  temporary: string
  /** The environment that has them there; Node's compile cache is no such file. */
  env: {TMPDIR: string; NODE_DISABLE_COMPILE_CACHE: '1'}
}

const PARTNERS = ['good', 'no-starttls', 'banner-silence', 'greeting-421']

export async function startPlace(): Promise<Place> {
  const lab = await scratch()
  const started = await run(['lab', 'start', '--detach', ...PARTNERS], {dataDir: lab.dir})
  if (started.code !== 0) throw new Error(`no lab: ${started.stderr}`)
  return {
    root: join(lab.dir, 'lab', 'pki', 'root.pem'),
    intermediate: join(lab.dir, 'lab', 'pki', 'intermediate.pem'),
    async home() {
      const own = await scratch()
      const configDir = join(own.dir, 'config')
      await cp(join(lab.dir, 'lab', 'config', 'relay.yaml'), join(configDir, 'relay.yaml'))
      await mkdir(join(own.dir, 'temporary'))
      return {
        dir: own.dir,
        configDir,
        temporary: join(own.dir, 'temporary'),
        env: {TMPDIR: join(own.dir, 'temporary'), NODE_DISABLE_COMPILE_CACHE: '1'},
        [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
      }
    },
    async [Symbol.asyncDispose]() {
      await run(['lab', 'stop'], {dataDir: lab.dir})
      await lab[Symbol.asyncDispose]()
    },
  }
}

/** Every file below, with its content. */
export async function tree(dir: string): Promise<Record<string, string>> {
  if (!existsSync(dir)) return {}
  const entries = await readdir(dir, {recursive: true, withFileTypes: true})
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(await Promise.all(files.sort().map(async (file) => [file, await readFile(file, 'utf8')])))
}
