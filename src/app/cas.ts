import {X509Certificate} from 'node:crypto'
import {join} from 'node:path'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {type AuthorityFacts, describeAuthority, type MissingAuthority, missingAuthorities} from '../pki/authorities.ts'
import {bodyOf, fingerprint, isSelfSigned} from '../pki/describe.ts'
import type {Configuration, StoredCa} from '../state/configuration.ts'
import {removeFile, withLock, writeFileAtomic} from '../state/files.ts'
import {readConfiguration} from '../state/load.ts'
import {parseName} from '../state/names.ts'
import {nearest} from '../state/suggest.ts'
import {readCaSource} from './ca-source.ts'
import {readPasswordFile} from './input-file.ts'
import type {AppWorld} from './world.ts'

type Place = Pick<AppWorld, 'configDir'>

/** A CA as it is kept: a named set of roots and intermediates. */
export interface CaEntry {
  name: string
  certificates: AuthorityFacts[]
  /** Every certificate leads to a root of the same set. */
  complete: boolean
  missing: MissingAuthority[]
  /** Profiles that name it. */
  profiles: string[]
}

export interface CaImport extends CaEntry {
  /** `extended`: certificates were added to a CA that was named on purpose. */
  change: 'imported' | 'extended' | 'unchanged'
  /** What was left out, one sentence each. */
  remarks: string[]
}

export interface CaImportOptions {
  /** Default: made from the common name of the root, or of the topmost certificate. */
  name?: string | undefined
  /** Of PKCS#12. */
  passwordFile?: string | undefined
}

/**
 * Imports the CA certificates of all the files as one named set, or nothing at all. The same ones again change nothing.
 * Throws what `readCaSource` throws, and `ca-exists` (73) when the name that was made up belongs to another CA.
 */
export async function importCa(
  {configDir, now}: Pick<AppWorld, 'configDir' | 'now'>,
  files: readonly string[],
  options: CaImportOptions = {},
): Promise<CaImport> {
  const named = options.name === undefined ? null : parseName('CA name', options.name)
  const password = options.passwordFile === undefined ? undefined : await readPasswordFile(options.passwordFile)
  const sources = await Promise.all(files.map((file) => readCaSource(file, now(), password)))
  const certificates = unique(sources.flatMap((source) => source.certificates))
  const remarks = sources.flatMap((source) => source.remarks)
  return withLock(configDir, async () => {
    const {configuration} = await readConfiguration(configDir)
    const name = named ?? homeOf(certificates, configuration) ?? madeUpName(certificates, configuration)
    const before = parsed(configuration.cas.get(name))
    const after = unique([...before, ...certificates])
    const change = before.length === 0 ? 'imported' : after.length > before.length ? 'extended' : 'unchanged'
    if (change !== 'unchanged') await writeFileAtomic(pathOf(configDir, name), after.map(String).join(''))
    return {...entryOf(configuration, name, after), change, remarks}
  })
}

/** By name. */
export async function listCas({configDir}: Place): Promise<CaEntry[]> {
  const {configuration} = await readConfiguration(configDir)
  return [...configuration.cas].map(([name, ca]) => entryOf(configuration, name, parsed(ca)))
}

/** Throws `ca-unknown` (66). */
export async function showCa({configDir}: Place, name: string): Promise<CaEntry> {
  const {configuration} = await readConfiguration(configDir)
  return entryOf(configuration, name, parsed(findCa(configuration, name)))
}

/** The set as PEM, as it was imported. Throws `ca-unknown` (66). */
export async function exportCa({configDir}: Place, name: string): Promise<{name: string; pem: string}> {
  const {configuration} = await readConfiguration(configDir)
  const pem = parsed(findCa(configuration, name)).map(String).join('')
  return {name, pem}
}

/** Throws `ca-unknown` (66), and `ca-in-use` (64) while a profile names it. */
export async function deleteCa({configDir}: Place, name: string): Promise<CaEntry> {
  return withLock(configDir, async () => {
    const {configuration} = await readConfiguration(configDir)
    const entry = entryOf(configuration, name, parsed(findCa(configuration, name)))
    if (entry.profiles.length > 0) throw inUse(name, entry.profiles)
    await removeFile(pathOf(configDir, name))
    return entry
  })
}

function entryOf({cas, profiles}: Configuration, name: string, certificates: X509Certificate[]): CaEntry {
  const others = [...cas].filter(([other]) => other !== name)
  const missing = missingAuthorities(certificates, new Map(others.map(([other, ca]) => [other, parsed(ca)])))
  return {
    name,
    certificates: certificates.map(describeAuthority),
    complete: missing.length === 0 && certificates.some(isSelfSigned),
    missing,
    profiles: [...profiles.values()].filter((profile) => profile.ca.includes(name)).map((profile) => profile.name),
  }
}

/** The CA that has all of these already. */
function homeOf(certificates: X509Certificate[], {cas}: Configuration): string | null {
  for (const [name, ca] of cas) {
    const prints = new Set(ca.certificates.map(({facts}) => facts.sha256))
    if (certificates.every((certificate) => prints.has(fingerprint(certificate)))) return name
  }
  return null
}

function madeUpName(certificates: X509Certificate[], {cas}: Configuration): string {
  const isTop = (one: X509Certificate) => !certificates.some((other) => one !== other && one.checkIssued(other))
  const top = certificates.find(isSelfSigned) ?? certificates.find(isTop) ?? certificates[0]!
  const name = slug(bodyOf(top).subject.flat())
  if (!cas.has(name)) return name
  throw new PosternError('ca-exists', `there is another CA ${name} already`, {
    exit: Exit.cannotCreate,
    hints: ['choose a name: --name NAME', `or add these certificates to it: --name ${name}`],
  })
}

function slug(subject: {type: string; value: string}[]): string {
  const value = (type: string) => subject.findLast((attribute) => attribute.type === type)?.value
  const text = (value('CN') ?? value('O') ?? '').normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return (
    text
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-/, '')
      .slice(0, 48)
      .replace(/-$/, '') || 'ca'
  )
}

function unique(certificates: X509Certificate[]): X509Certificate[] {
  return [...new Map(certificates.map((certificate) => [fingerprint(certificate), certificate])).values()]
}

function parsed(ca: StoredCa | undefined): X509Certificate[] {
  return (ca?.certificates ?? []).map(({pem}) => new X509Certificate(pem))
}

function pathOf(configDir: string, name: string): string {
  return join(configDir, 'ca', `${name}.pem`)
}

function findCa({cas}: Configuration, name: string): StoredCa {
  const ca = cas.get(name)
  if (ca) return ca
  const meant = nearest(name, cas.keys())
  throw new PosternError('ca-unknown', `there is no CA ${printable(name)}`, {
    exit: Exit.missing,
    hints: [meant ? `did you mean ${meant}?` : 'postern ca list shows them'],
  })
}

function inUse(name: string, profiles: string[]): PosternError {
  const which = profiles.length === 1 ? `profile ${profiles[0]} names` : `profiles ${profiles.join(', ')} name`
  return new PosternError('ca-in-use', `${which} the CA ${name}`, {
    exit: Exit.usage,
    hints: [`first: postern profile set ${profiles[0]} --ca OTHER, or delete the profile`],
  })
}
