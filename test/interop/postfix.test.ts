import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {type Postfix, postfixMissing, startPostfix} from './postfix.ts'
import {type Authority, authority, freePort, PosternWorld, until} from './world.ts'

// Our relay delivers to a real Postfix: the route names the host, the certificate decides.
const missing = postfixMissing()
if (missing) console.log(`skipped: delivery to Postfix, because ${missing}`)

describe.skipIf(missing)('delivering to Postfix', () => {
  const world = new PosternWorld()
  let ca: Authority
  let postfix: Postfix

  beforeAll(async () => {
    ca = await authority('Interop Root')
    const port = await freePort('127.0.0.1')
    const identity = await ca.issue('mx1.example.mil')
    postfix = startPostfix({
      address: '127.0.0.1',
      port,
      domain: 'example.mil',
      hostname: 'mx1.example.mil',
      ...identity,
    })
    writeFileSync(join(world.dir, 'root.pem'), ca.rootPem)
    world.must('ca', 'import', join(world.dir, 'root.pem'), '--name', 'mil')
    const routes = `[{domain: "*", host: 127.0.0.1, port: ${port}}]`
    await world.startRelay({routes, identity: await ca.issue('relay.example.org')})
  })

  afterAll(() => {
    world.stop()
    postfix?.stop()
  })

  test('over verified TLS when issuer and name are right', async () => {
    world.must('profile', 'create', 'right', '--level', 'secure', '--ca', 'mil', '--subject', 'exact:mx1.example.mil')
    world.must('policy', 'apply', 'example.mil', '--profile', 'right', '--id', 'mil')
    world.must('send', '--to', 'colonel@example.mil', '--from', 'ops@example.org', '--subject', 'verified')
    await until('Postfix to have the message', () => postfix.messages().length === 1)
    const [message] = postfix.messages()
    expect(message).toContain('Subject: verified')
    expect(message).toMatch(/using TLSv1\.3 with cipher/)
    expect(message).toMatch(/by mx1\.example\.mil \(Postfix\) with ESMTPS/)
    expect(world.run('relay', 'logs').stdout).toContain('tls=secure:verified')
  })

  test('not at all when the name is wrong: Postfix sees no MAIL, the message stays queued', async () => {
    world.must('profile', 'create', 'wrong', '--level', 'secure', '--ca', 'mil', '--subject', 'exact:mx9.example.mil')
    world.must('policy', 'apply', 'example.mil', '--profile', 'wrong', '--id', 'mil')
    const before = postfix.messages().length
    world.must('send', '--to', 'colonel@example.mil', '--from', 'ops@example.org', '--subject', 'refused')
    await until('the refusal', () => world.run('queue', 'list').stdout.includes('4.7.5'))
    expect(world.run('relay', 'logs').stdout).toContain('certificate-host-mismatch')
    expect(postfix.messages()).toHaveLength(before)
    expect(postfix.log()).not.toContain('refused')
  })

  test('and as soon as the policy is put right, that message goes out', async () => {
    world.must('policy', 'apply', 'example.mil', '--profile', 'right', '--id', 'mil')
    world.must('queue', 'retry')
    await until('the waiting message', () => postfix.messages().some((message) => message.includes('Subject: refused')))
  })
})
