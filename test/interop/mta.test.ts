import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {createTransport} from 'nodemailer'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {freePort} from '../support/machine.ts'
import type {Mta, MtaOptions} from './mta.ts'
import {postfixMissing, startPostfix} from './postfix.ts'
import {type Sink, startSink} from './sink.ts'
import {startExim, startOpenSmtpd, unpackedMissing} from './unpacked.ts'
import {type Authority, authority, PosternWorld, until} from './world.ts'

// Real mail servers on both sides: they hand mail to our relay, and it hands mail to them.
interface Server {
  name: string
  missing: string | null
  start(options: MtaOptions): Mta | Promise<Mta>
  speaksUtf8: boolean
  /** As a client, where it is asked for one. */
  showsCertificate: boolean
  /** What it writes of a client whose certificate it has verified, into the mail or its log; null: nothing. */
  verifiedUs: RegExp | null
}

const servers: Server[] = [
  {
    name: 'Postfix',
    missing: postfixMissing(),
    start: startPostfix,
    speaksUtf8: true,
    showsCertificate: true,
    verifiedUs: /\(Client CN "relay\.example\.org", Issuer "Interop Root" \(verified OK\)\)/,
  },
  {
    name: 'Exim',
    missing: unpackedMissing('exim4'),
    start: startExim,
    speaksUtf8: true,
    showsCertificate: true,
    verifiedUs: /<= ops@example\.org .* CV=yes DN="\/?CN=relay\.example\.org"/,
  },
  {
    name: 'OpenSMTPD',
    missing: unpackedMissing('smtpd'),
    start: startOpenSmtpd,
    speaksUtf8: false,
    showsCertificate: false,
    verifiedUs: null,
  },
]

// Debian 12 builds OpenSMTPD 6.8 against OpenSSL 3, where it does not find its own key ("missing private key").
const BROKEN = 'every TLS handshake with it fails on its side'

for (const {name, missing} of servers) if (missing) console.log(`skipped: ${name}, because ${missing}`)

describe.each(servers)('$name', ({missing, start, speaksUtf8, showsCertificate, verifiedUs}) => {
  const world = new PosternWorld()
  let ca: Authority
  let mta: Mta
  let sink: Sink
  let port = 0
  let handshakes = true

  beforeAll(async () => {
    if (missing) return
    ca = await authority('Interop Root')
    sink = await startSink()
    port = await freePort()
    const implicitPort = await freePort()
    const routes = `
  - {domain: mta.example, host: 127.0.0.1, port: ${port}}
  - {domain: implicit.example, host: 127.0.0.1, port: ${implicitPort}, tls: implicit}
  - {domain: "*", host: 127.0.0.1, port: ${sink.port}}`
    writeFileSync(join(world.dir, 'root.pem'), ca.rootPem)
    world.must('ca', 'import', join(world.dir, 'root.pem'), '--name', 'mta')
    const subject = ['--subject', 'exact:mx1.mta.example']
    world.must('profile', 'create', 'right', '--level', 'secure', '--ca', 'mta', ...subject)
    world.must('profile', 'create', 'wrong', '--level', 'secure', '--ca', 'mta', '--subject', 'exact:mx9.mta.example')
    world.must('policy', 'apply', 'mta.example', 'implicit.example', '--profile', 'right', '--id', 'mta')
    await world.startRelay({
      routes,
      identity: await ca.issue('relay.example.org'),
      more: 'tls: {clientIdentity: default}\n',
    })
    mta = await start({
      hostname: 'mx1.mta.example',
      domains: ['mta.example', 'implicit.example'],
      port,
      implicitPort,
      identity: await ca.issue('mx1.mta.example'),
      rootPem: ca.rootPem,
      relay: {
        hostname: 'relay.example.org',
        port: world.port,
        implicitPort: world.implicitPort,
        implicitDomain: 'smtps.example',
      },
    })
    handshakes =
      world.run('probe', '--connect', `127.0.0.1:${port}`, '--name', 'mx1.mta.example', '--level', 'encrypt').code === 0
    if (handshakes) return
    // So that the rest can be tested all the same.
    world.must('policy', 'apply', 'mta.example', 'implicit.example', '--profile', 'preferred', '--id', 'mta')
  })

  afterAll(async () => {
    world.stop()
    await mta?.stop()
    await sink?.stop()
  })

  afterEach(({task}) => {
    if (task.result?.state === 'fail') console.log(`${mta.log()}\n${world.run('relay', 'logs').stdout}`)
  })

  /** Changes the policy, and waits until the relay has taken it over. */
  const policy = async (...args: string[]) => {
    const reloads = () => world.run('relay', 'logs').stdout.split('reloaded, revision').length
    const before = reloads()
    world.must('policy', ...args)
    await until('the relay to take over the policy', () => reloads() > before)
  }
  const submit = (to: string, subject: string, more: object = {}) => submitTo(port, to, subject, more)
  const arrives = async (subject: string) => {
    await until(`${subject} in its mailbox`, () => mta.messages().some((message) => message.includes(subject)))
    return mta.messages().find((message) => message.includes(subject))!
  }
  const reaches = async (subject: string) => {
    await until(`${subject} at the sink`, () => sink.subjects().includes(subject))
    return sink.messages.find((message) => message.includes(`Subject: ${subject}`))!
  }

  test.skipIf(missing)('gets our mail over verified TLS', async ({skip}) => {
    skip(!handshakes, BROKEN)
    world.must('send', '--to', 'colonel@mta.example', '--from', 'ops@example.org', '--subject', 'verified')
    expect(await arrives('Subject: verified')).toMatch(/ESMTPS|TLS/)
    expect(world.run('relay', 'logs').stdout).toMatch(/colonel@mta\.example .*tls=secure:verified TLSv1\.3/)
  })

  test.skipIf(missing ?? !verifiedUs)('is shown our certificate, tls.clientIdentity, and verifies it', async () => {
    world.must('send', '--to', 'colonel@mta.example', '--from', 'ops@example.org', '--subject', 'known')
    expect((await arrives('Subject: known')) + mta.log()).toMatch(verifiedUs!)
  })

  test.skipIf(missing)('gets our mail over implicit TLS', async ({skip}) => {
    skip(!handshakes, BROKEN)
    world.must('send', '--to', 'colonel@implicit.example', '--from', 'ops@example.org', '--subject', 'at once')
    await arrives('Subject: at once')
    expect(world.run('relay', 'logs').stdout).toMatch(/colonel@implicit\.example .*tls=secure:verified/)
  })

  test.skipIf(missing)(
    'gets nothing while its name is not the one we want; then it gets what waited',
    async ({skip}) => {
      skip(!handshakes, BROKEN)
      await policy('apply', 'mta.example', '--profile', 'wrong', '--id', 'wrong', '--first')
      world.must('send', '--to', 'colonel@mta.example', '--from', 'ops@example.org', '--subject', 'waiting')
      await until('the refusal', () => world.run('queue', 'list').stdout.includes('4.7.5'))
      expect(world.run('relay', 'logs').stdout).toContain('certificate-host-mismatch')
      expect(mta.log() + mta.messages().join('')).not.toContain('waiting')
      await policy('delete', 'wrong')
      world.must('queue', 'retry')
      await arrives('Subject: waiting')
    },
  )

  test.skipIf(missing)(
    'gets our mail in clear, and only where the profile allows it, while its own TLS is broken',
    async ({skip}) => {
      skip(handshakes, 'its TLS works')
      await policy('apply', 'mta.example', '--profile', 'right', '--id', 'strict', '--first')
      world.must('send', '--to', 'colonel@mta.example', '--from', 'ops@example.org', '--subject', 'not in clear')
      await until('the refusal', () => world.run('queue', 'list').stdout.includes('4.7.5'))
      expect(mta.messages()).toEqual([])
      await policy('delete', 'strict')
      world.must('queue', 'retry')
      await arrives('Subject: not in clear')
      expect(world.run('relay', 'logs').stdout).toMatch(/colonel@mta\.example .*tls=preferred:clear/)
    },
  )

  test.skipIf(missing)('hands us mail over STARTTLS, having verified us', async () => {
    await submit('b@sink.example', 'by starttls')
    expect(await reaches('by starttls')).toMatch(/by relay\.example\.org[^;]*with E?SMTPS/i)
  })

  test.skipIf(missing)('hands us mail over implicit TLS', async () => {
    await submit('b@smtps.example', 'by implicit tls')
    expect(await reaches('by implicit tls')).toMatch(/by relay\.example\.org[^;]*with E?SMTPS/i)
  })

  test.skipIf(missing ?? !showsCertificate)(
    'shows us its certificate where a rule asks for one, and is refused where it does not fit',
    async () => {
      const rule = ['--direction', 'receiving', '--client', '127.0.0.0/8', '--id', 'certified', '--first']
      await policy('apply', '--profile', 'right', ...rule)
      await submit('b@sink.example', 'certified')
      await reaches('certified')
      await policy('apply', '--profile', 'wrong', ...rule)
      await submit('b@sink.example', 'not certified')
      await until('the refusal in our log', () => world.run('relay', 'logs').stdout.includes('4.7.10'))
      await policy('delete', 'certified')
      await reaches('not certified')
    },
  )

  test.skipIf(missing ?? !speaksUtf8)('takes and hands on internationalised addresses', async () => {
    await submitTo(world.port, 'οδυσσέας@mta.example', 'to greek')
    await arrives('Subject: to greek')
    await submit('οδυσσέας@sink.example', 'from greek')
    await reaches('from greek')
  })

  test.skipIf(missing)('gets our DSN about what failed behind us', async () => {
    const before = mta.messages().length
    await submit('refused@sink.example', 'to be refused', {from: 'colonel@mta.example'})
    await until('the DSN', () => mta.messages().length > before)
    const dsn = mta.messages().find((message) => message.includes('report-type=delivery-status'))
    expect(dsn).toMatch(/^Final-Recipient: rfc822;\s?refused@sink\.example/m)
    expect(dsn).toMatch(/^Action: failed/m)
  })

  test.skipIf(missing)('reports success to our sender, through us, where that was asked', async () => {
    const dsn = {id: 'round-trip', return: 'headers', notify: ['success'], recipient: 'ops@sink.example'}
    await submitTo(world.port, 'colonel@mta.example', 'tell me', {from: 'ops@sink.example', dsn})
    await arrives('Subject: tell me')
    const isReport = (message: string) => /^Final-Recipient: rfc822; ?<?colonel@mta\.example/im.test(message)
    await until('the report', () => sink.messages.some(isReport))
    expect(sink.messages.find(isReport)).toMatch(/^Action: (delivered|relayed)/im)
  })
})

/** By SMTP without TLS, on loopback. */
async function submitTo(port: number, to: string, subject: string, more: object = {}): Promise<void> {
  const transport = createTransport({host: '127.0.0.1', port, secure: false, ignoreTLS: true, name: 'client.example'})
  try {
    await transport.sendMail({from: 'a@client.example', to, subject, text: 'hello', ...more})
  } finally {
    transport.close()
  }
}
