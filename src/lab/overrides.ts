import {readFileSync, writeFileSync} from 'node:fs'
import {rename, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

/** Domain → name of the partner whose host answers for it. */
export type Overrides = Readonly<Record<string, string>>

const SEEN_FILE = 'overrides.seen'
export const OVERRIDES_FILE = 'overrides.json'

/** Read anew at each question, so that a command in another process can hijack a domain. No file: nothing is hijacked. */
export function readOverrides(dir: string): Overrides {
  return parsed(join(dir, OVERRIDES_FILE))
}

/** Replaces the file as a whole: the lab may be reading it. */
export async function writeOverrides(dir: string, overrides: Overrides): Promise<void> {
  const temporary = join(dir, `.${OVERRIDES_FILE}.${process.pid}`)
  await writeFile(temporary, `${JSON.stringify(overrides, null, 2)}\n`)
  await rename(temporary, join(dir, OVERRIDES_FILE))
}

/** What the lab has acted on; it says so once connections to the old host are broken. */
export function seenOverrides(dir: string): Overrides {
  return parsed(join(dir, SEEN_FILE))
}

/** Says what the lab has acted on, for `seenOverrides`. */
export function markSeen(dir: string, overrides: Overrides): void {
  writeFileSync(join(dir, SEEN_FILE), JSON.stringify(overrides))
}

function parsed(path: string): Overrides {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Overrides
  } catch {
    return {}
  }
}
