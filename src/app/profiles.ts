import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import type {Finding} from '../policy/evidence.ts'
import {lintProfile} from '../policy/lint.ts'
import type {Profile} from '../policy/profile.ts'
import type {Configuration} from '../state/configuration.ts'
import {type ProfileChange, removeProfile, writeProfile} from '../state/edit.ts'
import {withLock} from '../state/files.ts'
import {loadConfiguration, readConfiguration} from '../state/load.ts'
import {parseName} from '../state/names.ts'
import {completeProfile, type ProfileFields} from '../state/profile-file.ts'
import {isBuiltin} from '../state/scan.ts'
import {nearest} from '../state/suggest.ts'
import {findProfile} from './effective-policy.ts'
import type {AppWorld} from './world.ts'

type Place = Pick<AppWorld, 'configDir'>

/** What a command did to a profile. */
export interface ProfileResult {
  profile: Profile
  change: 'created' | 'updated' | 'unchanged'
  /** What is weaker in it than it looks. */
  findings: Finding[]
}

/** A profile and where it is used. */
export interface ProfileEntry {
  profile: Profile
  builtin: boolean
  /** Ids of the rules that name it. */
  rules: string[]
  findings: Finding[]
}

/**
 * Makes a profile. The same one again changes nothing; another one of that name throws `profile-exists` (73). A CA that
 * is not there throws `ca-unknown` (66), a minimum below what the RFCs allow throws (64).
 */
export async function createProfile({configDir}: Place, name: string, fields: ProfileFields): Promise<ProfileResult> {
  refuseBuiltin(parseName('profile name', name))
  return withLock(configDir, async () => {
    const {configuration} = await readConfiguration(configDir)
    const wanted = completeProfile(name, fields)
    checkProfile(wanted, configuration)
    const existing = configuration.profiles.get(name)
    if (existing && !isSame(existing, wanted)) throw profileExists(name)
    if (!existing) await writeProfile(configDir, name, fields)
    return {profile: wanted, change: existing ? 'unchanged' : 'created', findings: lintProfile(wanted)}
  })
}

/** Changes the given fields of a profile and leaves the others, and comments in its file, as they are. */
export async function setProfile({configDir}: Place, name: string, change: ProfileChange): Promise<ProfileResult> {
  refuseBuiltin(name)
  return withLock(configDir, async () => {
    const {configuration, sources} = await readConfiguration(configDir)
    const before = findProfile(configuration, name)
    const said = sources.profiles.get(name)?.value as object
    // What was said in the file, not the completed profile: a default follows the level and the CAs that are now given.
    const wanted = completeProfile(name, withoutNull({...pick(before, said), ...defined(change)}))
    checkProfile(wanted, configuration)
    if (isSame(before, wanted)) return {profile: before, change: 'unchanged', findings: lintProfile(before)}
    const profile = await writeProfile(configDir, name, change)
    return {profile, change: 'updated', findings: lintProfile(profile)}
  })
}

/** Throws `profile-in-use` (64) while a rule names it. */
export async function deleteProfile({configDir}: Place, name: string): Promise<Profile> {
  refuseBuiltin(name)
  return withLock(configDir, async () => {
    const {configuration} = await readConfiguration(configDir)
    const profile = findProfile(configuration, name)
    const rules = rulesOf(configuration, name)
    if (rules.length > 0) throw profileInUse(name, rules)
    await removeProfile(configDir, name)
    return profile
  })
}

/** Built-in profiles first, then by name. */
export async function listProfiles({configDir}: Place): Promise<ProfileEntry[]> {
  const config = await loadConfiguration(configDir)
  return [...config.profiles.values()].map((profile) => entryOf(config, profile))
}

/** Throws `profile-unknown` (66). */
export async function showProfile({configDir}: Place, name: string): Promise<ProfileEntry> {
  const config = await loadConfiguration(configDir)
  return entryOf(config, findProfile(config, name))
}

function entryOf(config: Configuration, profile: Profile): ProfileEntry {
  const {name} = profile
  return {profile, builtin: isBuiltin(name), rules: rulesOf(config, name), findings: lintProfile(profile)}
}

function rulesOf({rules}: Configuration, profile: string): string[] {
  return rules.filter((rule) => rule.profile === profile).map(({id}) => id)
}

/** What a profile may not be, however it was asked for. */
function checkProfile(profile: Profile, {cas}: Configuration): void {
  const refused = lintProfile(profile).find(({code}) => code.startsWith('min-'))
  if (refused) throw new PosternError(refused.code, refused.message, {exit: Exit.usage, hints: [refused.hint]})
  const missing = profile.ca.find((name) => !cas.has(name))
  if (missing === undefined) return
  const meant = nearest(missing, cas.keys())
  throw new PosternError('ca-unknown', `there is no CA ${printable(missing)}`, {
    exit: Exit.missing,
    hints: [meant ? `did you mean ${meant}?` : `import it first: postern ca import FILE --name ${printable(missing)}`],
  })
}

function refuseBuiltin(name: string): void {
  if (!isBuiltin(name)) return
  throw new PosternError('profile-builtin', `${name} is a built-in profile, and stays as it is`, {
    exit: Exit.usage,
    hints: [`make one of your own: postern profile create NAME --level ${name.toLowerCase()}`],
  })
}

function profileExists(name: string): PosternError {
  return new PosternError('profile-exists', `there is another profile ${name} already`, {
    exit: Exit.cannotCreate,
    hints: [`change it: postern profile set ${name} …`],
  })
}

function profileInUse(name: string, rules: string[]): PosternError {
  const which = rules.length === 1 ? `rule ${rules[0]} uses` : `rules ${rules.join(', ')} use`
  return new PosternError('profile-in-use', `${which} profile ${name}`, {
    exit: Exit.usage,
    hints: [`first: postern policy delete ${rules[0]}`],
  })
}

function isSame(one: Profile, other: Profile): boolean {
  const plain = (profile: Profile) => JSON.stringify(Object.entries(profile).sort(([a], [b]) => (a < b ? -1 : 1)))
  return plain(one) === plain(other)
}

function pick(profile: Profile, said: object): ProfileFields {
  const keys = Object.keys(said) as (keyof ProfileFields)[]
  return {level: profile.level, ...Object.fromEntries(keys.map((key) => [key, profile[key]]))}
}

function defined(change: ProfileChange): ProfileChange {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
}

function withoutNull(change: ProfileChange): ProfileFields {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== null)) as ProfileFields
}
