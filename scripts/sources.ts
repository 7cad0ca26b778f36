import {readdirSync, readFileSync} from 'node:fs'
import {join, relative} from 'node:path'

export interface SourceFile {
  /** Relative to the root: `src/policy/judge.ts`, `commands/probe.ts`. */
  path: string
  text: string
}

/** Every TypeScript file of the product. */
export function sourceFiles(root: string): SourceFile[] {
  return ['src', 'commands'].flatMap((top) =>
    readdirSync(join(root, top), {recursive: true, withFileTypes: true})
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => ({path: relative(root, path), text: readFileSync(path, 'utf8')})),
  )
}
