import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {connect} from 'node:net'
import {homedir, tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {type Mta, type MtaOptions, maildir} from './mta.ts'

// Mail servers that unpack-peers.sh fetched, each run in a mount namespace of its own.
const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
const peers = process.env.POSTERN_TEST_PEERS ?? join(cache, 'postern-test-peers')

/** Why it cannot be started here; null when it can. */
export function unpackedMissing(program: 'exim4' | 'smtpd'): string | null {
  if (!existsSync(join(peers, 'usr/sbin', program))) return 'it is not unpacked here: test/interop/unpack-peers.sh'
  if (process.getuid?.() !== 0) return 'a mail server takes root'
  if (spawnSync('unshare', ['--mount', 'true']).status !== 0) return 'no mount namespace can be made here'
  return null
}

export const startExim = (options: MtaOptions): Promise<Mta> =>
  start('exim4', options, eximConf, () => ['-bdf', '-q2s'])

export const startOpenSmtpd = (options: MtaOptions): Promise<Mta> =>
  start('smtpd', options, smtpdConf, (config) => ['-d', '-f', config])

async function start(
  name: 'exim4' | 'smtpd',
  options: MtaOptions,
  configuration: (dir: string, options: MtaOptions) => string,
  argumentsFor: (config: string) => string[],
): Promise<Mta> {
  const dir = mkdtempSync(join(tmpdir(), `postern-${name}-`))
  chmodSync(dir, 0o755)
  for (const place of ['mail', 'spool', 'log']) mkdirSync(join(dir, place))
  writeFileSync(join(dir, 'root.pem'), options.rootPem)
  writeFileSync(join(dir, 'hosts'), `127.0.0.1 localhost ${options.relay.hostname}\n`)
  writeFileSync(join(dir, 'tls.pem'), options.identity.certificatePem)
  writeFileSync(join(dir, 'tls.key'), options.identity.keyPem, {mode: name === 'exim4' ? 0o640 : 0o600})
  const config = join(dir, 'conf')
  writeFileSync(config, configuration(dir, options), {mode: 0o644})
  const wrapper = new URL('./in-namespace.sh', import.meta.url).pathname
  const program = [name, ...argumentsFor(config)]
  const child = spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', wrapper, peers, dir, ...program], {
    env: {PATH: '/usr/sbin:/usr/bin:/sbin:/bin'},
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
  }
  await answers(child, options.port, () => log)
  return {
    messages: () => maildir(join(dir, 'mail')),
    log: () =>
      log +
      readdirSync(join(dir, 'log'))
        .map((name) => readFileSync(join(dir, 'log', name), 'utf8'))
        .join(''),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        killAll(child)
        await new Promise((resolve) => child.once('close', resolve))
      }
      rmSync(dir, {recursive: true, force: true})
    },
  }
}

/** The first process of the namespace, with which all end. Who gave root up forgets to die with its parent (prctl(2)). */
function killAll({pid}: ChildProcess): void {
  for (const first of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')) {
    if (first !== '') process.kill(Number(first), 'SIGKILL')
  }
}

async function answers(child: ChildProcess, port: number, log: () => string): Promise<void> {
  for (let round = 0; round < 150; round++) {
    if (child.exitCode !== null) break
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket
        .once('data', () => resolve(true))
        .once('error', () => resolve(false))
        .once('close', () => resolve(false))
      socket.once('data', () => socket.destroy())
    })
    if (open) return
    await sleep(200)
  }
  killAll(child)
  throw new Error(`it does not answer: ${log()}`)
}

function eximConf(dir: string, {hostname, domains, port, implicitPort, relay}: MtaOptions): string {
  const transport = (name: string, target: number, more: string) => `${name}:
  driver = smtp
  port = ${target}
  allow_localhost
  hosts_require_tls = *
  tls_verify_certificates = ${dir}/root.pem
  tls_verify_hosts = *
  tls_verify_cert_hostnames = :
  tls_certificate = ${dir}/tls.pem
  tls_privatekey = ${dir}/tls.key
  hosts_try_dane = :
${more}`
  return `exim_path = /usr/libexec/exim4
primary_hostname = ${hostname}
spool_directory = ${dir}/spool
log_file_path = ${dir}/log/%slog
log_selector = +tls_certificate_verified +tls_peerdn +tls_cipher
pid_file_path = ${dir}/spool/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port} : ${implicitPort}
tls_on_connect_ports = ${implicitPort}
tls_advertise_hosts = *
tls_certificate = ${dir}/tls.pem
tls_privatekey = ${dir}/tls.key
tls_try_verify_hosts = *
tls_verify_certificates = ${dir}/root.pem
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
chunking_advertise_hosts = *
host_lookup =
rfc1413_query_timeout = 0s
never_users =
keep_environment =
queue_run_max = 2
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  accept hosts = 127.0.0.1
begin routers
box:
  driver = accept
  domains = ${domains.join(' : ')}
  transport = box
implicit:
  driver = manualroute
  domains = ${relay.implicitDomain}
  route_list = * 127.0.0.1
  self = send
  transport = implicit
relay:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = relay
begin transports
box:
  driver = appendfile
  directory = ${dir}/mail
  maildir_format
  return_path_add
  user = partner
  mode = 0644
${transport('relay', relay.port, '')}
${transport('implicit', relay.implicitPort, '  protocol = smtps\n')}
begin retry
* * F,1h,2s
`
}

function smtpdConf(dir: string, {hostname, domains, port, implicitPort, relay}: MtaOptions): string {
  return `pki own cert "${dir}/tls.pem"
pki own key "${dir}/tls.key"
smtp max-message-size 50M
listen on 127.0.0.1 port ${port} tls pki own hostname ${hostname}
listen on 127.0.0.1 port ${implicitPort} smtps pki own hostname ${hostname}
action "box" maildir "${dir}/mail" virtual { ${domains.map((domain) => `"@${domain}" = partner`).join(', ')} }
action "relay" relay host "smtp+tls://${relay.hostname}:${relay.port}" helo ${hostname}
action "implicit" relay host "smtps://${relay.hostname}:${relay.implicitPort}" helo ${hostname}
${domains.map((domain) => `match from any for domain "${domain}" action "box"`).join('\n')}
match from any for domain "${relay.implicitDomain}" action "implicit"
match from any for any action "relay"
`
}
