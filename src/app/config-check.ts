import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import type {Finding} from '../policy/evidence.ts'
import {finding} from '../policy/findings.ts'
import {lintProfile, lintRules} from '../policy/lint.ts'
import type {Configuration} from '../state/configuration.ts'
import {readPrivateKey} from '../state/files.ts'
import {loadConfiguration} from '../state/load.ts'
import {isBuiltin} from '../state/scan.ts'
import {readUsers} from '../state/user-file.ts'
import {clientIdentity, furtherIdentities, relayIdentity} from './relay-identity.ts'
import type {AppWorld} from './world.ts'

export interface ConfigReport {
  configDir: string
  revision: string
  /** How many of each were read; built-in profiles are not counted. */
  counts: {profiles: number; rules: number; cas: number; identities: number; users: number}
  findings: Finding[]
}

/**
 * Reads everything, with every lint. Throws at the first thing that is invalid (78), and for a private key that others
 * can read (77), or users.yaml: neither can be used at all, which is more than a finding.
 */
export async function checkConfig({configDir}: Pick<AppWorld, 'configDir'>): Promise<ConfigReport> {
  const config = await loadConfiguration(configDir)
  const identities = await checkIdentities(configDir)
  if (config.settings.tls.enabled) await furtherIdentities(configDir, config.settings.tls)
  await clientIdentity(configDir, config.settings.tls)
  const users = (await readUsers(configDir)).credentials.size
  const {revision, profiles, rules, cas} = config
  const own = [...profiles.keys()].filter((name) => !isBuiltin(name))
  const counts = {profiles: own.length, rules: rules.length, cas: cas.size, identities, users}
  return {configDir, revision, counts, findings: [...lintAll(config), ...lintUsers(config, users)]}
}

function lintUsers({settings: {tls, listeners}}: Configuration, users: number): Finding[] {
  if (users === 0 || (tls.enabled && listeners.some((listener) => listener.tls !== 'off'))) return []
  const who = users === 1 ? '1 user' : `${users} users`
  const message = `${who} may authenticate inside TLS alone, and no listener offers it`
  const hint = tls.enabled ? 'give a listener in relay.yaml tls: starttls or implicit' : 'postern relay tls on'
  return [finding('users-without-tls', message, hint)]
}

/** A built-in profile is linted where a rule uses it. */
export function lintAll({rules, profiles}: Configuration): Finding[] {
  const used = new Set(rules.map(({profile}) => profile))
  const subject = [...profiles.values()].filter(({name}) => !isBuiltin(name) || used.has(name))
  return [...lintRules(rules, profiles), ...subject.flatMap(lintProfile)]
}

/** A key may stand alone while its certificate is being requested. */
async function checkIdentities(configDir: string): Promise<number> {
  const dir = join(configDir, 'identity')
  const files = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for (const file of files.filter((name) => name.endsWith('.key'))) await readPrivateKey(join(dir, file))
  const certificates = files.filter((name) => name.endsWith('.pem'))
  for (const file of certificates) await relayIdentity(configDir, file.slice(0, -'.pem'.length))
  return certificates.length
}
