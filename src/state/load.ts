import {createHash} from 'node:crypto'
import {BUILTIN_PROFILES} from '../policy/builtin.ts'
import type {Profile} from '../policy/profile.ts'
import {readCa} from './ca-file.ts'
import type {Configuration, StoredCa} from './configuration.ts'
import {type PolicyFile, readRules} from './policy-file.ts'
import {readProfile} from './profile-file.ts'
import {checkReferences} from './references.ts'
import {readSettings} from './relay-file.ts'
import {type ConfigFile, readConfigFiles} from './scan.ts'
import type {YamlFile} from './yaml-file.ts'

/**
 * Reads the whole config directory. A directory that is not there means the built-in defaults; a file that is there and
 * cannot be read, parsed or understood throws (78, or 77 without permission), and never means "no policy".
 */
export async function loadConfiguration(dir: string): Promise<Configuration> {
  const {configuration, sources} = await readConfiguration(dir)
  checkReferences(configuration, sources)
  return configuration
}

/** The YAML files behind a configuration, for errors and lint that name a line. */
export interface Sources {
  profiles: ReadonlyMap<string, YamlFile>
  policy: PolicyFile | null
}

/**
 * As `loadConfiguration`, but a rule may name a missing profile and a profile a missing CA: for the commands that repair
 * exactly that. Nothing may be delivered under its answer.
 */
export async function readConfiguration(dir: string): Promise<{configuration: Configuration; sources: Sources}> {
  const files = await readConfigFiles(dir)
  const policy = files.policy ? readRules(files.policy) : null
  const profiles = new Map<string, Profile>(Object.entries(BUILTIN_PROFILES))
  const profileFiles = new Map<string, YamlFile>()
  for (const {name, ...source} of files.profiles) {
    const {profile, file} = readProfile(name, source)
    profiles.set(name, profile)
    profileFiles.set(name, file)
  }
  const cas = new Map<string, StoredCa>()
  for (const {name, ...source} of files.cas) cas.set(name, await readCa(name, source))
  const {settings} = readSettings(files.relay ?? {path: 'relay.yaml', text: ''})
  const configuration = {dir, revision: revisionOf(files.all), settings, profiles, rules: policy?.rules ?? [], cas}
  return {configuration, sources: {profiles: profileFiles, policy}}
}

/** Twelve hex digits over every file's name and content; the order of reading does not matter. */
function revisionOf(files: readonly ConfigFile[]): string {
  const hash = createHash('sha256')
  for (const {relative, text} of [...files].sort((a, b) => (a.relative < b.relative ? -1 : 1))) {
    hash.update(`${relative}\0${Buffer.byteLength(text)}\0${text}`)
  }
  return hash.digest('hex').slice(0, 12)
}
