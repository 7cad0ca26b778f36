import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {loadConfiguration} from '../state/load.ts'
import {writeOutputFile} from '../state/output-file.ts'
import {readConfigFiles, USERS_FILE} from '../state/scan.ts'
import {bundleText, type ConfigBundle, refuseLarge} from './config-bundle.ts'
import type {AppWorld} from './world.ts'

export interface ConfigExport extends ConfigBundle {
  /** The document, as it was written or is to be printed. */
  text: string
}

/** Every file of a sound configuration, without secrets. Throws as `loadConfiguration` does: half a policy is none. */
export async function exportConfig({configDir}: Pick<AppWorld, 'configDir'>, output?: string): Promise<ConfigExport> {
  const {revision} = await loadConfiguration(configDir)
  const {all} = await readConfigFiles(configDir)
  const files = Object.fromEntries(all.map(({relative, text}) => [relative, text] as const).sort(byPath))
  const bundle = {revision, files, leftOut: await secrets(configDir)}
  const text = refuseLarge(bundleText(bundle))
  // Profiles tell which partner is guarded least.
  if (output !== undefined) await writeOutputFile(output, text, {mode: 0o600})
  return {...bundle, text}
}

/** The identities belong to the machine: a certificate is of no use without its key. */
async function secrets(configDir: string): Promise<string[]> {
  const identities = await names(join(configDir, 'identity'))
  const users = (await names(configDir)).filter((name) => name === USERS_FILE)
  return [...users, ...identities.filter((name) => !name.startsWith('.')).map((name) => `identity/${name}`)].sort()
}

async function names(dir: string): Promise<string[]> {
  return readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}

function byPath([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1
}
