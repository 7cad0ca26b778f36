import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, readdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {expect, test} from 'vitest'
import {queueList} from '../../src/app/queue-access.ts'
import {controlSocket} from '../../src/app/relay-files.ts'
import {realWorld} from '../../src/app/world.ts'
import {relayAnswers} from '../../src/relay/control.ts'
import {startSink} from '../interop/sink.ts'
import {freePort} from '../interop/world.ts'
import {programPath, scratch} from '../support/cli.ts'
import {Load, wholeId} from './load.ts'

const KILLS = 20
const CLIENTS = 6
/** Longest time under load before a kill, milliseconds. */
const LONGEST_LIFE = 500

test('every message that was answered 250 arrives whole, though the relay is killed twenty times', async () => {
  await using dir = await scratch()
  const sink = await startSink()
  const port = await freePort()
  const world = realWorld({configDir: join(dir.dir, 'config'), dataDir: join(dir.dir, 'data')})
  mkdirSync(world.configDir)
  writeFileSync(
    join(world.configDir, 'relay.yaml'),
    `hostname: relay.example.org
listeners: [{address: 127.0.0.1, port: ${port}, tls: off}]
routes: [{domain: "*", host: 127.0.0.1, port: ${sink.port}}]
queue: {retry: 1s, retryMax: 2s}
`,
  )
  const start = async (): Promise<ChildProcess> => {
    const dirs = ['--config-dir', world.configDir, '--data-dir', world.dataDir]
    const child = spawn(process.execPath, [programPath(), 'relay', 'start', ...dirs], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    await expect.poll(() => relayAnswers(controlSocket(world)), {timeout: 30_000}).toBe(true)
    return child
  }

  let relay = await start()
  const load = new Load(port, CLIENTS)
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(Math.random() * LONGEST_LIFE)
    relay.kill('SIGKILL')
    await once(relay, 'exit')
    relay = await start()
  }
  await load.stop()
  await expect.poll(async () => (await queueList(world, {})).messages.length, {timeout: 60_000, interval: 200}).toBe(0)
  relay.kill('SIGTERM')
  const [code] = await once(relay, 'exit')

  const arrived = sink.messages.map(wholeId)
  const distinct = new Set(arrived)
  const lost = [...load.acknowledged].filter((id) => !distinct.has(id))
  const kept = [...load.unanswered].filter((id) => distinct.has(id)).length
  console.log(
    `crash test: ${KILLS} kills, ${load.acknowledged.size} answered 250, ${lost.length} lost, ` +
      `${arrived.length - distinct.size} duplicates, ${load.unanswered.size} unanswered of which ${kept} delivered`,
  )
  expect(load.acknowledged.size).toBeGreaterThan(KILLS)
  expect(arrived).not.toContain(null)
  expect(lost).toEqual([])
  expect(code).toBe(0)
  // Nothing half is left behind either: no body without its message.
  expect(readdirSync(join(world.dataDir, 'queue', 'segments'))).toEqual([])
  await sink.stop()
}, 180_000)
