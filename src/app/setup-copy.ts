import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {readConfigFiles} from '../state/scan.ts'
import type {AppWorld} from './world.ts'

/**
 * Runs `action` in a world whose config directory is a copy, and is gone afterwards. What is copied is the text of the
 * files that make the policy: a link in the copy would lead a write to what it points at, and private keys stay where
 * they are.
 */
export async function inCopy<T>(world: AppWorld, action: (copy: AppWorld) => Promise<T>): Promise<T> {
  const {all} = await readConfigFiles(world.configDir)
  const dir = await mkdtemp(join(tmpdir(), 'postern-setup-'))
  try {
    const configDir = join(dir, 'config')
    for (const {relative, text} of all) {
      const path = join(configDir, relative)
      await mkdir(dirname(path), {recursive: true})
      await writeFile(path, text)
    }
    return await action({...world, configDir})
  } finally {
    await rm(dir, {recursive: true, force: true})
  }
}
