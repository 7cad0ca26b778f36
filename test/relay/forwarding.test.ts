import fc from 'fast-check'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import type {Peer, PeerScript} from '../support/peer.ts'
import {client, send, submit} from './client.ts'
import {RelayWorld} from './support.ts'

let world: RelayWorld
beforeEach(async () => {
  world = await RelayWorld.make()
})
afterEach(() => world.end())

const messages = (hop: Peer) => hop.connections.flatMap((connection) => connection.messages)
const lines = (hop: Peer, verb: string) =>
  hop.connections.flatMap((connection) => connection.lines.filter((line) => line.startsWith(verb)))

/** A relay that hands everything to this hop. */
async function inFrontOf(script: PeerScript = {}, settings = ''): Promise<Peer> {
  const hop = await world.peer(script)
  await world.start(`routes: [{domain: "*", host: 127.0.0.1, port: ${hop.port}}]\n${settings}`)
  return hop
}

describe('what the relay forwards', () => {
  test('holds no bare CR or LF and is one message for one, whatever came', async () => {
    const hop = await inFrontOf()
    const port = world.port()
    const part = fc.constantFrom(
      '\r\n',
      '\r\n',
      '\n',
      '\r',
      '.',
      '\0',
      'text',
      'Subject: t',
      '\r\n.\r\n',
      '\n.\n',
      '\r\n.\n',
      'MAIL FROM:<forged@example.org>\r\nRCPT TO:<victim@example.mil>\r\nDATA',
    )
    const chunk = fc.array(part, {maxLength: 8}).map((parts) => parts.join(''))
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, {maxLength: 4}), fc.boolean(), async (chunks, chunked) => {
        const raw = await client(port)
        await raw.ask('MAIL FROM:<ops@example.org>')
        await raw.ask('RCPT TO:<colonel@example.mil>')
        if (chunked) {
          for (const octets of chunks) await raw.ask(Buffer.from(`BDAT ${octets.length}\r\n${octets}`))
          if ((await raw.ask('BDAT 0 LAST')).startsWith('250')) accepted++
        } else {
          await raw.ask('DATA')
          // Dots are stuffed as an honest client does, at the lines that it sees.
          const text = `${chunks.join('')}\r\n`.replaceAll(/^\./gm, '..')
          if ((await raw.ask(Buffer.from(`${text}.\r\n`))).startsWith('250')) accepted++
        }
        raw.close()
      }),
      {numRuns: 60},
    )
    expect(accepted).toBeGreaterThan(5)
    await expect.poll(() => messages(hop).length, {timeout: 30_000}).toBe(accepted)
    expect(world.seen('accepted')).toHaveLength(accepted)
    for (const text of messages(hop)) expect(text).not.toMatch(/\r(?!\n)|(?<!\r)\n|\0/)
    expect(lines(hop, 'MAIL').filter((line) => line.includes('forged'))).toEqual([])
    expect(lines(hop, 'RCPT').filter((line) => line.includes('victim'))).toEqual([])
  })

  test('has the envelope that came, byte for byte', async () => {
    const hop = await inFrontOf({extensions: ['PIPELINING', 'SMTPUTF8', '8BITMIME', 'DSN']})
    const recipients = [
      'Mixed.Case+tag=x@EXAMPLE.mil',
      '"quoted \\" and @ and space"@example.mil',
      'plain@XN--BCHER-KVA.example',
      "!#$%&'*-/?^_`{|}~@example.mil",
    ]
    const raw = await client(world.port())
    expect(await raw.ask('MAIL FROM:<@one.example,@two.example:Some.One@xn--Bcher-Kva.Example>')).toMatch(/^250/)
    for (const address of recipients) expect(await raw.ask(`RCPT TO:<${address}>`)).toMatch(/^250/)
    await raw.ask('DATA')
    expect(await raw.ask('.')).toMatch(/^250/)
    await expect.poll(() => lines(hop, 'RCPT').length, {timeout: 30_000}).toBe(recipients.length)
    const sent = lines(hop, 'RCPT').map((line) => /TO:<(.*)>/.exec(line)?.[1])
    expect(sent.sort()).toEqual([...recipients].sort())
    for (const line of lines(hop, 'MAIL')) expect(line).toContain('FROM:<Some.One@xn--Bcher-Kva.Example>')
  })

  test('names UTF-8 addresses with SMTPUTF8 alone', async () => {
    const hop = await inFrontOf({extensions: ['SMTPUTF8', '8BITMIME']})
    const address = 'Δοκιμή@bücher.example'
    expect(await send(world.port(), {to: [address]})).toMatch(/^553 5\.6\.7 /)
    expect(await send(world.port(), {to: [address], mailParameters: 'SMTPUTF8'})).toMatch(/^250 /)
    await expect.poll(() => lines(hop, 'RCPT').length, {timeout: 30_000}).toBe(1)
    expect(Buffer.from(lines(hop, 'RCPT')[0]!, 'latin1').toString()).toContain(`<${address}>`)
    expect(lines(hop, 'MAIL')[0]).toContain(' SMTPUTF8')
  })

  test('is what came by BDAT, with its dots and a last line completed', async () => {
    const hop = await inFrontOf()
    const raw = await client(world.port())
    const body = 'Subject: t\r\n\r\n.\r\n..two\r\nno end'
    raw.write(`MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.mil>\r\nBDAT ${body.length} LAST\r\n${body}`)
    for (const reply of ['250 2.1.0', '250 2.1.5', '250 2.0.0 queued']) expect(await raw.reply()).toContain(reply)
    await expect.poll(() => messages(hop).length, {timeout: 30_000}).toBe(1)
    expect(messages(hop)[0]).toMatch(/\r\n\r\n\.\.\r\n\.\.\.two\r\nno end\r\n$/)
  })
})

describe('mail from a stranger', () => {
  const STRANGERS = 'clients: [192.0.2.0/24]\n'

  test('reaches the inner host of a protected domain, and goes nowhere else', async () => {
    const [inner, outer] = [await world.peer(), await world.peer()]
    await world.start(`${STRANGERS}domains: [inner.example]
routes:
  - {domain: inner.example, host: 127.0.0.1, port: ${inner.port}}
  - {domain: "*", host: 127.0.0.1, port: ${outer.port}}
`)
    expect(await send(world.port(), {to: ['someone@Inner.Example']})).toMatch(/^250 /)
    for (const domain of ['example.mil', 'sub.inner.example', 'notinner.example', 'inner.example.mil']) {
      expect(await send(world.port(), {to: [`someone@${domain}`]})).toBe('550 5.7.1 relaying denied')
    }
    // The percent hack and a source route are no way round it.
    for (const path of ['x%inner.example@example.mil', '@inner.example:x@example.mil']) {
      expect(await send(world.port(), {to: [path]})).toBe('550 5.7.1 relaying denied')
    }
    await expect
      .poll(() => lines(inner, 'RCPT'), {timeout: 30_000})
      .toEqual([expect.stringContaining('<someone@Inner.Example>')])
    expect(outer.connections).toEqual([])
  })

  test.each([
    [
      'the postmaster of the first protected domain',
      'domains: [inner.example, other.example]\n',
      'postmaster@inner.example',
    ],
    ['whoever relay.yaml names', 'postmaster: Ops@example.mil\n', 'Ops@example.mil'],
  ])('to the postmaster of the host is read by %s', async (_, settings, reader) => {
    const hop = await inFrontOf({}, STRANGERS + settings)
    for (const to of ['PostMaster', 'postmaster@RELAY.example.org']) {
      expect(await send(world.port(), {to: [to]})).toMatch(/^250 /)
    }
    expect(await send(world.port(), {to: ['someone@relay.example.org']})).toMatch(/^550 5\.7\.1 /)
    await expect
      .poll(() => lines(hop, 'RCPT').map((line) => /<(.*)>/.exec(line)?.[1]), {timeout: 30_000})
      .toEqual([reader, reader])
  })
})

describe('REQUIRETLS', () => {
  const FILES = {
    'profiles/strict.yaml': 'level: secure\nca: [test]\ntrust: imported\n',
    'policy.yaml': 'rules:\n  - {id: r1, recipients: [example.mil], profile: strict}\n',
  }

  /** A hop behind the MX record of example.mil, with verified TLS, that offers these extensions. */
  async function secureHop(extensions: string[]): Promise<Peer> {
    const tls = await world.pki.host({dnsNames: ['mx1.example.mil']})
    const hop = await world.peer({tls, extensions: ['PIPELINING', ...extensions]})
    const zone = await world.zone('example.mil 1 MX 10 mx1.example.mil\nmx1.example.mil 1 A 127.0.0.1')
    await world.start(`dns: {servers: ["${zone.address}"]}\nports: {smtp: ${hop.port}}\n`, FILES)
    return hop
  }

  const requiring = async () =>
    submit(await client(world.port(), 'starttls'), {to: ['colonel@example.mil'], mailParameters: 'REQUIRETLS'})

  test('is offered inside TLS alone, and is no parameter in clear text', async () => {
    await secureHop([])
    const clear = await client(world.port())
    expect(await clear.ask('EHLO x')).not.toContain('REQUIRETLS')
    expect(await clear.ask('MAIL FROM:<a@example.org> REQUIRETLS')).toMatch(/^555 5\.5\.4 /)
    const secure = await client(world.port(), 'starttls')
    expect(await secure.ask('EHLO x')).toContain('REQUIRETLS')
    expect(await secure.ask('MAIL FROM:<a@example.org> REQUIRETLS=yes')).toMatch(/^501 5\.5\.4 /)
    expect(await secure.ask('MAIL FROM:<a@example.org> REQUIRETLS')).toMatch(/^250 /)
  })

  test('is handed on to a next hop that offers it behind verified TLS', async () => {
    const hop = await secureHop(['REQUIRETLS'])
    expect(await requiring()).toMatch(/^250 /)
    await world.event('delivered')
    expect(lines(hop, 'MAIL')).toEqual([expect.stringMatching(/ REQUIRETLS/)])
  })

  test('returns a message whose next hop does not offer it', async () => {
    const hop = await secureHop([])
    expect(await requiring()).toMatch(/^250 /)
    expect(await world.event('bounced')).toMatchObject({status: '5.7.30'})
    expect(messages(hop)).toEqual([])
  })

  // RFC 8689 §5 lets a sender ask for less; here the administrator's profile decides, whoever asks.
  test('has no contrary: `TLS-Required: No` travels on and weakens no profile', async () => {
    const hop = await world.peer()
    await world.start(`routes: [{domain: "*", host: 127.0.0.1, port: ${hop.port}}]\n`, FILES)
    const message = 'TLS-Required: No\r\nSubject: t\r\n\r\nbody\r\n'
    expect(await send(world.port(), {to: ['colonel@example.mil'], message})).toMatch(/^250 /)
    await world.event('deferred')
    expect(messages(hop)).toEqual([])
    expect(await send(world.port(), {to: ['anyone@example.net'], message})).toMatch(/^250 /)
    await expect
      .poll(() => messages(hop), {timeout: 30_000})
      .toEqual([expect.stringContaining('\r\nTLS-Required: No\r\n')])
  })
})
