import {endpoint} from '../mail/address.ts'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {loadConfiguration} from '../state/load.ts'
import type {AppWorld} from './world.ts'

export interface UnitOptions {
  /** The account it runs as. */
  user: string
  /** systemd opens the ports, and the service needs no privilege at all. */
  socket: boolean
  /** How this program is started: the executable and its first arguments. */
  program: readonly string[]
}

export interface Units {
  /** For postern.service. */
  service: string
  /** For postern.socket; null: the service opens its ports. */
  socket: string | null
}

/** systemd units for a relay on the world's two directories, with the listeners that relay.yaml has now. Throws (64). */
export async function relayUnits(world: AppWorld, options: UnitOptions): Promise<Units> {
  mustBeAnAccount(options.user)
  const {settings} = await loadConfiguration(world.configDir)
  const doors = settings.tls.enabled ? settings.listeners : settings.listeners.filter(({tls}) => tls !== 'implicit')
  const privileged = !options.socket && settings.listeners.some(({port}) => port < 1024)
  return {
    service: serviceUnit(world, options, privileged),
    socket: options.socket ? socketUnit(doors.map(endpoint)) : null,
  }
}

/**
 * No `MemoryDenyWriteExecute`: V8 compiles while it runs. `Type=exec`, and no notification: docs/adr/0005. The directories are bound by their paths, not by StateDirectory, which knows /var/lib alone.
 */
function serviceUnit(world: AppWorld, {user, socket, program}: UnitOptions, privileged: boolean): string {
  const dirs = ['--config-dir', world.configDir, '--data-dir', world.dataDir]
  const capability = privileged ? 'CAP_NET_BIND_SERVICE' : ''
  return `[Unit]
Description=Postern mail relay
Documentation=man:systemd.exec(5)
After=network-online.target nss-lookup.target${socket ? ' postern.socket' : ''}
Wants=network-online.target
${socket ? 'Requires=postern.socket\n' : ''}
[Service]
Type=exec
User=${user}
ExecStart=${[...program, 'relay', 'start', ...dirs].map(quoted).join(' ')}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5s
# What an administrator has to put right first: usage, a missing file, a right, an invalid configuration.
RestartPreventExitStatus=64 65 66 73 77 78
# A stop lets sessions and deliveries end for 15 s and gives a disk that hangs 5 s more.
TimeoutStopSec=30s
KillMode=mixed
LimitNOFILE=65536
UMask=0077

# What it may: its data, its configuration to read, the network.
ProtectSystem=strict
ReadWritePaths=${quoted(world.dataDir)}
ReadOnlyPaths=${quoted(world.configDir)}
CapabilityBoundingSet=${capability}
AmbientCapabilities=${capability}
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
# What it may not. There is no MemoryDenyWriteExecute: the JavaScript engine compiles while it runs.
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectHome=${isAtHome(world) ? 'no' : 'yes'}
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
LockPersonality=yes
RemoveIPC=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`
}

function socketUnit(endpoints: readonly string[]): string {
  return `[Unit]
Description=Ports of the Postern mail relay

[Socket]
# As listeners in relay.yaml have them: print this anew when they change.
${endpoints.map((where) => `ListenStream=${where}\n`).join('')}Service=postern.service
NoDelay=yes
Backlog=511

[Install]
WantedBy=sockets.target
`
}

/** systemd.syntax(7): `%` begins a specifier and `$` a variable. */
function quoted(word: string): string {
  const safe = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : `"${safe.replace(/[\\"]/g, '\\$&')}"`
}

function mustBeAnAccount(user: string): void {
  if (/^[a-z_][a-z0-9_-]{0,31}$/i.test(user)) return
  throw new PosternError('flag-invalid', `--user ${printable(user)} is not the name of a system account`, {
    exit: Exit.usage,
    hints: ['make one: useradd --system postern'],
  })
}

function isAtHome({configDir, dataDir}: Pick<AppWorld, 'configDir' | 'dataDir'>): boolean {
  return [configDir, dataDir].some((dir) => /^\/(home|root|run\/user)\//.test(dir))
}
