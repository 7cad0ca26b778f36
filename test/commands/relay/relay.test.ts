import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import * as v from 'valibot'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {DOCUMENTS} from '../../../src/report/schema/documents.ts'
import {type RunOptions, run, scratch} from '../../support/cli.ts'
import {peer} from '../../support/peer.ts'

let dirs: RunOptions & {configDir: string; dataDir: string}
let space: Awaited<ReturnType<typeof scratch>>
beforeEach(async () => {
  space = await scratch()
  dirs = {configDir: join(space.dir, 'config'), dataDir: join(space.dir, 'data')}
})
afterEach(async () => {
  await run(['relay', 'stop'], dirs)
  await space[Symbol.asyncDispose]()
})

async function settings(text: string): Promise<void> {
  await mkdir(dirs.configDir, {recursive: true})
  await writeFile(join(dirs.configDir, 'relay.yaml'), `hostname: relay.example.org\n${text}`)
}

const PLAIN = 'listeners: [{address: 127.0.0.1, port: 0, tls: off}]\n'

describe('relay', () => {
  test('start --detach returns when it listens; status, reload, logs and stop speak with it', async () => {
    await settings(`${PLAIN}# a comment\n`)
    const started = (await run(['relay', 'start', '--detach', '--json'], dirs)).json
    expect(started).toMatchObject({schema: 'postern.relay-start/1', pid: expect.any(Number)})
    const status = await run(['relay', 'status', '--json'], dirs)
    expect(status.code).toBe(0)
    expect(status.json).toMatchObject({schema: 'postern.relay-status/1', running: true, pid: started.pid})
    expect(status.json.listeners).toEqual(started.listeners)
    const reloaded = await run(['relay', 'reload'], dirs)
    expect([reloaded.code, reloaded.stdout]).toEqual([0, `relay runs revision ${started.revision} already\n`])
    expect((await run(['relay', 'logs'], dirs)).stdout).toContain('relay.example.org started')
    const second = await run(['relay', 'start'], dirs)
    expect([second.code, second.stderr]).toEqual([75, expect.stringContaining('a relay runs on this data directory')])
    expect((await run(['relay', 'stop'], dirs)).stdout).toBe(`relay stopped, pid ${started.pid}\n`)
    const stopped = await run(['relay', 'status', '--json'], dirs)
    expect([stopped.code, stopped.json]).toEqual([1, {schema: 'postern.relay-status/1', running: false}])
  })

  test('reload of an invalid configuration ends with 78, and the relay keeps the old one', async () => {
    await settings(PLAIN)
    const {revision} = (await run(['relay', 'start', '--detach', '--json'], dirs)).json
    await settings(`${PLAIN}queue: {retry: never}\n`)
    const reload = await run(['relay', 'reload'], dirs)
    expect([reload.code, reload.stderr]).toEqual([78, expect.stringContaining('relay.yaml:3')])
    expect((await run(['relay', 'status', '--json'], dirs)).json.revision).toBe(revision)
  })

  test.each([
    ['relay', 'stop'],
    ['relay', 'reload'],
  ])('%s %s without a relay ends with 75', async (...args) => {
    const {code, stderr} = await run(args, dirs)
    expect([code, stderr]).toEqual([75, expect.stringContaining('hint: start one: postern relay start')])
  })

  test('start with TLS and no identity names the command that makes one, also from the background', async () => {
    await settings('')
    for (const args of [
      ['relay', 'start'],
      ['relay', 'start', '--detach'],
    ]) {
      const {code, stderr} = await run(args, dirs)
      expect([code, stderr]).toEqual([66, expect.stringContaining('postern identity create default')])
    }
  })

  test('start on a port that is taken ends with 75 and says where', async () => {
    const other = await peer()
    await settings(`listeners: [{address: 127.0.0.1, port: ${other.port}, tls: off}]\n`)
    const {code, stderr} = await run(['relay', 'start'], dirs)
    expect([code, stderr]).toEqual([75, expect.stringContaining(`127.0.0.1:${other.port}`)])
    await other.stop()
  })

  test('tls off is written with comments kept', async () => {
    await settings(`${PLAIN}tls: {enabled: true} # until the audit\n`)
    const {code, stdout} = await run(['relay', 'tls', 'off'], dirs)
    expect([code, stdout]).toEqual([0, 'TLS is off; no relay runs\n'])
    expect(await readFile(join(dirs.configDir, 'relay.yaml'), 'utf8')).toContain('{enabled: false} # until the audit')
  })

  test('logs give the day with each event, and the last words of a relay that did not start', async () => {
    await settings('')
    await run(['relay', 'start', '--detach'], dirs)
    await settings(PLAIN)
    await run(['relay', 'start', '--detach'], dirs)
    const {stdout} = await run(['relay', 'logs'], dirs)
    expect(stdout).toContain('TLS is on, and there is no identity default')
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d relay\.example\.org started/m)
    const {json} = await run(['relay', 'logs', '--json'], dirs)
    // Root is told that it is.
    const events = json.records.map(({event}: {event: string}) => event).filter((event: string) => event !== 'notice')
    expect(events).toEqual(['listening', 'started'])
  })

  test('status names what is wrong with a configuration that the relay did not take over', async () => {
    await settings(PLAIN)
    await run(['relay', 'start', '--detach'], dirs)
    await settings(`${PLAIN}queue: {retry: never}\n`)
    await run(['relay', 'reload'], dirs)
    const {code, stdout} = await run(['relay', 'status'], dirs)
    expect(code).toBe(0)
    expect(stdout).toMatch(/config +cannot be taken over since .*\n.*relay\.yaml:3: queue\.retry/)
    const {json} = await run(['relay', 'status', '--json'], dirs)
    expect(json.reloadFailure.reason).toContain('relay.yaml:3: queue.retry')
    expect(v.safeParse(DOCUMENTS.get('relay-status')!, json).issues).toBeUndefined()
  })

  test('logs --since passes over what is older, and refuses what is no duration', async () => {
    await settings(PLAIN)
    await run(['relay', 'start', '--detach'], dirs)
    expect((await run(['relay', 'logs', '--since', '1h'], dirs)).stdout).toContain('started, revision')
    await run(['relay', 'stop'], dirs)
    const log = join(dirs.dataDir, 'log', 'relay.log')
    const old = (await readFile(log, 'utf8')).replaceAll(/"time":"\d{4}/g, '"time":"2020')
    await writeFile(log, old)
    expect((await run(['relay', 'logs', '--since', '1h'], dirs)).stdout).toBe('')
    expect((await run(['relay', 'logs', '--since', 'soon'], dirs)).code).toBe(64)
  })

  test('logs without a log ends with 66', async () => {
    expect((await run(['relay', 'logs'], dirs)).code).toBe(66)
  })
})

describe('send and queue', () => {
  test('a message is handed to the relay, listed, shown, held, released, tried again and deleted', async () => {
    await settings(`${PLAIN}routes: [{domain: "*", host: 127.0.0.1, port: 1}]\n`)
    await run(['relay', 'start', '--detach'], dirs)
    const sent = await run(['send', '--to', 'colonel@example.mil', '--from', 'ops@example.org', '--json'], dirs)
    expect([sent.code, sent.json]).toMatchObject([0, {schema: 'postern.send/1', outcome: 'queued'}])
    const {queue: id} = sent.json
    const list = async () => (await run(['queue', 'list', '--json'], dirs)).json.messages
    await expect.poll(async () => (await list())[0]?.recipients[0].attempts, {timeout: 20_000}).toBe(1)
    expect((await run(['queue', 'show', id], dirs)).stdout).toContain('colonel@example.mil deferred 4.4.1')
    expect((await run(['queue', 'hold', id], dirs)).stdout).toBe('1 recipient held\n')
    expect((await run(['queue', 'list', '--state', 'held'], dirs)).stdout).toContain(id)
    expect((await run(['queue', 'release', id], dirs)).stdout).toBe('1 recipient released\n')
    expect((await run(['queue', 'retry', '--all'], dirs)).stdout).toBe('1 recipient due now\n')
    await expect.poll(async () => (await list())[0]?.recipients[0].attempts, {timeout: 20_000}).toBe(2)
    await run(['relay', 'stop'], dirs)
    // Without a relay the same commands work on the queue itself.
    expect(await list()).toHaveLength(1)
    expect((await run(['queue', 'delete', id, '--yes', '--json'], dirs)).json).toEqual({
      schema: 'postern.queue-delete/1',
      count: 1,
    })
    expect(await list()).toEqual([])
  })

  test.each(['show', 'retry', 'hold', 'release', 'bounce', 'delete'])(
    'queue %s of an unknown id ends with 66',
    async (action) => {
      const {code, stderr} = await run(['queue', action, 'NOSUCHID', ...(action === 'delete' ? ['--yes'] : [])], dirs)
      expect([code, stderr]).toEqual([66, expect.stringContaining('there is no message NOSUCHID')])
    },
  )

  test('queue delete without an id is a usage error', async () => {
    expect((await run(['queue', 'delete'], dirs)).code).toBe(64)
  })

  test("send tells what the relay refuses, and nothing of the relay's own certificate", async () => {
    const listener = '{address: 127.0.0.1, port: 0, tls: starttls}'
    await settings(`listeners: [${listener}]\nclients: [192.0.2.0/24]\n`)
    await run(['identity', 'create', '--hostname', 'relay.example.org'], dirs)
    await run(['relay', 'start', '--detach'], dirs)
    const {code, stdout, stderr} = await run(['send', '--to', 'a@example.mil'], dirs)
    expect([code, stdout]).toEqual([69, 'bounced: 550 5.7.1 relaying denied\n'])
    expect(stderr).not.toContain('certificate')
    expect((await run(['send', '--to', 'a@example.mil', '--json'], dirs)).json).toMatchObject({path: null})
  })

  test('send without a relay ends with 75', async () => {
    const {code, stderr} = await run(['send', '--to', 'a@example.mil'], dirs)
    expect([code, stderr]).toEqual([75, expect.stringContaining('postern send --direct')])
  })
})
