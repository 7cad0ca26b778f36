import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs'
import {connect} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {json} from 'node:stream/consumers'
import {queueList} from '../../src/app/queue-access.ts'
import {relayReport} from '../../src/app/relay-status.ts'
import {type AppWorld, realWorld} from '../../src/app/world.ts'
import {type Lab, startLab} from '../../src/lab/lab.ts'
import type {ReceivedMessage} from '../../src/lab/mailbox.ts'
import {issueCertificate} from '../../src/pki/issue.ts'
import type {QueueEntry} from '../../src/queue/store.ts'
import {makeCredential} from '../../src/smtp/sasl/credential.ts'
import {writeUser} from '../../src/state/user-file.ts'
import {programPath} from '../../test/support/cli.ts'
import {freePort} from '../../test/support/machine.ts'

/** In order, refusing, slow, with broken TLS, deferring, without STARTTLS, hanging, hanging up, not there. */
const PARTNERS = [
  ...[
    'good',
    'sink',
    'no-starttls',
    'broken-tls',
    'wrong-name',
    'expired',
    'tarpit',
    'rcpt-4xx',
    'rcpt-5xx',
    'message-5xx',
  ],
  ...['mail-closes', 'greeting-421', 'greeting-554', 'data-silence', 'banner-silence', 'port-closed'],
]

/** Partners that take a connection and never say why not: what waits for them is still waiting at the end. */
const HANGING = ['data-silence.example', 'banner-silence.example']

/** What the relay's process holds; sizes in octets. */
export interface Holdings {
  rss: number
  heapUsed: number
  external: number
  handles: number
  /** File descriptors; 0 where the system does not tell. */
  fds: number
}

/** A lab of partners that work and partners that do not, and the relay in a process of its own. */
export class SoakWorld {
  readonly lab: Lab
  readonly user = {name: 'anna', password: 'correct horse'}
  readonly ports: {starttls: number; implicit: number}
  readonly #dir: string
  readonly #app: AppWorld
  readonly #relay: ChildProcess
  #labStopped: Promise<void> | null = null

  private constructor(dir: string, app: AppWorld, lab: Lab, ports: SoakWorld['ports'], relay: ChildProcess) {
    this.#dir = dir
    this.#app = app
    this.lab = lab
    this.ports = ports
    this.#relay = relay
  }

  static async start(take: (message: ReceivedMessage) => void): Promise<SoakWorld> {
    const dir = mkdtempSync(join(tmpdir(), 'postern-soak-'))
    const observe = (event: {type: string}) => void (event.type === 'mail' && take((event as Taken).message))
    const lab = await startLab({dir: join(dir, 'lab'), partners: PARTNERS, observe})
    const app = realWorld({configDir: join(dir, 'config'), dataDir: join(dir, 'data')})
    const ports = {starttls: await freePort(), implicit: await freePort()}
    await configure(app, lab, ports)
    const world = new SoakWorld(dir, app, lab, ports, startRelay(app, join(dir, GAUGE)))
    await world.#ready()
    return world
  }

  /** Domains of the partners that run. */
  get domains(): string[] {
    return this.lab.partners.map(({domain}) => domain)
  }

  async holdings(what: 'as it is' | 'gc' = 'as it is'): Promise<Holdings> {
    const socket = connect(join(this.#dir, GAUGE))
    socket.write(what)
    const told = (await json(socket)) as Omit<Holdings, 'fds'>
    return {...told, fds: fdsOf(this.#relay.pid!)}
  }

  async queue(): Promise<QueueEntry[]> {
    return (await queueList(this.#app, {limit: 1_000_000})).messages
  }

  /** Nothing waits but what is for partners that hang. */
  isSettled(queue: readonly QueueEntry[]): boolean {
    const open = queue.flatMap(({recipients}) => recipients.filter(({state}) => /^(waiting|leased)$/.test(state)))
    return open.every(({destination}) => HANGING.includes(destination))
  }

  report() {
    return relayReport(this.#app)
  }

  /** Ends every partner, once for all. */
  stopLab(): Promise<void> {
    this.#labStopped ??= this.lab.stop()
    return this.#labStopped
  }

  /** Ends the relay, then the lab. Returns the relay's exit code. */
  async stop(): Promise<number | null> {
    this.#relay.kill('SIGTERM')
    const [code] = this.#relay.exitCode === null ? await once(this.#relay, 'exit') : [this.#relay.exitCode]
    await this.stopLab()
    rmSync(this.#dir, {recursive: true, force: true})
    return code
  }

  async #ready(): Promise<void> {
    while (!(await relayReport(this.#app).catch(() => null))?.accepting) {
      if (this.#relay.exitCode !== null) throw new Error(`the relay ended at once, with ${this.#relay.exitCode}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** Socket of the gauge in the relay's process. */
const GAUGE = 'gauge.sock'

type Taken = {type: 'mail'; message: ReceivedMessage}

function startRelay({configDir, dataDir}: AppWorld, gauge: string): ChildProcess {
  const preload = ['--expose-gc', '--import', new URL('gauge.mjs', import.meta.url).href]
  const dirs = ['--config-dir', configDir, '--data-dir', dataDir]
  return spawn(process.execPath, [...preload, programPath(), 'relay', 'start', ...dirs], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {...process.env, POSTERN_SOAK_GAUGE: gauge},
  })
}

async function configure({configDir}: AppWorld, lab: Lab, ports: SoakWorld['ports']): Promise<void> {
  const identity = await issueCertificate({subject: 'relay.example.org', dnsNames: ['relay.example.org']})
  for (const name of ['ca', 'identity', 'profiles']) mkdirSync(join(configDir, name), {recursive: true})
  const write = (name: string, text: string) => writeFileSync(join(configDir, name), text, {mode: 0o600})
  write('identity/default.pem', identity.certificatePem)
  write('identity/default.key', identity.keyPem)
  write('ca/lab.pem', `${lab.rootPem}${lab.intermediatePem}`)
  write('profiles/lab.yaml', 'level: secure\nca: [lab]\n')
  write(
    'policy.yaml',
    'rules:\n  - {id: r1, recipients: [example.mil, wrong-name.example, expired.example], profile: lab}\n',
  )
  // Lives are short, so that messages come to their end while somebody looks.
  write(
    'relay.yaml',
    `hostname: relay.example.org
listeners:
  - {address: 127.0.0.1, port: ${ports.starttls}, tls: starttls}
  - {address: 127.0.0.1, port: ${ports.implicit}, tls: implicit}
dns: {servers: ["${lab.dns}"]}
ports: {smtp: ${lab.ports.smtp}, smtps: ${lab.ports.smtps}}
queue: {retry: 1s, retryMax: 4s, lifetime: 10s}
`,
  )
  await writeUser(configDir, 'anna', await makeCredential('correct horse'))
}

function fdsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0
  }
}
