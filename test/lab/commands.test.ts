import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync} from 'node:fs'
import {connect} from 'node:net'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest'
import {programPath, run, scratch} from '../support/cli.ts'

/** A lab in the foreground of its own process. */
let home: Awaited<ReturnType<typeof scratch>>
let lab: ChildProcess
let output = ''
const inLab = (args: string[], env: Record<string, string> = {}) => run(args, {dataDir: home.dir, env})

beforeAll(async () => {
  home = await scratch()
  lab = spawn(process.execPath, [programPath(), 'lab', 'start'], {
    env: {...process.env, POSTERN_DATA_DIR: home.dir, POSTERN_CONFIG_DIR: join(home.dir, 'config')},
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  lab.stdout!.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await vi.waitFor(() => expect(output).toContain('in another terminal'), {timeout: 30_000})
})

afterAll(async () => {
  if (lab.exitCode === null) lab.kill('SIGKILL')
  await home[Symbol.asyncDispose]()
})

describe('the lab as a process', () => {
  test('says what to type next', () => {
    expect(output).toMatch(/probe example\.mil --lab/)
    expect(output).toMatch(/lab hijack example\.mil --by impostor/)
  })

  test('is found by --lab, and names its DNS server in its own configuration', async () => {
    const paths = await inLab(['config', 'path', '--lab', '--json'])
    expect(paths.json).toMatchObject({configDir: join(home.dir, 'lab', 'config')})
    expect((await inLab(['config', 'check', '--lab'])).code).toBe(0)
  })

  test('is listed with the address of each partner, with --lab or without', async () => {
    const {json} = await inLab(['lab', 'list', '--json'])
    expect(json.lab.pid).toBe(lab.pid)
    expect(json.partners[0]).toMatchObject({name: 'good', domain: 'example.mil', levels: {secure: 'verified'}})
    const running = json.partners.filter(({address}: ListedPartner) => address !== null)
    expect(running.map(({group}: ListedPartner) => group)).toEqual(Array(8).fill('story'))
    for (const {address} of running) expect(address).toMatch(/^127\./)
    expect((await inLab(['lab', 'list', '--json'], {POSTERN_LAB: 'true'})).json).toEqual(json)
  })

  test('lists partners by name, domain and group, and none else', async () => {
    const {json} = await inLab(['lab', 'list', 'validity', 'rc4-only', 'example.mil', '--json'])
    const groups = new Set(json.partners.map(({group}: ListedPartner) => group))
    expect([...groups]).toEqual(['story', 'validity', 'tls'])
    const table = await inLab(['lab', 'list', 'rc4-only'])
    expect(
      table.stdout
        .trimEnd()
        .split('\n')
        .filter((line) => line.includes('rc4-only')),
    ).toHaveLength(1)
    expect(table.stdout).toMatch(/rc4-only .*validation-failure, .*with --full cipher-forbidden/)
  })

  test('lets a domain be hijacked and restored', async () => {
    const {json} = await inLab(['lab', 'list', '--json'])
    const [good, impostor] = json.partners
    const hijacked = await inLab(['lab', 'hijack', 'example.mil', '--by', 'impostor', '--json'])
    expect(hijacked.json).toMatchObject({mx: 'mx1.example.mil', by: 'impostor', address: impostor.address})
    expect((await inLab(['lab', 'list', '--json'])).json.partners[0].hijackedBy).toBe('impostor')
    const restored = await inLab(['lab', 'restore', 'example.mil', '--json'])
    expect(restored.json).toMatchObject({by: 'good', address: good.address})
    expect((await inLab(['lab', 'list', '--json'])).json.partners[0].hijackedBy).toBeNull()
  })

  test('is probed without root, and every partner gets what the catalogue says at every level', async () => {
    const {json} = await inLab(['lab', 'list', '--json'])
    const running: ListedPartner[] = json.partners.filter(({address}: ListedPartner) => address !== null)
    const ca = ['root', 'intermediate'].flatMap((name) => ['--ca', join(home.dir, 'lab', 'pki', `${name}.pem`)])
    const targets = running.map(({domain}) => domain)
    const probed = await inLab(['probe', ...targets, '--level', 'secure', ...ca, '--lab', '--json'])
    expect(probed.code).toBe(1)
    const seen = probed.json.results.map(({target, levels, hosts}: ProbedPartner) => [
      target,
      levels,
      hosts.flatMap(({addresses}) => addresses.flatMap(({findings}) => findings.filter(isError).map(({code}) => code))),
    ])
    const told = running.map(({domain, levels, findings}) => [domain, levels, findings])
    expect(seen).toEqual(told)
    const good = targets[0]!
    expect((await inLab(['probe', good, '--level', 'secure', ...ca, '--lab', '--json'])).code).toBe(0)
    await inLab(['lab', 'hijack', good, '--by', 'impostor'])
    expect((await inLab(['probe', good, '--level', 'secure', ...ca, '--lab', '--json'])).code).toBe(1)
    await inLab(['lab', 'restore', good])
  })

  test.each([
    [['lab', 'hijack', 'nowhere.example', '--by', 'impostor'], 64, 'lab-partner-unknown'],
    [['lab', 'hijack', 'example.mil', '--by', 'nobody'], 64, 'lab-partner-unknown'],
    [['lab', 'hijack', 'example.mil'], 64, 'usage'],
    [['lab', 'start'], 75, 'lab-running'],
    [['lab', 'start', 'nobody'], 64, 'lab-partner-unknown'],
    [['lab', 'list', 'nobody'], 64, 'lab-partner-unknown'],
  ])('answers %j with exit %i', async (args, exit, code) => {
    const ran = await inLab([...args, '--json'])
    expect([ran.code, ran.json.error.code]).toEqual([exit, code])
    expect(ran.json.error.hints.length).toBeGreaterThan(0)
  })

  test('ends cleanly at ctrl-C', async () => {
    lab.kill('SIGINT')
    await once(lab, 'exit')
    expect(lab.exitCode).toBe(0)
    expect(output).toContain('the lab has ended')
    expect(existsSync(join(home.dir, 'lab', 'lab.json'))).toBe(false)
    const after = await inLab(['config', 'path', '--lab', '--json'])
    expect([after.code, after.json.error.code]).toEqual([75, 'lab-not-running'])
    expect((await inLab(['lab', 'stop'])).code).toBe(75)
    const listed = await inLab(['lab', 'list', '--json'])
    expect([listed.code, listed.json.lab, listed.json.partners[0].address]).toEqual([0, null, null])
  })

  test('starts again in the background, after a lab that was killed too, and is stopped by name', async () => {
    const first = await inLab(['lab', 'start', 'good', 'impostor', '--detach', '--json'])
    expect(first.code).toBe(0)
    process.kill(first.json.pid, 'SIGKILL')
    await expect.poll(async () => (await inLab(['lab', 'stop'])).code, {timeout: 30_000}).toBe(75)
    const second = await inLab(['lab', 'start', 'good', '--detach', '--json'])
    expect(second.json.partners.map(({name}: {name: string}) => name)).toEqual(['good'])
    const stopped = await inLab(['lab', 'stop', '--json'])
    expect(stopped.json.pid).toBe(second.json.pid)
    // Its address is free once it is gone.
    await expect.poll(async () => answers(second.json.dns), {timeout: 30_000}).toBe(false)
    expect(existsSync(join(home.dir, 'lab', 'lab.json'))).toBe(false)
  })

  test('tells in the foreground why a lab in the background could not start', async () => {
    const ran = await inLab(['lab', 'start', 'nobody', '--detach', '--json'])
    expect([ran.code, ran.json.error.code]).toEqual([64, 'lab-partner-unknown'])
  })
})

interface ListedPartner {
  address: string | null
  group: string
  domain: string
  levels: object
  findings: string[]
}
interface ProbedPartner {
  target: string
  levels: object
  hosts: {addresses: {findings: {code: string; severity: string}[]}[]}[]
}
const isError = ({severity}: {severity: string}): boolean => severity === 'error'

/** Whether somebody takes TCP connections there. */
async function answers(endpoint: string): Promise<boolean> {
  const [host, port] = endpoint.split(':') as [string, string]
  const socket = connect({host, port: Number(port)})
  const taken = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  })
  socket.destroy()
  return taken
}
