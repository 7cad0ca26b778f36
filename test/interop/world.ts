import {spawn, spawnSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {type IssuedCertificate, issueCertificate} from '../../src/pki/issue.ts'
import {programPath} from '../support/cli.ts'
import {freePort} from '../support/machine.ts'

export type {IssuedCertificate}

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** A config and data directory of the test's own, and the built program working in them. */
export class PosternWorld {
  readonly dir = mkdtempSync(join(tmpdir(), 'postern-interop-'))
  readonly configDir = join(this.dir, 'config')
  readonly dataDir = join(this.dir, 'data')
  port = 0
  implicitPort = 0

  run(...args: string[]): Ran {
    const env = {...process.env, POSTERN_CONFIG_DIR: this.configDir, POSTERN_DATA_DIR: this.dataDir}
    const {status, stdout, stderr} = spawnSync(process.execPath, [programPath(), ...args], {
      encoding: 'utf8',
      env,
    })
    return {code: status ?? -1, stdout, stderr}
  }

  /** Runs a command that has to succeed. */
  must(...args: string[]): Ran {
    const ran = this.run(...args)
    if (ran.code !== 0) throw new Error(`postern ${args.join(' ')}: exit ${ran.code}\n${ran.stdout}${ran.stderr}`)
    return ran
  }

  json<T>(...args: string[]): T {
    return JSON.parse(this.run(...args, '--json').stdout) as T
  }

  /** Writes relay.yaml with free ports and the given static routes, makes the identity from `ca`, starts the relay. */
  async startRelay(options: {routes: string; identity: IssuedCertificate; more?: string}): Promise<void> {
    this.port = await freePort()
    this.implicitPort = await freePort()
    mkdirSync(this.configDir, {recursive: true})
    writeFileSync(
      join(this.configDir, 'relay.yaml'),
      `hostname: relay.example.org
listeners:
  - {address: 127.0.0.1, port: ${this.port}, tls: starttls}
  - {address: 127.0.0.1, port: ${this.implicitPort}, tls: implicit}
clients: [127.0.0.0/8]
routes: ${options.routes}
queue: {retry: 2s, retryMax: 5s}
${options.more ?? ''}`,
    )
    const [certificate, key] = [join(this.dir, 'identity.pem'), join(this.dir, 'identity.key')]
    writeFileSync(certificate, options.identity.certificatePem)
    writeFileSync(key, options.identity.keyPem, {mode: 0o600})
    this.must('identity', 'import', certificate, key, '--name', 'default')
    this.must('relay', 'start', '--detach')
  }

  stop(): void {
    this.run('relay', 'stop')
    rmSync(this.dir, {recursive: true, force: true})
  }
}

/** A root, and what it issued for a name. */
export interface Authority {
  rootPem: string
  issue(name: string): Promise<IssuedCertificate>
}

export async function authority(commonName: string): Promise<Authority> {
  const ca = await issueCertificate({subject: commonName, ca: true})
  return {
    rootPem: ca.certificatePem,
    issue: (name) => issueCertificate({subject: name, dnsNames: [name], issuer: ca, key: 'rsa-2048'}),
  }
}

/** Polls until it holds; throws `what` after half a minute. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (let round = 0; round < 150; round++) {
    if (holds()) return
    await sleep(200)
  }
  throw new Error(`waited in vain: ${what}`)
}

export function installed(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program} || test -x /usr/sbin/${program}`]).status === 0
}

/** Runs a program without the guard in its environment (it is no Node). */
export function runProgram(program: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const clean = {...process.env, ...env}
  delete clean.NODE_OPTIONS
  const child = spawn(program, args, {env: clean, stdio: ['ignore', 'pipe', 'pipe']})
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({code: code ?? -1, stdout, stderr}))
  })
}
