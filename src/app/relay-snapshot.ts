import {createHash} from 'node:crypto'
import {MailAddress} from '../mail/address.ts'
import {parseNetwork} from '../policy/cidr.ts'
import type {RelayIdentity, RelaySnapshot} from '../relay/snapshot.ts'
import {loadConfiguration} from '../state/load.ts'
import {readUsers, type StoredUsers} from '../state/user-file.ts'
import {effectivePolicy} from './effective-policy.ts'
import {pathWorld} from './path-world.ts'
import {clientIdentity, furtherIdentities, relayIdentity} from './relay-identity.ts'
import {relayPolicy} from './relay-policy.ts'
import type {AppWorld} from './world.ts'

/** The config directory as a relay runs by it: read whole, or throws as `loadConfiguration` and `relayIdentity` do. */
export async function relaySnapshot(world: AppWorld): Promise<RelaySnapshot> {
  const config = await loadConfiguration(world.configDir)
  const {settings} = config
  const needsIdentity = settings.tls.enabled && settings.listeners.some(({tls}) => tls !== 'off')
  const identity = needsIdentity ? await relayIdentity(world.configDir, settings.tls.identity) : null
  const moreIdentities = needsIdentity ? await furtherIdentities(world.configDir, settings.tls) : []
  const shownToHops = await clientIdentity(world.configDir, settings.tls)
  const users = await readUsers(world.configDir)
  return {
    revision: config.revision,
    hostname: settings.hostname,
    listeners: settings.listeners,
    tlsEnabled: settings.tls.enabled,
    identity,
    moreIdentities,
    clientIdentity: shownToHops,
    users,
    secrets: hashOf([identity, ...moreIdentities, shownToHops], users),
    clients: settings.clients.map(parseNetwork),
    domains: new Set(settings.domains),
    postmaster: settings.postmaster ?? ownPostmaster(settings),
    routes: settings.routes,
    queue: settings.queue,
    limits: settings.limits,
    metrics: settings.metrics ?? null,
    account: {user: settings.user, group: settings.group},
    path: pathWorld(world, settings, {clientIdentity: shownToHops}),
    policy: relayPolicy(config, effectivePolicy(config)),
  }
}

// RFC 5321 §4.5.1: there is always one. Whoever looks after the protected domains looks after the host in front of them.
function ownPostmaster({domains, hostname}: {domains: readonly string[]; hostname: string}): MailAddress {
  return MailAddress.parse(`postmaster@${domains[0] ?? hostname}`)
}

function hashOf(identities: readonly (RelayIdentity | null)[], {text}: StoredUsers): string {
  const parts = identities.flatMap((identity) => (identity ? [identity.certificatePem, identity.keyPem] : []))
  return createHash('sha256')
    .update(JSON.stringify([parts, text]))
    .digest('hex')
}
