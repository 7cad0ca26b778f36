import {readFileSync} from 'node:fs'
import {rename, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

/** Domain → name of the partner whose host answers for it. */
export type Overrides = Readonly<Record<string, string>>

export const OVERRIDES_FILE = 'overrides.json'

/** Read anew at each question, so that a command in another process can hijack a domain. No file: nothing is hijacked. */
export function readOverrides(dir: string): Overrides {
  try {
    return JSON.parse(readFileSync(join(dir, OVERRIDES_FILE), 'utf8')) as Overrides
  } catch {
    return {}
  }
}

export async function writeOverrides(dir: string, overrides: Overrides): Promise<void> {
  const temporary = join(dir, `.${OVERRIDES_FILE}.${process.pid}`)
  await writeFile(temporary, `${JSON.stringify(overrides, null, 2)}\n`)
  await rename(temporary, join(dir, OVERRIDES_FILE))
}
