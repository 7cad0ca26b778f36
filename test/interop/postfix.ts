import {execFileSync, spawnSync} from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/** A Postfix of the test's own, next to whatever the machine runs: own directories, one listener, mail kept in a maildir. */
export interface Postfix {
  address: string
  port: number
  /** Whole messages that were delivered, oldest first. */
  messages(): string[]
  log(): string
  stop(): void
}

export interface PostfixOptions {
  address: string
  port: number
  domain: string
  hostname: string
  certificatePem: string
  keyPem: string
  /** Further lines of main.cf. */
  settings?: string[]
}

/** Why Postfix cannot be started here; null when it can. Its master wants to be root and its own user. */
export function postfixMissing(): string | null {
  if (!existsSync('/usr/sbin/postfix')) return 'Postfix is not installed'
  if (process.getuid?.() !== 0) return 'starting Postfix takes root'
  return null
}

export function startPostfix(options: PostfixOptions): Postfix {
  const dir = mkdtempSync(join(tmpdir(), 'postern-postfix-'))
  chmodSync(dir, 0o755)
  const user = Number(execFileSync('id', ['-u', 'postfix'], {encoding: 'utf8'}))
  const group = Number(execFileSync('id', ['-g', 'postfix'], {encoding: 'utf8'}))
  for (const name of ['queue', 'data', 'mail']) mkdirSync(join(dir, name))
  for (const name of ['data', 'mail']) chownSync(join(dir, name), user, group)
  mkdirSync(join(dir, 'etc'))
  writeFileSync(join(dir, 'tls.pem'), options.keyPem + options.certificatePem, {mode: 0o600})
  writeFileSync(join(dir, 'etc/main.cf'), mainCf(dir, user, group, options))
  writeFileSync(join(dir, 'etc/master.cf'), masterCf(options))
  for (const file of ['postfix-files', 'dynamicmaps.cf']) {
    if (existsSync(`/etc/postfix/${file}`)) cpSync(`/etc/postfix/${file}`, join(dir, 'etc', file))
  }
  const log = () => (existsSync(join(dir, 'log')) ? readFileSync(join(dir, 'log'), 'utf8') : '')
  const started = spawnSync('postfix', ['-c', join(dir, 'etc'), 'start'], {encoding: 'utf8', env: bareEnvironment()})
  if (started.status !== 0) throw new Error(`postfix start: ${started.stderr}${log()}`)
  return {
    address: options.address,
    port: options.port,
    messages: () => maildir(join(dir, 'mail/box/new')),
    log,
    stop() {
      spawnSync('postfix', ['-c', join(dir, 'etc'), 'abort'], {env: bareEnvironment()})
      rmSync(dir, {recursive: true, force: true})
    },
  }
}

// The guard in NODE_OPTIONS is no business of Postfix, and a stray MAIL_CONFIG would be.
function bareEnvironment(): NodeJS.ProcessEnv {
  return {PATH: '/usr/sbin:/usr/bin:/sbin:/bin'}
}

function maildir(dir: string): string[] {
  if (!existsSync(dir)) return []
  return readdirSync(dir)
    .sort()
    .map((name) => readFileSync(join(dir, name), 'utf8'))
}

function mainCf(dir: string, user: number, group: number, options: PostfixOptions): string {
  return `compatibility_level = 3.6
queue_directory = ${dir}/queue
data_directory = ${dir}/data
maillog_file = ${dir}/log
maillog_file_prefixes = ${tmpdir()}
myhostname = ${options.hostname}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
smtputf8_enable = no
biff = no
virtual_mailbox_domains = ${options.domain}
virtual_mailbox_base = ${dir}/mail
virtual_mailbox_maps = static:box/
virtual_minimum_uid = 1
virtual_uid_maps = static:${user}
virtual_gid_maps = static:${group}
smtpd_tls_security_level = may
smtpd_tls_chain_files = ${dir}/tls.pem
smtpd_tls_received_header = yes
smtpd_tls_loglevel = 1
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
default_transport = error:this Postfix sends nothing
${(options.settings ?? []).join('\n')}
`
}

function masterCf({address, port}: PostfixOptions): string {
  return `${address}:${port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
smtp unix - - n - - smtp
relay unix - - n - - smtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
`
}
