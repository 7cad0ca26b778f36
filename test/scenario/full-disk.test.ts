import {spawnSync} from 'node:child_process'
import {mkdirSync, rmSync, statfsSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {client, send} from '../relay/client.ts'
import {RelayWorld} from '../relay/support.ts'
import type {Peer} from '../support/peer.ts'

/** The disk, octets: room for the database, and for some messages of a mebibyte. */
const DISK = 24 * 1024 * 1024
const TO = {to: ['a@example.mil'], message: `Subject: large\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(13_000)}`}

let world: RelayWorld
beforeEach(async () => {
  world = await RelayWorld.make()
})
afterEach(() => world.end())

/** A disk of its own below the data directory; false where that may not be made. */
function mount(dir: string): boolean {
  mkdirSync(dir, {recursive: true})
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', dir]).status === 0
}

const canMount = (() => {
  const dir = join('/tmp', `postern-mount-${process.pid}`)
  const mounted = process.getuid?.() === 0 && mount(dir)
  if (mounted) spawnSync('umount', [dir])
  rmSync(dir, {recursive: true, force: true})
  return mounted
})()
if (!canMount) console.log('skipped: a relay on a full disk, for which root must be able to mount a tmpfs')

describe.runIf(canMount)('a relay on a small disk', () => {
  let disk: string
  beforeEach(() => {
    disk = join(world.world.dataDir, 'queue')
    mount(disk)
  })
  afterEach(async () => {
    await world.relay?.stop('the disk goes')
    spawnSync('umount', ['-l', disk])
  })

  const free = () => {
    const {bavail, bsize} = statfsSync(disk)
    return bavail * bsize
  }
  /** Takes what room there is. */
  const fill = () => {
    try {
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(free() + 4096))
    } catch (error) {
      expect(error).toMatchObject({code: 'ENOSPC'})
    }
  }
  const answerToData = async () => {
    const raw = await client(world.port())
    for (const line of ['MAIL FROM:<ops@example.org>', 'RCPT TO:<a@example.mil>']) await raw.ask(line)
    const answer = await raw.ask('DATA')
    raw.socket.destroy()
    return answer
  }
  const arrived = ({connections}: Peer) => connections.flatMap(({messages}) => messages)

  test('answers 452 below limits.freeSpace, and takes mail again once there is room', async () => {
    const sink = await world.peer()
    await world.start(`routes: [{domain: "*", host: 127.0.0.1, port: ${sink.port}}]\nlimits: {freeSpace: 16MiB}\n`)
    expect(await send(world.port(), TO)).toMatch(/^250 /)
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(free() - 15 * 1024 * 1024))
    await expect.poll(answerToData, {timeout: 10_000}).toMatch(/^452 4\.3\.1 /)
    rmSync(join(disk, 'ballast'))
    expect(await send(world.port(), TO)).toMatch(/^250 /)
    await expect.poll(() => arrived(sink).length, {timeout: 20_000}).toBe(2)
  })

  test('that fills up under its hands answers 452, loses nothing, delivers nothing twice, and recovers', async () => {
    const held: (() => void)[] = []
    let open = false
    const sink = await world.peer({
      greeting: (talk) => {
        const greet = () => talk.send('220 peer ESMTP\r\n')
        if (open) greet()
        else held.push(greet)
      },
    })
    await world.start(`routes: [{domain: "*", host: 127.0.0.1, port: ${sink.port}}]\nlimits: {freeSpace: 16MiB}\n`)
    let taken = 0
    for (; taken < 30 && !(await answerToData()).startsWith('452 4.3.1 '); taken++)
      expect(await send(world.port(), TO)).toMatch(/^250 /)
    // What is kept free is kept, however fast they come.
    expect(free()).toBeGreaterThan(14 * 1024 * 1024)
    expect(taken).toBeGreaterThan(3)
    fill()
    // What is delivered from here on can hardly be written down.
    open = true
    for (const greet of held) greet()
    await expect.poll(() => arrived(sink).length, {timeout: 30_000}).toBeGreaterThan(0)
    rmSync(join(disk, 'ballast'))
    await expect.poll(async () => (await world.queue()).length, {timeout: 60_000, interval: 200}).toBe(0)
    expect(arrived(sink)).toHaveLength(taken)
    expect(await send(world.port(), TO)).toMatch(/^250 /)
    await expect.poll(() => arrived(sink).length, {timeout: 20_000}).toBe(taken + 1)
  }, 120_000)
})
