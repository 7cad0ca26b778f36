import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {Exit, PosternError} from '../mail/error.ts'
import type {Finding} from '../policy/evidence.ts'
import {removeFile, withLock, writeFileAtomic} from '../state/files.ts'
import {loadConfiguration} from '../state/load.ts'
import {readConfigFiles} from '../state/scan.ts'
import {readBundle} from './config-bundle.ts'
import {lintAll} from './config-check.ts'
import type {AppWorld} from './world.ts'

/** A file that differs; `before` null: it is new, `after` null: it goes. */
export interface FileChange {
  path: string
  before: string | null
  after: string | null
}

export interface ConfigImport {
  changes: FileChange[]
  /** Of the configuration in the document. */
  revision: string
  written: boolean
  findings: Finding[]
}

/**
 * Makes the files of the document the configuration: what is not in it goes, keys and users stay. Everything is read and
 * checked in a copy before the first file is written. Throws as `readBundle` does, and what is wrong in it with 65.
 */
export async function importConfig(
  {configDir}: Pick<AppWorld, 'configDir'>,
  source: {path: string; text: string},
  {dryRun}: {dryRun: boolean},
): Promise<ConfigImport> {
  const {files} = readBundle(source)
  const {revision, findings} = await checked(files, source.path)
  if (dryRun) return {changes: await changesTo(configDir, files), revision, written: false, findings}
  return withLock(configDir, async () => {
    const changes = await changesTo(configDir, files)
    await writeAll(configDir, changes)
    return {changes, revision, written: changes.length > 0, findings}
  })
}

async function changesTo(configDir: string, files: Record<string, string>): Promise<FileChange[]> {
  const {all} = await readConfigFiles(configDir)
  const now = new Map(all.map(({relative, text}) => [relative, text]))
  const paths = [...new Set([...now.keys(), ...Object.keys(files)])].sort()
  return paths
    .map((path) => ({path, before: now.get(path) ?? null, after: files[path] ?? null}))
    .filter(({before, after}) => before !== after)
}

/** Reads the files where they cannot do harm. The errors of the copy are errors of the document. */
async function checked(files: Record<string, string>, name: string): Promise<{revision: string; findings: Finding[]}> {
  const dir = await mkdtemp(join(tmpdir(), 'postern-import-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), {recursive: true})
      await writeFile(join(dir, path), text)
    }
    const config = await loadConfiguration(dir)
    return {revision: config.revision, findings: lintAll(config)}
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    const message = `${name}: ${error.message.replaceAll(`${dir}/`, '')}`
    throw new PosternError(error.code, message, {exit: Exit.badData, hints: error.hints, cause: error})
  } finally {
    await rm(dir, {recursive: true, force: true})
  }
}

/**
 * In an order in which nothing names what is not there: a reader in between, or a machine that stops, sees a sound
 * configuration. Where a write fails, those before it are undone.
 */
async function writeAll(configDir: string, changes: readonly FileChange[]): Promise<void> {
  const done: FileChange[] = []
  try {
    for (const change of inOrder(changes)) {
      await put(configDir, change.path, change.after)
      done.push(change)
    }
  } catch (error) {
    for (const {path, before} of done.reverse()) await put(configDir, path, before)
    throw error
  }
}

const RANKS = ['ca', 'profiles', 'policy.yaml', 'relay.yaml']

/** What others name comes first and goes last. */
function inOrder(changes: readonly FileChange[]): FileChange[] {
  const rank = ({path}: FileChange) => RANKS.indexOf(path.split('/')[0] ?? '')
  const kept = changes.filter(({after}) => after !== null).sort((a, b) => rank(a) - rank(b))
  const gone = changes.filter(({after}) => after === null).sort((a, b) => rank(b) - rank(a))
  // Without policy.yaml no rule names a profile any more.
  return [...kept, ...gone]
}

async function put(configDir: string, path: string, text: string | null): Promise<void> {
  const target = join(configDir, path)
  if (text === null) await removeFile(target)
  else await writeFileAtomic(target, text)
}
