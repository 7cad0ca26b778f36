import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {issueCertificate} from '../../src/pki/issue.ts'
import {client, send, submit} from './client.ts'
import {NOWHERE, RelayWorld} from './support.ts'

let world: RelayWorld
beforeEach(async () => {
  world = await RelayWorld.make()
})
afterEach(() => world.end())

// Port 1 answers nobody: what is accepted stays in the queue.
const TO = {to: ['colonel@example.mil']}

const receivingRule = (fields: string) => ({'policy.yaml': `rules:\n  - {id: in, direction: receiving, ${fields}}\n`})

describe('receiving', () => {
  test('takes mail over STARTTLS and over implicit TLS, and writes the TLS facts into its trace header', async () => {
    const hop = await world.peer()
    await world.start(`routes: [{domain: "*", host: 127.0.0.1, port: ${hop.port}}]\n`)
    for (const tls of ['starttls', 'implicit'] as const) {
      const raw = await client(world.port(tls), tls, {maxVersion: tls === 'starttls' ? 'TLSv1.3' : 'TLSv1.2'})
      expect(await submit(raw, TO)).toMatch(/^250 2\.0\.0 queued as /)
    }
    await expect.poll(() => hop.connections.flatMap(({messages}) => messages).length).toBe(2)
    const messages = hop.connections.flatMap(({messages}) => messages).join('')
    expect(messages).toMatch(/with ESMTPS\r\n\t\(TLSv1\.3 TLS_AES_256_GCM_SHA384 256 bits\)/)
    expect(messages).toMatch(/with ESMTPS\r\n\t\(TLSv1\.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 128 bits\)/)
  })

  test('answers with the queue id once the message is in the queue', async () => {
    await world.start(NOWHERE)
    const [, id] = /queued as (\w+)/.exec(await send(world.port(), TO)) ?? []
    expect((await world.queue()).map((entry) => entry.id)).toEqual([id])
  })

  test('relays for client networks alone, and takes mail for protected domains from anyone', async () => {
    await world.start(`${NOWHERE}clients: [192.0.2.0/24]\ndomains: [inner.example]\n`)
    expect(await send(world.port(), TO)).toBe('550 5.7.1 relaying denied')
    expect(await send(world.port(), {to: ['Any.One+x@INNER.example']})).toMatch(/^250 /)
    expect((await world.event('rejected')).reason).toContain('127.0.0.1 is in no client network')
    // The local part is the recipient's own business: it travels as it came.
    expect((await world.queue())[0]!.recipients[0]!.address).toBe('Any.One+x@INNER.example')
  })

  test('refuses a message that runs in circles', async () => {
    await world.start(NOWHERE)
    const hops = (count: number) => `${'Received: from a by b; now\r\n'.repeat(count)}Subject: t\r\n\r\nbody\r\n`
    expect(await send(world.port(), {...TO, message: hops(51)})).toMatch(/^554 5\.4\.6 /)
    expect(await send(world.port(), {...TO, message: hops(50)})).toMatch(/^250 /)
    expect(await world.queue()).toHaveLength(1)
  })

  test('turns a client away that has too many connections', async () => {
    await world.start(`${NOWHERE}limits: {connectionsPerClient: 2}\n`)
    const held = [await client(world.port()), await client(world.port())]
    const third = await client(world.port())
    expect(await third.reply()).toBe('closed')
    for (const raw of held) raw.socket.destroy()
    await expect.poll(() => world.relay!.status().counters.sessions).toBe(0)
    expect(await send(world.port(), TO)).toMatch(/^250 /)
  })
})

describe('a receiving rule', () => {
  test('at none withdraws STARTTLS from that client, and leaves the implicit port alone', async () => {
    await world.start(NOWHERE, receivingRule('clients: [127.0.0.0/8], profile: none'))
    const raw = await client(world.port())
    expect(await raw.ask('EHLO again')).not.toContain('STARTTLS')
    expect(await raw.ask('STARTTLS')).toMatch(/^502 /)
    expect(await submit(await client(world.port('implicit'), 'implicit'), TO)).toMatch(/^250 /)
  })

  test.each([
    ['tempfail', '451 4.7.10'],
    ['fail', '550 5.7.10'],
  ])('at encrypt with %s refuses MAIL in clear text with %s', async (action, reply) => {
    await world.start(NOWHERE, {
      'profiles/strict.yaml': `level: encrypt\nonFailure: ${action}\n`,
      ...receivingRule('profile: strict'),
    })
    const raw = await client(world.port())
    expect(await raw.ask('MAIL FROM:<a@b.example>')).toMatch(new RegExp(`^${reply.replaceAll('.', '\\.')} `))
    expect(await submit(await client(world.port(), 'starttls'), TO)).toMatch(/^250 /)
  })

  test('for certain recipients is decided when they are named', async () => {
    const policy = `rules:
  - {id: open, direction: receiving, recipients: [abuse@example.mil], profile: preferred}
  - {id: rest, direction: receiving, profile: encrypt}
`
    await world.start(NOWHERE, {'policy.yaml': policy})
    expect(await send(world.port(), {to: ['abuse@example.mil']})).toMatch(/^250 /)
    expect(await send(world.port(), TO)).toMatch(/^451 4\.7\.10 /)
  })

  test('at secure wants a client certificate of the profile, and tells the reason to the log alone', async () => {
    await world.start(NOWHERE, {
      'profiles/partners.yaml': 'level: secure\nca: [test]\ntrust: imported\n',
      ...receivingRule('profile: partners'),
    })
    const port = world.port()
    const stranger = await issueCertificate({subject: 'stranger'})
    const trusted = await world.pki.host({dnsNames: ['client.example']})
    const tryWith = async (options: object) => submit(await client(port, 'starttls', options), TO)
    expect(await tryWith({})).toBe('451 4.7.10 this session is not secure enough')
    expect(await tryWith({cert: stranger.certificatePem, key: stranger.keyPem})).toMatch(/^451 4\.7\.10 /)
    expect(await tryWith(trusted)).toMatch(/^250 /)
    expect(world.seen('rejected').map(({reason}) => reason)).toEqual([
      'the client presented no certificate',
      expect.stringContaining('the client certificate is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT'),
    ])
  })

  test('at secure compares the names of the client certificate with the checks of the profile', async () => {
    await world.start(NOWHERE, {
      'profiles/partners.yaml': 'level: secure\nca: [test]\ntrust: imported\nsubject: ["exact:gate.example.mil"]\n',
      ...receivingRule('profile: partners'),
    })
    const tryAs = async (name: string) =>
      submit(await client(world.port(), 'starttls', await world.pki.host({dnsNames: [name]})), TO)
    expect(await tryAs('gate.example.mil')).toMatch(/^250 /)
    expect(await tryAs('other.example.mil')).toMatch(/^451 /)
  })

  test('at secure compares the domain of the sender where the profile says so, and the null sender has none', async () => {
    await world.start(NOWHERE, {
      'profiles/partners.yaml': 'level: secure\nca: [test]\ntrust: imported\nsubject: [domain]\n',
      ...receivingRule('profile: partners'),
    })
    const raw = await client(world.port(), 'starttls', await world.pki.host({dnsNames: ['example.net']}))
    expect(await submit(raw, {...TO, from: 'ops@example.net'})).toMatch(/^250 /)
    for (const from of ['ops@example.com', '']) {
      await raw.ask('RSET')
      expect(await submit(raw, {...TO, from})).toMatch(/^451 4\.7\.10 /)
    }
  })

  test.each([
    ['expired', {notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01')}, 'CERT_HAS_EXPIRED'],
    ['of another CA', {issuer: undefined}, 'is not trusted'],
  ])('at secure refuses a client certificate that is %s', async (_, change, reason) => {
    await world.start(NOWHERE, {
      'profiles/partners.yaml': 'level: secure\nonFailure: fail\nca: [test]\ntrust: imported\n',
      ...receivingRule('profile: partners'),
    })
    const stranger = await issueCertificate({subject: 'Other root', ca: true})
    const {issuer = stranger, ...rest} = {issuer: world.pki.intermediate, ...change}
    const {certificatePem, keyPem: key} = await issueCertificate({subject: 'gate', issuer, ...rest})
    const cert = certificatePem + issuer.certificatePem
    for (const tls of ['starttls', 'implicit'] as const) {
      const raw = await client(world.port(tls), tls, {cert, key})
      expect(await submit(raw, TO)).toBe('550 5.7.10 this session is not secure enough')
    }
    for (const rejected of world.seen('rejected')) expect(rejected.reason).toContain(reason)
  })

  test('for one recipient is not met by a certificate that only the rule of another trusts', async () => {
    const other = await issueCertificate({subject: 'Other root', ca: true})
    await world.start(NOWHERE, {
      'ca/other.pem': other.certificatePem,
      'profiles/one.yaml': 'level: secure\nca: [test]\ntrust: imported\n',
      'profiles/two.yaml': 'level: secure\nca: [other]\ntrust: imported\n',
      'policy.yaml': `rules:
  - {id: one, direction: receiving, recipients: [one@example.mil], profile: one}
  - {id: two, direction: receiving, profile: two}
`,
    })
    const raw = await client(world.port(), 'starttls', await world.pki.host())
    await raw.ask('MAIL FROM:<ops@example.org>')
    expect(await raw.ask('RCPT TO:<one@example.mil>')).toMatch(/^250 /)
    expect(await raw.ask('RCPT TO:<two@example.mil>')).toMatch(/^451 4\.7\.10 /)
    expect((await world.event('rejected')).reason).toContain('not trusted under profile two')
  })

  test.each([
    ['minTls: "1.3"', {maxVersion: 'TLSv1.2'}, 'TLSv1.2, and profile strict wants 1.3'],
    ['minStrength: 256', {maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256'}, 'has 128 bits'],
  ] as const)('at encrypt with %s refuses less', async (setting, options, reason) => {
    await world.start(NOWHERE, {
      'profiles/strict.yaml': `level: encrypt\n${setting}\n`,
      ...receivingRule('profile: strict'),
    })
    expect(await submit(await client(world.port(), 'starttls', options), TO)).toMatch(/^451 4\.7\.10 /)
    expect((await world.event('rejected')).reason).toContain(reason)
    expect(await submit(await client(world.port(), 'starttls'), TO)).toMatch(/^250 /)
  })

  test('at preferred offers STARTTLS, asks for no certificate and takes clear text', async () => {
    await world.start(NOWHERE, receivingRule('profile: preferred'))
    const raw = await client(world.port())
    expect(await raw.ask('EHLO again')).toContain('STARTTLS')
    expect(await submit(raw, TO)).toMatch(/^250 /)
  })

  test.each([
    ['clients: [192.0.2.0/24]', {}],
    ['senders: [example.com]', {from: 'ops@example.org'}],
    ['recipients: [example.com]', {}],
  ])('with %s is nothing to anybody else', async (fields, change) => {
    await world.start(NOWHERE, receivingRule(`${fields}, profile: secure`))
    expect(await send(world.port(), {...TO, ...change})).toMatch(/^250 /)
  })

  test('for certain senders binds them, at MAIL', async () => {
    await world.start(NOWHERE, receivingRule('senders: [example.com], profile: encrypt'))
    const raw = await client(world.port())
    expect(await raw.ask('MAIL FROM:<ops@EXAMPLE.com>')).toMatch(/^451 4\.7\.10 /)
    expect(await raw.ask('MAIL FROM:<ops@example.org>')).toMatch(/^250 /)
  })

  test('that rejects takes nothing of what it matches, whatever the TLS', async () => {
    const policy = `rules:
  - {id: friend, direction: receiving, senders: [friend@example.com], profile: preferred}
  - {id: foe, direction: receiving, senders: [example.com], profile: preferred, action: reject}
  - {id: box, direction: receiving, recipients: [nobody@example.mil], profile: preferred, action: reject}
`
    await world.start(NOWHERE, {'policy.yaml': policy})
    const raw = await client(world.port(), 'starttls')
    expect(await submit(raw, {...TO, from: 'foe@example.com'})).toBe('550 5.7.1 not accepted here')
    expect((await world.event('rejected')).reason).toBe('rule foe rejects it')
    expect(await submit(raw, {...TO, from: 'friend@example.com'})).toMatch(/^250 /)
    await raw.ask('MAIL FROM:<ops@example.org>')
    expect(await raw.ask('RCPT TO:<nobody@example.mil>')).toBe('550 5.7.1 not accepted here')
    expect(await raw.ask('RCPT TO:<colonel@example.mil>')).toMatch(/^250 /)
  })

  test('that would reject, and only rehearses it, says so', async () => {
    await world.start(NOWHERE, receivingRule('profile: none, action: reject, mode: rehearse'))
    expect(await send(world.port(), TO)).toMatch(/^250 /)
    expect(await world.event('would-reject')).toMatchObject({rule: 'in', reason: 'rule in rejects it'})
  })

  test('for delivery rejects nothing, and the file is refused', async () => {
    const file = {'policy.yaml': 'rules:\n  - {id: out, profile: none, action: reject}\n'}
    await expect(world.start(NOWHERE, file)).rejects.toThrow(/no action: reject in a delivery rule/)
  })

  test('that only rehearses changes nothing and says what it would do', async () => {
    await world.start(NOWHERE, receivingRule('profile: encrypt, mode: rehearse'))
    expect(await send(world.port(), TO)).toMatch(/^250 /)
    expect(await world.event('would-reject')).toMatchObject({rule: 'in', reason: 'the session is not encrypted'})
  })
})
