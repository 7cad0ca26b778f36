import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {expect, onTestFinished, test} from 'vitest'
import {controlSocket} from '../../src/app/relay-files.ts'
import {relayAnswers} from '../../src/relay/control.ts'
import {RelayWorld} from '../relay/support.ts'
import {programPath} from '../support/cli.ts'
import {freePort} from '../support/machine.ts'
import type {Peer, PeerScript} from '../support/peer.ts'
import {Load, wholeId} from './load.ts'

const KILLS = 20
const CLIENTS = 6
/** Longest time under load before a kill, milliseconds. */
const LONGEST_LIFE = 500
/** Of four recipients two are taken at once, one is put off at first, one is refused. */
const RECIPIENTS = ['a@taken.example', 'b@taken.example', 'c@later.example', 'd@refused.example']

test('every message that was answered 250 arrives whole or is returned, though the relay is killed twenty times', async () => {
  const world = await RelayWorld.make()
  onTestFinished(() => world.end())
  const hop = await nextHops(world)
  const port = await freePort()
  const {cert, key} = await world.pki.host({dnsNames: ['relay.example.org']})
  await world.write({
    'relay.yaml': `hostname: relay.example.org
listeners: [{address: 127.0.0.1, port: ${port}, tls: starttls}]
routes:
  - {domain: later.example, host: 127.0.0.1, port: ${hop.later.port}}
  - {domain: refused.example, host: 127.0.0.1, port: ${hop.refused.port}}
  - {domain: "*", host: 127.0.0.1, port: ${hop.taken.port}}
queue: {retry: 1s, retryMax: 2s}
`,
    'identity/default.pem': cert,
    'identity/default.key': key,
    'policy.yaml': 'rules:\n  - {id: all, recipients: ["*"], profile: encrypt}\n',
  })
  let relay = await start(world)
  const load = new Load(port, CLIENTS, recipientOf)
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(Math.random() * LONGEST_LIFE)
    relay.kill('SIGKILL')
    await once(relay, 'exit')
    relay = await start(world)
  }
  await load.stop()
  await expect.poll(async () => (await world.queue()).length, {timeout: 90_000, interval: 200}).toBe(0)
  relay.kill('SIGTERM')
  const [code] = await once(relay, 'exit')

  const [taken, later] = [hop.taken, hop.later].map(arrived) as [string[], string[]]
  const delivered = [...taken.filter((message) => !isReport(message)), ...later].map(wholeId)
  const returned = taken.filter(isReport).map(aboutId)
  const ends = new Map<string | null, number>()
  for (const id of [...delivered, ...returned]) ends.set(id, (ends.get(id) ?? 0) + 1)
  const lost = [...load.acknowledged].filter((id) => !ends.has(id))
  const duplicates = [...ends.values()].reduce((sum, count) => sum + count - 1, 0)
  console.log(
    `crash test: ${KILLS} kills, ${load.acknowledged.size} answered 250, ${lost.length} lost, ${delivered.length} ` +
      `delivered, ${returned.length} returned, ${duplicates} duplicates, ${load.unanswered.size} unanswered`,
  )
  expect(load.acknowledged.size).toBeGreaterThan(KILLS)
  expect(lost).toEqual([])
  expect(ends.has(null)).toBe(false)
  // Each where it belongs: what is refused is returned, and nothing else is.
  expect(returned.filter((id) => recipientOf(id!) !== 'd@refused.example')).toEqual([])
  expect(delivered.filter((id) => recipientOf(id!) === 'd@refused.example')).toEqual([])
  const clear = [hop.taken, hop.later, hop.refused].flatMap(({connections}) =>
    connections.filter(({lines}) => lines.some((line) => line.startsWith('MAIL')) && !lines.some(isHandshake)),
  )
  expect(clear).toEqual([])
  expect(code).toBe(0)
  // Nothing half is left behind either: no body without its message.
  expect(readdirSync(join(world.world.dataDir, 'queue', 'segments'))).toEqual([])
}, 300_000)

async function nextHops(world: RelayWorld): Promise<{taken: Peer; later: Peer; refused: Peer}> {
  const tls = await world.pki.host()
  const hop = (replies: PeerScript['replies'] = {}) => world.peer({tls, replies})
  let turn = 0
  return {
    taken: await hop(),
    later: await hop({
      RCPT: (talk) => talk.send(turn++ % 2 === 0 ? '451 4.2.1 later\r\n' : '250 2.1.5 ok\r\n'),
    }),
    refused: await hop({RCPT: '550 5.1.1 nobody of that name'}),
  }
}

async function start({world}: RelayWorld): Promise<ChildProcess> {
  const dirs = ['--config-dir', world.configDir, '--data-dir', world.dataDir]
  const child = spawn(process.execPath, [programPath(), 'relay', 'start', ...dirs], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await expect.poll(() => relayAnswers(controlSocket(world)), {timeout: 60_000}).toBe(true)
  return child
}

function recipientOf(id: string): string {
  return RECIPIENTS[Number(id.slice(1)) % RECIPIENTS.length]!
}

/** A hop that says 354 behind refused recipients is sent an end of data and nothing before it (RFC 2920 §3.1). */
function arrived({connections}: Peer): string[] {
  const messages = connections.flatMap((connection) => connection.messages).filter((message) => message !== '')
  return messages.map((message) => message.replaceAll('\r\n..', '\r\n.'))
}

function isReport(message: string): boolean {
  return message.includes('report-type=delivery-status')
}

function aboutId(report: string): string | null {
  return /^Subject: (m\d+)\r?$/m.exec(report)?.[1] ?? null
}

function isHandshake(line: string): boolean {
  return line.startsWith('<TLS')
}
