import {connect} from 'node:net'
import {afterEach, describe, expect, test} from 'vitest'
import {MailAddress} from '../../src/mail/address.ts'
import {replyText} from '../../src/mail/reply.ts'
import {ClientSession, type OutgoingMessage, type SessionTimeouts} from '../../src/smtp/client.ts'
import {SmtpError} from '../../src/smtp/error.ts'
import {expectNoLeak, openSockets} from '../support/handles.ts'
import {type Peer, type PeerScript, peer} from '../support/peer.ts'

let host: Peer | undefined
let session: ClientSession | undefined

afterEach(async () => {
  session?.destroy()
  await host?.stop()
})

const quick: SessionTimeouts = {greeting: 5_000, command: 5_000, dataBlock: 5_000, dataEnd: 5_000}

async function open(script: PeerScript, timeouts: Partial<SessionTimeouts> = {}): Promise<ClientSession> {
  host = await peer(script)
  const socket = connect(host.port, host.address)
  session = new ClientSession(socket, {timeouts: {...quick, ...timeouts}, secure: false, underlying: socket})
  return session
}

/** A session that is through with EHLO. */
async function greeted(script: PeerScript, timeouts?: Partial<SessionTimeouts>): Promise<ClientSession> {
  const opened = await open(script, timeouts)
  await opened.greeting()
  await opened.hello('relay.example.org')
  return opened
}

function message(change: Partial<OutgoingMessage> & {to?: string[]; text?: string | Buffer} = {}): OutgoingMessage {
  const {to = ['a@example.mil'], text = 'Subject: x\r\n\r\nhello\r\n', ...rest} = change
  return {
    reversePath: MailAddress.parse('sender@example.org'),
    options: {},
    recipients: to.map((address) => ({address: MailAddress.parse(address), options: {}})),
    async *body() {
      yield Buffer.from(text)
    },
    ...rest,
  }
}

const outcome = ({recipients}: Awaited<ReturnType<ClientSession['send']>>) => {
  return recipients.map(({accepted, reply, command}) => `${accepted ? 'yes' : 'no'} ${command}: ${replyText(reply)}`)
}

const commands = () => host!.connections[0]!.lines

describe('greeting and EHLO', () => {
  test('reads a reply of several lines that comes in pieces', async () => {
    const opened = await open({
      greeting: ({send}) => {
        send('220-one\r')
        setTimeout(() => send('\n220-two\r\n22'), 10)
        setTimeout(() => send('0 three\r\n'), 20)
      },
    })
    expect(await opened.greeting()).toEqual({code: 220, lines: ['one', 'two', 'three']})
  })

  test('knows extensions in any case, with blanks behind them', async () => {
    const opened = await greeted({extensions: ['StartTLS  ', 'size 1000 ', 'AUTH PLAIN LOGIN', 'X-ODD-ONE', '=junk']})
    expect([...opened.extensions]).toEqual([
      ['STARTTLS', ''],
      ['SIZE', '1000'],
      ['AUTH', 'PLAIN LOGIN'],
      ['X-ODD-ONE', ''],
    ])
  })

  test('says HELO where EHLO is not known', async () => {
    const opened = await greeted({replies: {EHLO: '502 5.5.1 what?'}})
    expect(commands()).toEqual(['EHLO relay.example.org', 'HELO relay.example.org'])
    expect(opened.extensions.size).toBe(0)
    expect(opened.usable).toBe(true)
  })

  test('does not say HELO after a 4xx', async () => {
    const opened = await open({replies: {EHLO: '451 4.3.0 later'}})
    await opened.greeting()
    expect((await opened.hello('relay.example.org')).code).toBe(451)
    expect(commands()).toEqual(['EHLO relay.example.org'])
  })

  test('takes a reply with bare LF and one without text', async () => {
    const opened = await open({greeting: ({send}) => send('220\n')})
    expect(await opened.greeting()).toEqual({code: 220, lines: ['']})
  })

  test('is not usable after a 421', async () => {
    const opened = await open({greeting: '421 4.3.2 closing'})
    expect((await opened.greeting()).code).toBe(421)
    expect(opened.usable).toBe(false)
  })
})

describe('a hostile peer', () => {
  test.each([
    ['is no SMTP server', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'smtp-protocol-error'],
    ['sends binary', '\x00\x01\x02\r\n', 'smtp-protocol-error'],
    ['sends a code out of range', '620 hello\r\n', 'smtp-protocol-error'],
    ['changes the code within one reply', '220-one\r\n221 two\r\n', 'smtp-protocol-error'],
    ['sends a megabyte without a line end', 'x'.repeat(1_000_000), 'smtp-protocol-error'],
    ['sends lines of 5 KB', `220 ${'x'.repeat(5_000)}\r\n`, 'smtp-protocol-error'],
    ['sends more lines than a reply may have', '220-more\r\n'.repeat(5_000), 'smtp-protocol-error'],
    ['sends more text than a reply may have', `220-${'x'.repeat(4_000)}\r\n`.repeat(50), 'smtp-protocol-error'],
  ])('that %s ends the session', async (_, banner, code) => {
    const opened = await open({greeting: ({send}) => send(banner)})
    const before = openSockets()
    await expect(opened.greeting()).rejects.toMatchObject({code})
    expect(opened.usable).toBe(false)
    await expectNoLeak(before)
  })

  test('that closes within a reply breaks the protocol', async () => {
    const opened = await open({
      greeting: ({send, end}) => {
        send('220-one\r\n')
        end()
      },
    })
    await expect(opened.greeting()).rejects.toMatchObject({code: 'smtp-protocol-error'})
  })

  test('that closes without a word loses the session', async () => {
    const opened = await open({greeting: ({end}) => end()})
    await expect(opened.greeting()).rejects.toMatchObject({code: 'smtp-connection-lost'})
  })

  test('that is silent runs into the limit', async () => {
    const opened = await open({greeting: null}, {greeting: 50})
    await expect(opened.greeting()).rejects.toMatchObject({code: 'smtp-timeout'})
  })

  test('that drips octets runs into the limit of the whole step', async () => {
    let timer: NodeJS.Timeout | undefined
    const opened = await open(
      {
        greeting: ({send, stream}) => {
          timer = setInterval(() => stream.writable && send('220-drip\r\n'), 5)
        },
      },
      {greeting: 150},
    )
    await expect(opened.greeting()).rejects.toMatchObject({code: 'smtp-timeout'})
    clearInterval(timer)
  })

  test('that answers before it is asked ends the session', async () => {
    const opened = await open({greeting: ({send}) => send('220 hello\r\n250 fine\r\n')})
    await opened.greeting()
    await expect(opened.hello('relay.example.org')).rejects.toMatchObject({code: 'smtp-protocol-error'})
  })

  test('that hangs up after its refusal has still refused', async () => {
    const opened = await open({
      greeting: ({send, end}) => {
        send('554 5.7.1 go away\r\n')
        end()
      },
    })
    expect(replyText(await opened.greeting())).toBe('554 5.7.1 go away')
  })

  test('does not make us hold what it sends while nobody asks', async () => {
    const opened = await greeted({
      replies: {
        EHLO: ({send}) => send(`250 peer\r\n${'250-flood\r\n'.repeat(100_000)}`),
      },
    })
    expect(opened.usable).toBe(false)
    await expect(opened.send(message())).rejects.toThrow(SmtpError)
  })
})

describe('a transaction', () => {
  test('goes out in one group where the peer pipelines', async () => {
    const opened = await greeted({})
    expect(outcome(await opened.send(message({to: ['a@example.mil', 'b@example.mil']})))).toEqual([
      'yes end of DATA: 250 2.0.0 kept',
      'yes end of DATA: 250 2.0.0 kept',
    ])
    expect(commands().slice(1)).toEqual([
      'MAIL FROM:<sender@example.org>',
      'RCPT TO:<a@example.mil>',
      'RCPT TO:<b@example.mil>',
      'DATA',
    ])
    expect(host!.connections[0]!.messages).toEqual(['Subject: x\r\n\r\nhello\r\n'])
    expect(opened.usable).toBe(true)
  })

  test('gives each recipient the reply that decided its fate', async () => {
    for (const extensions of [[], ['PIPELINING']]) {
      const opened = await greeted({
        extensions,
        replies: {RCPT: ({send}, line) => send(line.includes('<b@') ? '550 5.1.1 no b\r\n' : '250 ok\r\n')},
      })
      expect(outcome(await opened.send(message({to: ['a@x.example', 'b@x.example', 'c@x.example']})))).toEqual([
        'yes end of DATA: 250 2.0.0 kept',
        'no RCPT: 550 5.1.1 no b',
        'yes end of DATA: 250 2.0.0 kept',
      ])
      opened.destroy()
      await host!.stop()
    }
  })

  test('stops after a refused MAIL, and asks for nothing more without PIPELINING', async () => {
    const opened = await greeted({extensions: [], replies: {MAIL: '451 4.7.1 later'}})
    expect(outcome(await opened.send(message()))).toEqual(['no MAIL: 451 4.7.1 later'])
    expect(commands().at(-1)).toBe('MAIL FROM:<sender@example.org>')
  })

  test('sends no message when no recipient is left, and ends an eager 354 with an empty one', async () => {
    const opened = await greeted({replies: {RCPT: '550 5.1.1 nobody', '.': '554 5.5.1 no recipients'}})
    expect(outcome(await opened.send(message()))).toEqual(['no RCPT: 550 5.1.1 nobody'])
    expect(host!.connections[0]!.messages).toEqual([''])
    expect(opened.usable).toBe(true)
  })

  test('begins with RSET after one that was given up', async () => {
    const opened = await greeted({replies: {DATA: '450 4.2.1 not now'}})
    expect(outcome(await opened.send(message()))).toEqual(['no DATA: 450 4.2.1 not now'])
    await opened.send(message())
    expect(commands().filter((line) => line === 'RSET')).toHaveLength(1)
    expect(commands().indexOf('RSET')).toBe(4)
  })

  test('doubles dots, mends line ends and adds the last one', async () => {
    const opened = await greeted({})
    const text = '.\r\n..a\r\nb.\nlone\rcr\r\r\n.end'
    await opened.send(message({text}))
    await opened.quit()
    expect(host!.connections[0]!.messages).toEqual(['..\r\n...a\r\nb.\r\nlone\r\ncr\r\n\r\n..end\r\n'])
  })

  test('does so however the message is cut into blocks', async () => {
    const opened = await greeted({})
    const text = '.\r\n..a\r\nb.\nlone\rcr\r\r\n.end\r'
    await opened.send(
      message({
        async *body() {
          for (const octet of Buffer.from(text)) yield Buffer.from([octet])
        },
      }),
    )
    await opened.quit()
    expect(host!.connections[0]!.messages).toEqual(['..\r\n...a\r\nb.\r\nlone\r\ncr\r\n\r\n..end\r\n'])
  })

  test('keeps the envelope octet for octet', async () => {
    const opened = await greeted({extensions: ['SMTPUTF8', '8BITMIME']})
    const to = ['"odd \\" one"@Example.MIL', 'user+tag@xn--mnchen-3ya.example', 'user@[127.0.0.1]', 'ü@bücher.example']
    await opened.send(message({to, reversePath: null}))
    expect(commands().slice(1, 6)).toEqual([
      'MAIL FROM:<> SMTPUTF8',
      ...to.map((text) => `RCPT TO:<${Buffer.from(text).toString('latin1')}>`),
    ])
  })

  test('uses parameters only where they are offered', async () => {
    const full = message({
      size: 22,
      options: {body: '8bitmime', ret: 'hdrs', envid: 'QQ314159'},
      recipients: [
        {
          address: MailAddress.parse('a@example.mil'),
          options: {notify: ['success', 'failure'], orcpt: 'rfc822;a@example.mil'},
        },
      ],
    })
    const opened = await greeted({extensions: ['SIZE', '8BITMIME', 'DSN']})
    await opened.send(full)
    expect(commands().slice(1, 3)).toEqual([
      'MAIL FROM:<sender@example.org> SIZE=22 BODY=8BITMIME RET=HDRS ENVID=QQ314159',
      'RCPT TO:<a@example.mil> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a@example.mil',
    ])
    opened.destroy()
    await host!.stop()
    const plain = await greeted({extensions: []})
    await plain.send(full)
    expect(commands().slice(1, 3)).toEqual(['MAIL FROM:<sender@example.org>', 'RCPT TO:<a@example.mil>'])
  })

  test.each([
    ['is larger than the peer takes', {size: 1001}, ['SIZE 1000'], '552 5.3.4'],
    ['has 8-bit content and the peer has no 8BITMIME', {options: {body: '8bitmime'}, text: 'ü'}, [], '554 5.6.3'],
    [
      'has internationalised headers and the peer no SMTPUTF8',
      {options: {smtputf8: true}, text: 'Subject: ü\r\n\r\n'},
      ['8BITMIME'],
      '554 5.6.9',
    ],
    ['has an internationalised sender', {reversePath: MailAddress.parse('ü@example.org')}, [], '553 5.6.7'],
    ['has 8-bit content that nobody declared', {text: 'x: y\r\n\r\nü'}, ['SMTPUTF8'], '554 5.6.3'],
    [
      'has internationalised fields in a part',
      {options: {smtputf8: true}, text: 'x: y\r\n\r\n--b\r\na: b;\r\n c=ü\r\n\r\n'},
      ['8BITMIME'],
      '554 5.6.9',
    ],
    ['is BINARYMIME', {options: {body: 'binarymime'}}, ['BINARYMIME'], '554 5.6.3'],
    ['requires TLS', {options: {requireTls: true}}, ['REQUIRETLS'], '550 5.7.30'],
  ] as const)('is refused here, as a result, when it %s', async (_, change, extensions, status) => {
    const opened = await greeted({extensions: [...extensions]})
    const [only] = (await opened.send(message(change as object))).recipients
    expect(only!.accepted).toBe(false)
    expect(replyText(only!.reply)).toMatch(new RegExp(`^${status} `))
    expect(commands()).toHaveLength(1)
    expect(opened.usable).toBe(true)
  })

  test('goes on for the others when one address needs SMTPUTF8', async () => {
    const opened = await greeted({})
    const results = outcome(await opened.send(message({to: ['a@example.mil', 'ü@example.mil']})))
    expect(results).toEqual(['yes end of DATA: 250 2.0.0 kept', expect.stringMatching(/^no RCPT: 553 5\.6\.7/)])
  })

  test('needs no SMTPUTF8 for 8-bit text behind the header, though it was declared', async () => {
    const opened = await greeted({extensions: ['8BITMIME']})
    const text = 'Subject: x\r\n\r\n--ü\r\n-- \r\nü: ü\r\n--b\r\nplain ü\r\n'
    const sent = await opened.send(message({options: {body: '8bitmime', smtputf8: true}, text}))
    expect(outcome(sent)).toEqual(['yes end of DATA: 250 2.0.0 kept'])
  })

  test('goes out where 8BITMIME and SMTPUTF8 were declared but never needed', async () => {
    const opened = await greeted({extensions: []})
    const sent = await opened.send(message({options: {body: '8bitmime', smtputf8: true}}))
    expect(sent.recipients[0]!.accepted).toBe(true)
  })

  test('counts a 421 for everyone whose fate is open', async () => {
    const opened = await greeted({
      replies: {
        RCPT: ({send, end}, line) => {
          if (line.includes('<b@')) {
            send('421 4.3.2 shutting down\r\n')
            end()
          } else send('250 ok\r\n')
        },
      },
    })
    const results = outcome(await opened.send(message({to: ['a@x.example', 'b@x.example', 'c@x.example']})))
    expect(results).toEqual(Array(3).fill('no RCPT: 421 4.3.2 shutting down'))
    expect(opened.usable).toBe(false)
  })

  test('says what was settled when the session is lost', async () => {
    const opened = await greeted({
      replies: {
        RCPT: ({send}, line) => send(line.includes('<a@') ? '550 5.1.1 no a\r\n' : '250 ok\r\n'),
        '.': ({drop}) => drop(),
      },
    })
    const error = await opened.send(message({to: ['a@x.example', 'b@x.example']})).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(SmtpError)
    expect((error as SmtpError).settled).toMatchObject([{accepted: false, command: 'RCPT'}, null])
    expect(opened.usable).toBe(false)
  })

  test('reads no further ahead than the peer takes, and gives a stalled peer up', async () => {
    const opened = await greeted(
      {
        extensions: ['8BITMIME'],
        replies: {
          DATA: ({send, stream}) => {
            send('354 go ahead\r\n')
            stream.pause()
          },
        },
      },
      {dataBlock: 300},
    )
    let made = 0
    const large = message({
      async *body() {
        for (; made < 1_000; made++) yield Buffer.alloc(65_536, 'x')
      },
    })
    await expect(opened.send(large)).rejects.toMatchObject({code: 'smtp-timeout'})
    expect(made).toBeLessThan(500)
  })

  test('takes the refusal of a peer that stops reading in the middle', async () => {
    const opened = await greeted({
      replies: {
        DATA: ({send, stream}) => {
          stream.removeAllListeners('data')
          stream.once('data', () => send('552 5.3.4 too much\r\n'))
          send('354 go ahead\r\n')
        },
      },
    })
    const endless = message({
      async *body() {
        for (let i = 0; i < 1_000; i++) {
          yield Buffer.alloc(65_536, 'x')
          await new Promise((resolve) => setImmediate(resolve))
        }
      },
    })
    expect(outcome(await opened.send(endless))).toEqual(['no end of DATA: 552 5.3.4 too much'])
    expect(opened.usable).toBe(false)
  })

  test.each([
    ['accepts the message before its end', '354 go ahead\r\n250 kept\r\n'],
    ['answers DATA with 250', '250 kept\r\n'],
    ['answers DATA with 334', '334 what\r\n'],
  ])('is not delivered when the peer %s', async (_, answer) => {
    const opened = await greeted({extensions: [], replies: {DATA: ({send}) => send(answer)}})
    await expect(opened.send(message())).rejects.toMatchObject({code: 'smtp-protocol-error'})
    expect(opened.usable).toBe(false)
  })

  test('ends without a dot when the message cannot be read', async () => {
    const opened = await greeted({})
    const broken = message({
      async *body() {
        yield Buffer.from('half')
        throw new Error('disk')
      },
    })
    await expect(opened.send(broken)).rejects.toThrow('disk')
    expect(opened.usable).toBe(false)
    expect(host!.connections[0]!.messages).toEqual([])
  })

  test('carries a thousand recipients', async () => {
    const to = Array.from({length: 1_000}, (_, i) => `user${i}@example.mil`)
    const opened = await greeted({})
    const {recipients} = await opened.send(message({to}))
    expect(recipients.filter(({accepted}) => accepted)).toHaveLength(1_000)
  })
})

describe('the end of a session', () => {
  test('is QUIT and a closed socket', async () => {
    const opened = await greeted({})
    const before = openSockets()
    await opened.quit()
    expect(commands().at(-1)).toBe('QUIT')
    await expectNoLeak(before - 2)
  })

  test('does not wait for a peer that ignores QUIT', async () => {
    const opened = await greeted({replies: {QUIT: null}})
    await opened.quit()
    expect(opened.usable).toBe(false)
  })
})

describe('BDAT', () => {
  const big = `Subject: x\r\n\r\n${'.a line of thirty-two octets....\r\n'.repeat(20_000)}`
  const blocks = (text: string | Buffer, size = 50_000) =>
    async function* () {
      const octets = Buffer.from(text)
      for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size)
    }
  const bdats = () => commands().filter((line) => line.startsWith('BDAT'))

  test('carries a small message in one chunk, dots as they are and line ends mended', async () => {
    const opened = await greeted({extensions: ['PIPELINING', 'CHUNKING']})
    const text = '.\r\n..a\r\nb.\nlone\rcr\r\r\n.end\r'
    expect(outcome(await opened.send(message({body: blocks(text, 1)})))).toEqual(['yes BDAT: 250 2.0.0 kept'])
    expect(host!.connections[0]!.messages).toEqual(['.\r\n..a\r\nb.\r\nlone\r\ncr\r\n\r\n.end\r\n'])
    expect(commands()).toEqual([
      'EHLO relay.example.org',
      'MAIL FROM:<sender@example.org>',
      'RCPT TO:<a@example.mil>',
      'BDAT 30 LAST',
    ])
    await opened.send(message())
    expect(commands()).not.toContain('RSET')
  })

  test.each([
    ['with', ['PIPELINING', 'CHUNKING']],
    ['without', ['CHUNKING']],
  ])('carries a large message in several, %s PIPELINING', async (_, extensions) => {
    const opened = await greeted({extensions})
    const sent = await opened.send(message({body: blocks(big), to: ['a@x.example', 'b@x.example']}))
    expect(outcome(sent)).toEqual(['yes BDAT: 250 2.0.0 kept', 'yes BDAT: 250 2.0.0 kept'])
    expect(host!.connections[0]!.messages).toEqual([big])
    expect(bdats().length).toBeGreaterThan(2)
    expect(bdats().map((line) => line.endsWith('LAST'))).toEqual([
      ...bdats()
        .slice(1)
        .map(() => false),
      true,
    ])
  })

  test.each([
    ['with', ['PIPELINING', 'CHUNKING']],
    ['without', ['CHUNKING']],
  ])(
    'ends at a chunk that is refused, and the next transaction begins with RSET, %s PIPELINING',
    async (_, extensions) => {
      let count = 0
      const opened = await greeted({
        extensions,
        replies: {BDAT: ({send}) => send(count++ === 0 ? '552 5.3.4 too much\r\n' : '250 2.0.0 ok\r\n')},
      })
      expect(outcome(await opened.send(message({body: blocks(big)})))).toEqual(['no BDAT: 552 5.3.4 too much'])
      expect(bdats().at(-1)).not.toContain('LAST')
      expect(opened.usable).toBe(true)
      expect(outcome(await opened.send(message()))).toEqual(['yes BDAT: 250 2.0.0 ok'])
      expect(commands().filter((line) => line === 'RSET')).toHaveLength(1)
    },
  )

  test.each([
    ['354 go ahead', 'protocol-error'],
    [null, 'timeout'],
  ])('with the answer %s to its last chunk leaves open whether it arrived', async (answer, code) => {
    const opened = await greeted({extensions: ['CHUNKING'], replies: {BDAT: answer}}, {dataEnd: 100})
    const error = await opened.send(message()).catch((lost) => lost)
    expect(error).toBeInstanceOf(SmtpError)
    expect(error.code).toBe(`smtp-${code}`)
    expect(error.mayHaveArrived).toBe(answer === null)
  })

  test('is not sent where every recipient was refused', async () => {
    const opened = await greeted({extensions: ['PIPELINING', 'CHUNKING'], replies: {RCPT: '550 5.1.1 who?'}})
    expect(outcome(await opened.send(message()))).toEqual(['no RCPT: 550 5.1.1 who?'])
    expect(bdats()).toEqual([])
  })

  test('carries BINARYMIME with not one octet changed', async () => {
    const opened = await greeted({extensions: ['BINARYMIME', 'CHUNKING', 'PIPELINING']})
    const octets = Buffer.from(Array.from({length: 1024}, (_, i) => i % 256))
    const sent = await opened.send(message({options: {body: 'binarymime'}, body: blocks(octets, 100)}))
    expect(outcome(sent)).toEqual(['yes BDAT: 250 2.0.0 kept'])
    expect(commands()[1]).toBe('MAIL FROM:<sender@example.org> BODY=BINARYMIME')
    expect(Buffer.from(host!.connections[0]!.messages[0]!, 'latin1')).toEqual(octets)
  })
})
