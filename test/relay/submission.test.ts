import {once} from 'node:events'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {connect, type TLSSocket} from 'node:tls'
import {createTransport} from 'nodemailer'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {addUser, changePassword, deleteUser} from '../../src/app/users.ts'
import {logLine} from '../../src/relay/log-line.ts'
import {plainMessage, scramLogin} from '../smtp/sasl-client.ts'
import {client, submit} from './client.ts'
import {NOWHERE, RelayWorld} from './support.ts'

// Nobody may relay but users: loopback is no client network here. Nothing listens at the next hop.
const STRANGERS = 'clients: []\n'

let world: RelayWorld
beforeEach(async () => {
  world = await RelayWorld.make()
})
afterEach(() => world.end())

async function startWithUsers(settings = NOWHERE): Promise<void> {
  await addUser(world.world, 'anna', 'correct horse')
  await world.start(`${STRANGERS}${settings}`)
}

const plain = (user: string, password: string) => `AUTH PLAIN ${plainMessage(user, password)}`
const mail = {to: ['b@elsewhere.example']}

describe('a client that authenticated', () => {
  test('may relay, and the trace says ESMTPSA and the log who', async () => {
    const next = await world.peer()
    await startWithUsers(`routes: [{domain: "*", host: 127.0.0.1, port: ${next.port}}]\n`)
    const stranger = await client(world.port(), 'starttls')
    expect(await submit(stranger, mail)).toMatch(/^550 5\.7\.1/)
    const user = await client(world.port(), 'starttls')
    expect((await scramLogin(user)).reply).toMatch(/^235/)
    expect(await submit(user, mail)).toMatch(/^250/)
    const accepted = await world.event('accepted')
    expect(accepted.user).toBe('anna')
    expect(logLine(accepted)).toContain('user="anna"')
    await world.event('delivered')
    expect(String(next.connections[0]!.messages[0])).toMatch(/with ESMTPSA\r\n/)
    for (const raw of [stranger, user]) raw.close()
  })

  test.each(['PLAIN', 'LOGIN'])('may be nodemailer with %s', async (method) => {
    await startWithUsers()
    const host = {host: '127.0.0.1', port: world.port(), requireTLS: true, tls: {rejectUnauthorized: false}}
    const message = {from: 'a@example.org', to: 'b@elsewhere.example', text: 'hello'}
    const good = createTransport({...host, authMethod: method, auth: {user: 'anna', pass: 'correct horse'}})
    expect((await good.sendMail(message)).response).toMatch(/^250 2\.0\.0 queued/)
    const bad = createTransport({...host, authMethod: method, auth: {user: 'anna', pass: 'wrong horse'}})
    await expect(bad.sendMail(message)).rejects.toMatchObject({code: 'EAUTH', responseCode: 535})
    const failed = await world.event('auth-failed')
    expect(failed).toMatchObject({client: '127.0.0.1', user: 'anna', mechanism: method, reason: 'wrong password'})
    expect(JSON.stringify(world.events)).not.toContain('horse')
  })

  test('may relay no more once deleted, also in the session that is open', async () => {
    await startWithUsers()
    await addUser(world.world, 'bob', 'battery staple')
    await expectKnown('bob', 'battery staple')
    const open = await client(world.port(), 'starttls')
    expect(await open.ask(plain('bob', 'battery staple'))).toMatch(/^235/)
    expect(await submit(open, mail)).toMatch(/^250/)
    await deleteUser(world.world, 'bob')
    await expect.poll(() => submit(open, mail).finally(() => open.ask('RSET')), {timeout: 20_000}).toMatch(/^550/)
    open.close()
  })

  test('is one who knows the present password', async () => {
    await startWithUsers()
    await changePassword(world.world, 'anna', 'another horse')
    await expectKnown('anna', 'another horse')
    const raw = await client(world.port(), 'starttls')
    expect(await raw.ask(plain('anna', 'correct horse'))).toMatch(/^535/)
    raw.close()
  })
})

/** A change of the file reaches the relay a moment later. */
async function expectKnown(user: string, password: string): Promise<void> {
  const attempt = async () => {
    const raw = await client(world.port(), 'starttls')
    const reply = await raw.ask(plain(user, password))
    raw.close()
    return reply
  }
  await expect.poll(attempt, {timeout: 30_000}).toMatch(/^235/)
}

describe('users.yaml', () => {
  test('that breaks leaves the users of before in force', async () => {
    await startWithUsers()
    const path = join(world.world.configDir, 'users.yaml')
    const before = await readFile(path, 'utf8')
    await writeFile(path, before.replace(/anna: .*/, 'anna: correct horse'))
    await expect(world.relay!.reload()).rejects.toMatchObject({
      exit: 78,
      message: expect.stringMatching(/users\.yaml:5/),
    })
    expect((await world.event('reload-failed')).reason).not.toContain('correct horse')
    await expectKnown('anna', 'correct horse')
  })
})

describe('several identities', () => {
  let certificates: Record<string, {cert: string; key: string}>
  beforeEach(async () => {
    certificates = {
      second: await world.pki.host({dnsNames: ['mail.example.net', 'smtp.example.net']}),
      wild: await world.pki.host({dnsNames: ['*.example.net']}),
    }
  })

  const files = () =>
    Object.fromEntries(
      Object.entries(certificates).flatMap(([name, {cert, key}]) => [
        [`identity/${name}.pem`, cert],
        [`identity/${name}.key`, key],
      ]),
    )

  /** Names of the certificate that a client is shown who asks for this name. */
  async function shown(servername: string | undefined): Promise<string | undefined> {
    const socket: TLSSocket = connect({
      host: '127.0.0.1',
      port: world.port('implicit'),
      ca: world.pki.root.certificatePem,
      ...(servername ? {servername, checkServerIdentity: () => undefined} : {checkServerIdentity: () => undefined}),
    })
    await once(socket, 'secureConnect')
    const {subjectaltname} = socket.getPeerCertificate()
    socket.destroy()
    return subjectaltname
  }

  test('are chosen by the name that the client asks for', async () => {
    await world.start('tls: {identities: [wild, second]}\n', files())
    const second = 'DNS:mail.example.net, DNS:smtp.example.net'
    expect(await shown('mail.example.net')).toBe(second)
    expect(await shown('SMTP.example.net')).toBe(second)
    expect(await shown('other.example.net')).toBe('DNS:*.example.net')
    for (const name of [undefined, 'relay.example.org', 'a.b.example.net', 'example.net', 'unknown.example']) {
      expect(await shown(name), name).toBe('DNS:relay.example.org')
    }
    const raw = await client(world.port(), 'starttls', {servername: 'mail.example.net'})
    expect((raw.socket as TLSSocket).getPeerCertificate().subjectaltname).toBe(second)
    raw.close()
  })

  test('are renewed while the relay runs', async () => {
    await world.start('tls: {identities: [second]}\n', files())
    expect(await shown('mail.example.net')).toMatch(/mail/)
    certificates.second = await world.pki.host({dnsNames: ['mail.example.net', 'new.example.net']})
    await world.write(files())
    await expect.poll(() => shown('new.example.net'), {timeout: 30_000}).toMatch(/new\.example\.net/)
  })

  test('ask for a client certificate under the same anchors', async () => {
    const rule = 'rules:\n  - {id: in, direction: receiving, clients: [127.0.0.0/8], profile: strict}\n'
    await world.start(`${NOWHERE}tls: {identities: [second]}\ndomains: [example.org]\n`, {
      ...files(),
      'profiles/strict.yaml': 'level: secure\nca: [test]\n',
      'policy.yaml': rule,
    })
    const {cert, key} = await world.pki.host({dnsNames: ['client.example']})
    const message = {to: ['b@example.org']}
    const raw = await client(world.port(), 'starttls', {servername: 'mail.example.net', cert, key})
    expect(await submit(raw, message)).toMatch(/^250/)
    const none = await client(world.port(), 'starttls', {servername: 'mail.example.net'})
    expect(await submit(none, message)).toMatch(/^451 4\.7\.10/)
    for (const one of [raw, none]) one.close()
  })

  test('that are not there keep the relay from starting, and say where they are named', async () => {
    await expect(world.start('tls:\n  identities: [second, gone]\n', files())).rejects.toMatchObject({
      exit: 78,
      message: expect.stringMatching(/relay\.yaml:\d+: tls\.identities: .*gone/),
      hints: [expect.stringContaining('postern identity create gone')],
    })
  })
})
