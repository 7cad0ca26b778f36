import {createHash} from 'node:crypto'
import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'

const root = new URL('corpus/', import.meta.url).pathname

export interface Entry {
  /** Name of the file. */
  name: string
  octets: Buffer
}

/** The saved inputs of a target, in the order of their names. */
export function readCorpus(target: string): Entry[] {
  const dir = join(root, target)
  if (!existsSync(dir)) return []
  return readdirSync(dir)
    .sort()
    .map((name) => ({name, octets: readFileSync(join(dir, name))}))
}

/** Keeps an input. The name says what it is; without one it is named by its octets. Returns the path. */
export function saveInput(target: string, octets: Buffer, kind = 'found'): string {
  const dir = join(root, target)
  mkdirSync(dir, {recursive: true})
  const path = join(dir, `${kind}-${createHash('sha256').update(octets).digest('hex').slice(0, 12)}`)
  writeFileSync(path, octets)
  return path
}
