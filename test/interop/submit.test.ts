import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {type Sink, startSink} from './sink.ts'
import {type Authority, authority, installed, PosternWorld, runProgram, until} from './world.ts'

// Real clients submit to our relay; what they sent arrives at the next hop.
const programs = [
  'swaks',
  'msmtp',
  's-nail',
  'python3',
  'curl',
  'gnutls-cli',
  'openssl',
  'smtp-source',
  'posttls-finger',
]
const absent = programs.filter((program) => !installed(program))
if (absent.length > 0) console.log(`skipped where they are needed: ${absent.join(', ')} (not installed)`)

describe('submitting', () => {
  const world = new PosternWorld()
  let sink: Sink
  let ca: Authority
  const caFile = join(world.dir, 'root.pem')

  beforeAll(async () => {
    ca = await authority('Interop Root')
    writeFileSync(caFile, ca.rootPem)
    sink = await startSink()
    const routes = `[{domain: "*", host: 127.0.0.1, port: ${sink.port}}]`
    await world.startRelay({routes, identity: await ca.issue('relay.example.org')})
  })

  afterAll(async () => {
    world.stop()
    await sink?.stop()
  })

  const swaks = (...args: string[]) => runProgram('swaks', ['-f', 'a@sender.example', '-t', 'b@sink.example', ...args])

  test.skipIf(absent.includes('swaks'))('swaks, STARTTLS, verifying our certificate', async () => {
    const {code, stdout} = await swaks(
      '-s',
      `127.0.0.1:${world.port}`,
      '-tls',
      '--tls-ca-path',
      caFile,
      '--tls-verify',
      '--header',
      'Subject: starttls',
    )
    expect(code, stdout).toBe(0)
    await until('the delivery', () => sink.subjects().includes('starttls'))
    const received = sink.messages.find((message) => message.includes('Subject: starttls'))
    expect(received).toMatch(/Received: from .*\s+by relay\.example\.org .*with ESMTPS/s)
  })

  test.skipIf(absent.includes('swaks'))('swaks, implicit TLS', async () => {
    const {code, stdout} = await swaks(
      '-s',
      `127.0.0.1:${world.implicitPort}`,
      '-tlsc',
      '--header',
      'Subject: implicit',
    )
    expect(code, stdout).toBe(0)
    await until('the delivery', () => sink.subjects().includes('implicit'))
  })

  test.skipIf(absent.length > 0)(
    'the fifteen submissions of real-clients.sh',
    async () => {
      const script = new URL('./real-clients.sh', import.meta.url).pathname
      const {stdout} = await runProgram(
        'bash',
        [script, '127.0.0.1', `${world.port}`, caFile, 'relay.example.org', 'b@sink.example'],
        {
          NODEMAILER: new URL('../../node_modules/nodemailer', import.meta.url).pathname,
          NODE: process.execPath,
          PATH: `${process.env.PATH}:/usr/sbin`,
        },
      )
      const {clients, ok} = JSON.parse(stdout.trim().split('\n').at(-1)!) as {clients: number; ok: number}
      expect(ok, stdout).toBe(clients)
      expect(clients).toBeGreaterThanOrEqual(15)
    },
    180_000,
  )
})
