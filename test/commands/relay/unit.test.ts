import {spawnSync} from 'node:child_process'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {relayUnits} from '../../../src/app/relay-unit.ts'
import {realWorld} from '../../../src/app/world.ts'
import {run, scratch} from '../../support/cli.ts'

let space: Awaited<ReturnType<typeof scratch>>
let dirs: {configDir: string; dataDir: string}
beforeEach(async () => {
  space = await scratch()
  dirs = {configDir: join(space.dir, 'config'), dataDir: join(space.dir, 'data')}
  await mkdir(dirs.configDir)
  await settings('{address: 0.0.0.0, port: 25}, {address: "::1", port: 465, tls: implicit}')
})
afterEach(() => space[Symbol.asyncDispose]())

const ANALYZE = spawnSync('systemd-analyze', ['--version']).status === 0
const settings = (listeners: string) =>
  writeFile(join(dirs.configDir, 'relay.yaml'), `hostname: relay.example.org\nlisteners: [${listeners}]\n`)
const options = {user: 'daemon', socket: false, program: [process.execPath, '/usr/lib/postern/bin/run.js']}
const units = (more = {}) => relayUnits(realWorld(dirs), {...options, ...more})

describe('the service', () => {
  test('may bind low ports where it must, and nothing else', async () => {
    expect((await units()).service).toContain('\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\n')
    expect((await units({socket: true})).service).toContain('\nCapabilityBoundingSet=\n')
    await settings('{address: 127.0.0.1, port: 2525}')
    expect((await units()).service).toContain('\nAmbientCapabilities=\n')
  })

  test('leaves the JavaScript engine its memory, and writes its data alone', async () => {
    const {service} = await units()
    expect(service).not.toMatch(/^MemoryDenyWriteExecute/m)
    expect(service).toContain('\nProtectSystem=strict\n')
    expect(service).toContain(`\nReadWritePaths=${dirs.dataDir}\n`)
    expect(service).toContain(`\nReadOnlyPaths=${dirs.configDir}\n`)
  })

  test('names its directories so that systemd reads them back', async () => {
    const odd = {configDir: dirs.configDir, dataDir: '/srv/100% "mail" $HOME'}
    const {service} = await relayUnits(realWorld(odd), options)
    expect(service).toContain(String.raw`--data-dir "/srv/100%% \"mail\" $$HOME"`)
  })
})

test('the socket unit opens what relay.yaml listens on', async () => {
  expect((await units({socket: true})).socket).toContain('\nListenStream=0.0.0.0:25\nListenStream=[::1]:465\n')
})

describe.skipIf(!ANALYZE)('systemd', () => {
  const analyze = (...args: string[]) => spawnSync('systemd-analyze', args, {encoding: 'utf8'})

  async function laid(): Promise<string> {
    const {service, socket} = await units({socket: true, program: [process.execPath, '/bin/true']})
    await writeFile(join(space.dir, 'postern.service'), service)
    await writeFile(join(space.dir, 'postern.socket'), socket!)
    return join(space.dir, 'postern.service')
  }

  test('finds nothing wrong with the units', async () => {
    const file = await laid()
    const {status, stderr} = analyze('verify', '--man=no', file, join(space.dir, 'postern.socket'))
    const ours = stderr.split('\n').filter((line) => line.includes('postern'))
    expect([status, ours]).toEqual([0, []])
  })

  test('finds the service safe', async () => {
    const {stdout} = analyze('security', '--offline=true', await laid())
    const exposure = Number(/Overall exposure level for postern\.service: ([\d.]+)/.exec(stdout)?.[1])
    expect(exposure, stdout).toBeLessThan(2)
  })
})

test('relay unit prints one unit, and refuses a user that is none', async () => {
  const service = await run(['relay', 'unit'], dirs)
  expect([service.code, service.stdout]).toEqual([0, expect.stringContaining('\nUser=postern\n')])
  const socket = await run(['relay', 'unit', '--print', 'socket'], dirs)
  expect(socket.stdout).toContain('\n[Socket]\n')
  const {json} = await run(['relay', 'unit', '--socket', '--json'], dirs)
  expect(json).toMatchObject({schema: 'postern.relay-unit/1', socket: socket.stdout})
  expect((await run(['relay', 'unit', '--user', 'a\nExecStart=/bin/sh'], dirs)).code).toBe(64)
})
