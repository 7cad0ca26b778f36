import type {KeyObject, X509Certificate} from 'node:crypto'
import {Domain, printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import type {CertificateFacts} from '../pki/certificate.ts'
import {describeCertificate} from '../pki/describe.ts'
import {type IssuedKey, issueCertificate, newKey, requestCertificate} from '../pki/issue.ts'
import {updateSetting} from '../state/edit.ts'
import {withLock} from '../state/files.ts'
import {readConfiguration} from '../state/load.ts'
import {parseName} from '../state/names.ts'
import {readIdentitySource} from './identity-source.ts'
import {
  findIdentity,
  identityNames,
  readIdentity,
  type StoredIdentity,
  writeIdentity,
  writeKey,
} from './identity-store.ts'
import {readPasswordFile} from './input-file.ts'
import type {AppWorld} from './world.ts'

type Place = Pick<AppWorld, 'configDir'>
type DatedPlace = Pick<AppWorld, 'configDir' | 'now'>

/** One of the relay's own certificates. */
export interface IdentityEntry {
  name: string
  /** `requested`: the key waits for its certificate. */
  state: 'ready' | 'requested'
  /** Leaf first, as it is sent. */
  certificates: CertificateFacts[]
  /** relay.yaml names it. */
  inUse: boolean
}

export interface IdentityImport extends IdentityEntry {
  change: 'imported' | 'renewed' | 'unchanged'
  remarks: string[]
}

export interface IdentityNames {
  /** Name of the relay; default: `hostname` of relay.yaml. */
  hostname?: string | undefined
  /** Further names; `*.example.org` is allowed. */
  dns?: readonly string[] | undefined
}

export interface IdentityOptions extends IdentityNames {
  /** Default `ec-256`. */
  key?: IssuedKey | undefined
  /** Default 397. */
  days?: number | undefined
  /** Take the place of an identity of that name. */
  replace?: boolean | undefined
}

const DAY = 86_400_000

/** Makes a self-signed certificate and its key. Throws `identity-exists` (73) unless `replace` is said. */
export async function createIdentity(
  world: DatedPlace,
  name: string,
  options: IdentityOptions = {},
): Promise<IdentityEntry> {
  const {configDir} = world
  parseName('identity name', name)
  return withLock(configDir, async () => {
    if (!options.replace && (await identityNames(configDir)).includes(name)) throw exists(name)
    const names = await namesOf(configDir, options)
    const notBefore = new Date(world.now() - 3_600_000)
    const notAfter = new Date(world.now() + (options.days ?? 397) * DAY)
    const issued = await issueCertificate({...names, notBefore, notAfter, key: options.key ?? 'ec-256'})
    await writeIdentity(configDir, name, issued.keyPem, issued.certificatePem)
    return entryOf(configDir, await findIdentity(configDir, name))
  })
}

/**
 * Imports a certificate with its chain and its key, or the certificate for a key that waits here. The same again changes
 * nothing; another key takes the place of one that is there only when `replace` is said (`identity-exists`, 73).
 */
export async function importIdentity(
  {configDir, now}: DatedPlace,
  name: string,
  files: readonly string[],
  options: {passwordFile?: string | undefined; replace?: boolean | undefined} = {},
): Promise<IdentityImport> {
  parseName('identity name', name)
  const password = options.passwordFile === undefined ? undefined : await readPasswordFile(options.passwordFile)
  return withLock(configDir, async () => {
    const before = options.replace ? null : await readIdentity(configDir, name)
    const {chain, key, extras} = await readIdentitySource(files, now(), password, before?.key ?? null)
    if (before && !before.key.equals(key)) throw exists(name)
    const change = !before?.certificates.length
      ? 'imported'
      : isSame(before.certificates, chain)
        ? 'unchanged'
        : 'renewed'
    if (change !== 'unchanged') await writeIdentity(configDir, name, pkcs8(key), chain.map(String).join(''))
    const remarks = extras.map((extra) => `left out ${describeCertificate(extra).subject}, which is not of the chain`)
    return {...(await entryOf(configDir, await findIdentity(configDir, name))), change, remarks}
  })
}

/**
 * A certification request (PKCS#10, PEM). The key is made and kept, or the one of that name is used again; nothing else
 * changes. Names default to those of the present certificate, then to the relay's host name.
 */
export async function requestIdentity(
  {configDir}: Place,
  name: string,
  options: IdentityNames & {key?: IssuedKey | undefined} = {},
): Promise<{name: string; request: string; dnsNames: string[]; key: 'made' | 'kept'}> {
  parseName('identity name', name)
  return withLock(configDir, async () => {
    const before = await readIdentity(configDir, name)
    const present = before?.certificates[0] ? describeCertificate(before.certificates[0]).dnsNames : []
    const [hostname, ...dns] =
      options.hostname || options.dns?.length ? [options.hostname, ...(options.dns ?? [])] : present
    const names = await namesOf(configDir, {hostname, dns: dns.filter((one) => one !== undefined)})
    const keyPem = pkcs8(before?.key ?? (await newKey(options.key ?? 'ec-256')))
    const request = await requestCertificate(names, keyPem)
    if (!before) await writeKey(configDir, name, keyPem)
    return {name, request, dnsNames: names.dnsNames, key: before ? 'kept' : 'made'}
  })
}

/** By name. Throws (77, 78) when one of them cannot be used. */
export async function listIdentities({configDir}: Place): Promise<IdentityEntry[]> {
  const names = await identityNames(configDir)
  return Promise.all(names.map(async (name) => entryOf(configDir, await findIdentity(configDir, name))))
}

/** Throws `identity-unknown` (66), `key-readable` (77), `identity-invalid` (78). */
export async function showIdentity({configDir}: Place, name: string): Promise<IdentityEntry> {
  return entryOf(configDir, await findIdentity(configDir, name))
}

/** Makes it the one that the relay shows: `tls.identity` of relay.yaml. Throws (66) also while its certificate is awaited. */
export async function useIdentity(
  {configDir}: Place,
  name: string,
): Promise<IdentityEntry & {change: 'updated' | 'unchanged'}> {
  const identity = await findIdentity(configDir, name)
  if (identity.certificates.length === 0) throw awaited(name)
  const inUse = (await readConfiguration(configDir)).configuration.settings.tls.identity === name
  if (!inUse) await updateSetting(configDir, ['tls', 'identity'], name)
  return {...(await entryOf(configDir, identity)), change: inUse ? 'unchanged' : 'updated'}
}

async function entryOf(configDir: string, {name, certificates}: StoredIdentity): Promise<IdentityEntry> {
  const {tls} = (await readConfiguration(configDir)).configuration.settings
  return {
    name,
    state: certificates.length > 0 ? 'ready' : 'requested',
    certificates: certificates.map((certificate) => describeCertificate(certificate)),
    inUse: [tls.identity, ...tls.identities, tls.clientIdentity].includes(name),
  }
}

/** The names of a new certificate, checked. Throws `domain-invalid` (64). */
async function namesOf(
  configDir: string,
  {hostname, dns}: IdentityNames,
): Promise<{subject: string; dnsNames: string[]}> {
  const own = hostname ?? (await readConfiguration(configDir)).configuration.settings.hostname
  const dnsNames = [...new Set([own, ...(dns ?? [])].map(certificateName))]
  // RFC 5280 appendix A.1: a common name has at most 64 characters. It is only for show.
  return {subject: dnsNames[0]!.length <= 64 ? dnsNames[0]! : 'Postern relay', dnsNames}
}

function certificateName(text: string): string {
  return text.startsWith('*.') ? `*.${Domain.parse(text.slice(2)).ascii}` : Domain.parse(text).ascii
}

function pkcs8(key: KeyObject): string {
  return key.export({format: 'pem', type: 'pkcs8'}).toString()
}

function isSame(one: X509Certificate[], other: X509Certificate[]): boolean {
  return one.map(String).join('') === other.map(String).join('')
}

function exists(name: string): PosternError {
  return new PosternError('identity-exists', `there is an identity ${name} already, with another key`, {
    exit: Exit.cannotCreate,
    hints: ['choose another name', 'or take its place: --replace'],
  })
}

function awaited(name: string): PosternError {
  return new PosternError('identity-requested', `the certificate of ${printable(name)} has not come yet`, {
    exit: Exit.missing,
    hints: [`when it has: postern identity import FILE --name ${printable(name)}`],
  })
}
