import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {connect} from 'node:net'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {controlSocket} from '../../src/app/relay-files.ts'
import {realWorld} from '../../src/app/world.ts'
import {MailAddress} from '../../src/mail/address.ts'
import {replyText} from '../../src/mail/reply.ts'
import {relayAnswers} from '../../src/relay/control.ts'
import {ClientSession} from '../../src/smtp/client.ts'
import {markedBody} from '../queue/marked.ts'
import {orderFault, parseTrace} from '../queue/trace.ts'
import {programPath, run, scratch} from '../support/cli.ts'
import {canTrace, freePort} from '../support/machine.ts'

const MESSAGES = 12

test.runIf(canTrace("the relay's order of system calls"))(
  'no 250 leaves the relay before the data it answers for is on disk',
  async () => {
    await using dir = await scratch()
    const world = realWorld({configDir: join(dir.dir, 'config'), dataDir: join(dir.dir, 'data')})
    const port = await freePort()
    mkdirSync(world.configDir)
    // Nobody listens at the next hop: everything stays queued.
    writeFileSync(
      join(world.configDir, 'relay.yaml'),
      `hostname: relay.example.org
listeners: [{address: 127.0.0.1, port: ${port}, tls: off}]
routes: [{domain: "*", host: 127.0.0.1, port: ${await freePort()}}]
`,
    )
    const file = join(dir.dir, 'trace')
    const calls = 'trace=write,writev,pwrite64,pwritev,fsync,fdatasync'
    const program = [process.execPath, programPath(), 'relay', 'start']
    const traced = spawn('strace', ['-f', '-y', '-s', '5000', '-e', calls, '-o', file, ...program], {
      env: {...process.env, POSTERN_CONFIG_DIR: world.configDir, POSTERN_DATA_DIR: world.dataDir},
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const exit = once(traced, 'exit')
    await expect.poll(() => relayAnswers(controlSocket(world)), {timeout: 60_000}).toBe(true)

    const ids = await submit(port)
    expect((await run(['relay', 'stop'], {configDir: world.configDir, dataDir: world.dataDir})).code).toBe(0)
    await exit
    const trace = parseTrace(readFileSync(file, 'utf8'))
    expect(ids.map((id, n) => orderFault(trace, n, `queued as ${id}`))).toEqual(ids.map(() => null))
  },
)

/** Queue ids of messages 0, 1, 2 …, small and large, handed over one after the other. */
async function submit(port: number): Promise<string[]> {
  const timeouts = {greeting: 60_000, command: 60_000}
  const session = new ClientSession(connect(port, '127.0.0.1'), {timeouts, secure: false})
  await session.greeting()
  await session.hello('client.example.org')
  const ids: string[] = []
  for (let n = 0; n < MESSAGES; n++) {
    const {recipients} = await session.send({
      reversePath: MailAddress.parse(`s${n}@example.org`),
      options: {},
      recipients: [{address: MailAddress.parse(`r${n}@example.mil`), options: {}}],
      body: async function* () {
        yield Buffer.from(`Subject: ${n}\r\n\r\n`)
        yield markedLines(n)
      },
    })
    ids.push(/queued as (\w+)/.exec(replyText(recipients[0]!.reply))![1]!)
  }
  await session.quit()
  return ids
}

function markedLines(n: number): Buffer {
  return Buffer.from(
    `${markedBody(n)
      .toString()
      .replace(/(.{70})/g, '$1\r\n')}\r\n`,
  )
}
