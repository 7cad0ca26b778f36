import {execFileSync, spawnSync} from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type Mta, type MtaOptions, maildir} from './mta.ts'

/** Why Postfix cannot be started here; null when it can. Its master wants to be root and its own user. */
export function postfixMissing(): string | null {
  if (!existsSync('/usr/sbin/postfix')) return 'Postfix is not installed'
  if (process.getuid?.() !== 0) return 'starting Postfix takes root'
  return null
}

/** A Postfix of the test's own, next to whatever the machine runs: own directories, mail kept in a maildir. */
export function startPostfix(options: MtaOptions): Mta {
  const dir = mkdtempSync(join(tmpdir(), 'postern-postfix-'))
  chmodSync(dir, 0o755)
  const user = Number(execFileSync('id', ['-u', 'postfix'], {encoding: 'utf8'}))
  const group = Number(execFileSync('id', ['-g', 'postfix'], {encoding: 'utf8'}))
  for (const name of ['queue', 'data', 'mail']) mkdirSync(join(dir, name))
  for (const name of ['data', 'mail']) chownSync(join(dir, name), user, group)
  mkdirSync(join(dir, 'etc'))
  writeFileSync(join(dir, 'tls.pem'), options.identity.keyPem + options.identity.certificatePem, {mode: 0o600})
  writeFileSync(join(dir, 'root.pem'), options.rootPem)
  writeFileSync(join(dir, 'etc/main.cf'), mainCf(dir, user, group, options))
  writeFileSync(join(dir, 'etc/master.cf'), masterCf(options))
  for (const file of ['postfix-files', 'dynamicmaps.cf']) {
    if (existsSync(`/etc/postfix/${file}`)) cpSync(`/etc/postfix/${file}`, join(dir, 'etc', file))
  }
  const log = () => (existsSync(join(dir, 'log')) ? readFileSync(join(dir, 'log'), 'utf8') : '')
  const started = spawnSync('postfix', ['-c', join(dir, 'etc'), 'start'], {encoding: 'utf8', env: bareEnvironment()})
  if (started.status !== 0) throw new Error(`postfix start: ${started.stderr}${log()}`)
  return {
    messages: () => maildir(join(dir, 'mail/box')),
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

function mainCf(dir: string, user: number, group: number, {hostname, domains, relay}: MtaOptions): string {
  return `compatibility_level = 3.6
queue_directory = ${dir}/queue
data_directory = ${dir}/data
maillog_file = ${dir}/log
maillog_file_prefixes = ${tmpdir()}
myhostname = ${hostname}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
biff = no
virtual_mailbox_domains = ${domains.join(' ')}
virtual_mailbox_base = ${dir}/mail
virtual_mailbox_maps = static:box/
virtual_minimum_uid = 1
virtual_uid_maps = static:${user}
virtual_gid_maps = static:${group}
smtpd_tls_security_level = may
smtpd_tls_chain_files = ${dir}/tls.pem
smtpd_tls_received_header = yes
smtpd_tls_loglevel = 1
smtpd_tls_ask_ccert = yes
smtpd_tls_CAfile = ${dir}/root.pem
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtp_tls_security_level = secure
smtp_tls_secure_cert_match = ${relay.hostname}
smtp_tls_CAfile = ${dir}/root.pem
smtp_tls_chain_files = ${dir}/tls.pem
smtp_tls_loglevel = 1
relayhost = [127.0.0.1]:${relay.port}
transport_maps = inline:{${relay.implicitDomain}=smtps:[127.0.0.1]:${relay.implicitPort}}
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
`
}

function masterCf({port, implicitPort}: MtaOptions): string {
  return `127.0.0.1:${port} inet n - n - - smtpd
127.0.0.1:${implicitPort} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
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
smtps unix - - n - - smtp
  -o smtp_tls_wrappermode=yes
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
`
}
