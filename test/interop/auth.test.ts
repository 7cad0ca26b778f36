import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {addUser} from '../../src/app/users.ts'
import {RelayWorld} from '../relay/support.ts'
import {installed, runProgram} from './world.ts'

// Real clients authenticate to our relay, where loopback is no client network: what is taken in was proved.
const absent = ['swaks', 'msmtp', 'python3', 'curl'].filter((program) => !installed(program))
if (absent.length > 0) console.log(`skipped where they are needed: ${absent.join(', ')} (not installed)`)

describe('authenticating', () => {
  let world: RelayWorld
  let caFile: string
  let message: string
  const [USER, PASSWORD] = ['anna@example.org', 'correct "horse", 5=five']

  beforeAll(async () => {
    world = await RelayWorld.make()
    await addUser(world.world, USER, PASSWORD)
    await world.start('clients: []\nroutes: [{domain: "*", host: 127.0.0.1, port: 1}]\n')
    caFile = join(world.world.configDir, 'root-of-the-test.txt')
    message = join(world.world.configDir, 'message-of-the-test.txt')
    writeFileSync(message, 'Subject: authenticated\r\n\r\nhello\r\n')
    writeFileSync(caFile, world.pki.root.certificatePem)
  })
  afterAll(() => world.end())

  /** Runs a client, which succeeds and has handed in one more message as our user. */
  async function submits(program: string, args: string[], env: Record<string, string> = {}) {
    const before = world.seen('accepted').length
    const {code, stdout} = await runProgram(program, args, env)
    expect(code, stdout).toBe(0)
    expect(world.seen('accepted').slice(before)).toMatchObject([{user: USER}])
  }

  const envelope = ['-f', 'a@sender.example', '-t', 'b@elsewhere.example', '-s', '127.0.0.1', '-tls']

  test.skipIf(absent.includes('swaks')).each(['PLAIN', 'LOGIN'])('swaks with %s', async (mechanism) => {
    const account = ['--auth', mechanism, '--auth-user', USER, '--auth-password', PASSWORD]
    await submits('swaks', [...envelope, '-p', `${world.port()}`, ...account])
  })

  test.skipIf(absent.includes('swaks'))('swaks with a wrong password, refused', async () => {
    const account = ['--auth', 'PLAIN', '--auth-user', USER, '--auth-password', 'wrong horse']
    const {code, stdout} = await runProgram('swaks', [...envelope, '-p', `${world.port()}`, ...account])
    expect([code, stdout]).toEqual([28, expect.stringContaining('535 5.7.8')])
  })

  test.skipIf(absent.includes('msmtp')).each(['scram-sha-256', 'plain', 'login'])('msmtp with %s', async (method) => {
    const account = [`--user=${USER}`, '--passwordeval=printenv SECRET', `--auth=${method}`]
    const tls = ['--tls=on', `--tls-trust-file=${caFile}`, '--tls-host-override=relay.example.org']
    const host = ['--host=127.0.0.1', `--port=${world.port()}`, '--from=a@sender.example']
    const words = [...host, ...account, ...tls, 'b@elsewhere.example']
    await submits('sh', ['-c', 'exec msmtp "$@" <"$0"', message, ...words], {SECRET: PASSWORD})
  })

  test.skipIf(absent.includes('curl')).each(['PLAIN', 'LOGIN'])('curl with %s, implicit TLS', async (mechanism) => {
    const where = `smtps://127.0.0.1:${world.port('implicit')}/client.example`
    const account = ['--user', `${USER}:${PASSWORD}`, '--login-options', `AUTH=${mechanism}`]
    const mail = ['--mail-from', 'a@sender.example', '--mail-rcpt', 'b@elsewhere.example', '--upload-file', message]
    await submits('curl', ['-sS', '--insecure', where, ...account, ...mail])
  })

  test.skipIf(absent.includes('python3'))('smtplib of Python', async () => {
    const script = `
import os, smtplib
with smtplib.SMTP('127.0.0.1', ${world.port()}) as smtp:
    smtp.starttls()
    smtp.login(os.environ['NAME'], os.environ['SECRET'])
    smtp.sendmail('a@sender.example', ['b@elsewhere.example'], 'Subject: x\\r\\n\\r\\nhello')
`
    await submits('python3', ['-c', script], {NAME: USER, SECRET: PASSWORD})
  })
})
