import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {chmodSync, readFileSync} from 'node:fs'
import {chown, mkdir, readdir, stat, writeFile} from 'node:fs/promises'
import {type AddressInfo, createServer, type Server} from 'node:net'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {client, send} from '../../relay/client.ts'
import {programPath, type RunOptions, run, scratch} from '../../support/cli.ts'

const NOBODY = 65_534
const ROOT = process.getuid?.() === 0
const PATIENCE = {timeout: 60_000}

let dirs: Required<Pick<RunOptions, 'configDir' | 'dataDir'>>
let space: Awaited<ReturnType<typeof scratch>>
const ends: (() => unknown)[] = []
beforeEach(async () => {
  space = await scratch()
  chmodSync(space.dir, 0o755)
  dirs = {configDir: join(space.dir, 'config'), dataDir: join(space.dir, 'data')}
})
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
  await space[Symbol.asyncDispose]()
})

async function settings(text: string): Promise<void> {
  await mkdir(dirs.configDir, {recursive: true})
  const routes = 'routes: [{domain: "*", host: 127.0.0.1, port: 1}]\n'
  await writeFile(join(dirs.configDir, 'relay.yaml'), `hostname: relay.example.org\n${routes}${text}`)
}

interface Running {
  child: ChildProcess
  output(): string
  /** Resolves with its exit code. */
  ended: Promise<number | null>
  port(): number
  stop(): Promise<number | null>
}

/** A relay in the foreground, once it has started; its log is JSON lines. `sockets` become descriptors 3 and up. */
async function relay(
  sockets: number[] = [],
  env: Record<string, string> = {},
  before: string[] = [],
): Promise<Running> {
  const [file = '', ...args] = [...before, process.execPath, programPath(), 'relay', 'start']
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...sockets],
    env: {...process.env, POSTERN_CONFIG_DIR: dirs.configDir, POSTERN_DATA_DIR: dirs.dataDir, ...env},
  })
  let output = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (output += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  ends.push(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })
  const event = (name: string) => output.split('\n').find((line) => line.includes(`"event":"${name}"`))
  await expect.poll(() => event('started') ?? child.exitCode, PATIENCE).not.toBeNull()
  return {
    child,
    output: () => output,
    ended,
    port: () => JSON.parse(event('listening')!).port,
    async stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** Bound here, to be passed on. */
async function bound(): Promise<Server & {port: number; fd: number}> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => server.close())
  const {fd} = (server as Server & {_handle: {fd: number}})._handle
  return Object.assign(server, {port: (server.address() as AddressInfo).port, fd})
}

/** One that only root may bind, and that nobody has. */
async function privilegedPort(): Promise<number> {
  for (let port = 1023; port > 600; port--) {
    const server = createServer()
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (free) return port
  }
  throw new Error('no port is free')
}

describe.skipIf(!ROOT)('a relay that root starts with user: in relay.yaml', () => {
  const plain = (port: number, more = '') =>
    settings(`listeners: [{address: 127.0.0.1, port: ${port}, tls: off}]\nuser: nobody\n${more}`)

  test('binds its port and then is that user for good, with no group of root', async () => {
    const port = await privilegedPort()
    await plain(port)
    const running = await relay()
    const status = readFileSync(`/proc/${running.child.pid}/status`, 'utf8')
    const ids = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)![1]!.trim().split(/\s+/)
    expect(new Set(ids('Uid'))).toEqual(new Set([String(NOBODY)]))
    expect(new Set(ids('Gid'))).toEqual(new Set([String(NOBODY)]))
    expect(ids('Groups')).not.toContain('0')
    expect([ids('CapPrm'), ids('CapEff')]).toEqual([['0000000000000000'], ['0000000000000000']])
    expect(await send(port, {to: ['a@example.mil']})).toMatch(/^250 /)
    for (const name of await readdir(dirs.dataDir)) expect((await stat(join(dirs.dataDir, name))).uid).toBe(NOBODY)
    // Root still speaks with it, and its queue is at hand.
    expect((await run(['queue', 'list', '--json'], dirs)).json.messages).toHaveLength(1)
    expect(running.output()).not.toContain('runs as root')
    expect(await running.stop()).toBe(0)
  })

  test('keeps its port over a reload, and says plainly that it cannot have another below 1024', async () => {
    const port = await privilegedPort()
    await plain(port)
    const running = await relay()
    await plain(port, 'domains: [example.mil]\n')
    expect((await run(['relay', 'reload'], dirs)).code).toBe(0)
    expect(await send(port, {to: ['a@example.mil']})).toMatch(/^250 /)
    if (Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) > 1023) {
      await plain(await privilegedPort())
      const {code, stderr} = await run(['relay', 'reload'], dirs)
      expect([code, stderr]).toEqual([77, expect.stringContaining('start it as root, with user: postern')])
      expect(await send(port, {to: ['a@example.mil']})).toMatch(/^250 /)
    }
    await running.stop()
  })

  test('in the background has its log as that user, too', async () => {
    await plain(0)
    const started = await run(['relay', 'start', '--detach', '--json'], dirs)
    expect(started.code, started.stderr).toBe(0)
    ends.push(() => run(['relay', 'stop'], dirs))
    expect((await stat(join(dirs.dataDir, 'log', 'relay.log'))).uid).toBe(NOBODY)
    expect((await run(['relay', 'logs'], dirs)).stdout).toContain('started, revision')
  })

  test('is refused where the data directory is not that user’s, with the command that hands it over', async () => {
    await plain(0)
    await mkdir(dirs.dataDir)
    const {code, stderr} = await run(['relay', 'start'], dirs)
    expect([code, stderr]).toEqual([77, expect.stringContaining(`chown -R ${NOBODY}:${NOBODY} ${dirs.dataDir}`)])
  })

  test('is refused where that user cannot read the configuration', async () => {
    await plain(0)
    chmodSync(dirs.configDir, 0o700)
    const {code, stderr} = await run(['relay', 'start'], dirs)
    expect([code, stderr]).toEqual([77, expect.stringContaining('nobody cannot take over the configuration')])
  })

  test('is refused where there is no such user', async () => {
    await settings('listeners: [{address: 127.0.0.1, port: 0, tls: off}]\nuser: no-such-user\n')
    const {code, stderr} = await run(['relay', 'start'], dirs)
    expect([code, stderr]).toEqual([78, expect.stringContaining('useradd --system no-such-user')])
  })
})

test.skipIf(!ROOT)('root without user: is told loudly', async () => {
  await settings('listeners: [{address: 127.0.0.1, port: 0, tls: off}]\n')
  const running = await relay()
  expect(running.output()).toMatch(/"level":"warn".*the relay runs as root.*user: postern/)
  await running.stop()
})

/** What systemd does: the descriptors, and the variables with the process's own id. */
async function activated(servers: {fd: number}[]): Promise<Running> {
  const sh = ['/bin/sh', '-c', 'LISTEN_PID=$$ exec "$@"', 'sh']
  return relay(
    servers.map(({fd}) => fd),
    {LISTEN_FDS: String(servers.length), LISTEN_FDNAMES: servers.map(() => 'smtp').join(':')},
    sh,
  )
}

describe('sockets that are passed on', () => {
  test('stand for the listeners with their address and port', async () => {
    const [one, two] = [await bound(), await bound()]
    await settings(`listeners:
  - {address: 127.0.0.1, port: ${two.port}, tls: off}
  - {address: 127.0.0.1, port: ${one.port}, tls: off}
`)
    const running = await activated([one, two])
    one.close()
    two.close()
    for (const {port} of [one, two]) expect(await send(port, {to: ['a@example.mil']})).toMatch(/^250 /)
    expect(await running.stop()).toBe(0)
  })

  test('that no listener asks for are no place where mail vanishes: the relay does not start', async () => {
    const server = await bound()
    await settings('listeners: []\n')
    const running = await activated([server])
    expect([await running.ended, running.output()]).toEqual([
      78,
      expect.stringContaining(`no listener for the socket that was passed: 127.0.0.1:${server.port}`),
    ])
  })

  test('meant for another process are left alone', async () => {
    const server = await bound()
    await settings('listeners: [{address: 127.0.0.1, port: 0, tls: off}]\n')
    const running = await relay([server.fd], {LISTEN_FDS: '1', LISTEN_PID: '1'})
    expect(running.port()).not.toBe(server.port)
    await running.stop()
  })
})

describe('a relay that is told to stop', () => {
  const PLAIN = 'listeners: [{address: 127.0.0.1, port: 0, tls: off}]\n'

  async function amidData(running: Running) {
    const raw = await client(running.port())
    await raw.ask('MAIL FROM:<ops@example.org>')
    await raw.ask('RCPT TO:<a@example.mil>')
    await raw.ask('DATA')
    raw.socket.write('Subject: test\r\n\r\nhalf')
    return raw
  }

  test('lets the message that comes in come to its end, and it is in the queue', async () => {
    await settings(PLAIN)
    const running = await relay()
    const raw = await amidData(running)
    running.child.kill('SIGTERM')
    await expect.poll(() => running.output(), PATIENCE).toContain('"event":"stopping"')
    expect(await raw.ask(Buffer.from(' and half\r\n.\r\n'))).toMatch(/^250 /)
    expect(await running.ended).toBe(0)
    expect((await run(['queue', 'list', '--json'], dirs)).json.messages).toHaveLength(1)
  })

  test('twice does not wait: what was not answered is the client’s', async () => {
    await settings(PLAIN)
    const running = await relay()
    const raw = await amidData(running)
    running.child.kill('SIGTERM')
    await expect.poll(() => running.output(), PATIENCE).toContain('"event":"stopping"')
    running.child.kill('SIGTERM')
    expect(await running.ended).toBe(0)
    expect(running.output()).toContain('nothing is waited for')
    raw.socket.destroy()
    expect((await run(['queue', 'list', '--json'], dirs)).json.messages).toEqual([])
  })
})

test('SIGHUP reads the configuration anew', async () => {
  await settings('listeners: [{address: 127.0.0.1, port: 0, tls: off}]\n')
  const running = await relay()
  running.child.kill('SIGHUP')
  await settings('listeners: [{address: 127.0.0.1, port: 0, tls: off}]\ndomains: [example.mil]\n')
  running.child.kill('SIGHUP')
  await expect.poll(() => running.output(), PATIENCE).toContain('"event":"reloaded"')
  await running.stop()
})

test('two relays on one data directory are refused, also with different config directories', async () => {
  await settings('listeners: [{address: 127.0.0.1, port: 0, tls: off}]\n')
  const running = await relay()
  const other = join(space.dir, 'other')
  await mkdir(other)
  await writeFile(join(other, 'relay.yaml'), 'listeners: []\n')
  const {code, stderr} = await run(['relay', 'start'], {...dirs, configDir: other})
  expect([code, stderr]).toEqual([75, expect.stringContaining('a relay runs on this data directory')])
  await running.stop()
})

const NAMESPACES = ROOT && spawnSync('unshare', ['-m', 'true']).status === 0

/** Everything is read-only below `/` but this directory; `touch` shows that it is so. */
const readOnlyBut = (dir: string, witness: string) => [
  'unshare',
  '-m',
  'sh',
  '-c',
  'mount --make-rprivate / && mount --bind "$1" "$1" && mount -o remount,bind,ro / && ! touch "$2" && shift 2 && exec "$@"',
  'sh',
  dir,
  witness,
]

test.skipIf(!NAMESPACES)('a relay writes nowhere outside its data directory: all else may be read-only', async () => {
  await settings('listeners: [{address: 127.0.0.1, port: 0, tls: off}]\nuser: nobody\n')
  await mkdir(dirs.dataDir)
  await chown(dirs.dataDir, NOBODY, NOBODY)
  const running = await relay([], {}, readOnlyBut(dirs.dataDir, join(dirs.configDir, 'witness')))
  expect(running.output()).toContain('Read-only file system')
  expect(await send(running.port(), {to: ['a@example.mil']})).toMatch(/^250 /)
  await expect.poll(() => running.output(), PATIENCE).toContain('"event":"deferred"')
  expect((await run(['relay', 'status', '--json'], dirs)).json.problems).toEqual([])
  expect(await running.stop()).toBe(0)
})

test('for the journal a line has a priority and no time', async () => {
  await settings('listeners: [{address: 127.0.0.1, port: 0, tls: off}]\n')
  const log = join(space.dir, 'journal')
  // systemd names device and inode of the stream that it gives; a file has these too.
  const script = 'exec >"$1"; export JOURNAL_STREAM=$(stat -Lc %d:%i "$1"); shift; exec "$@"'
  const args = ['-c', script, 'sh', log, process.execPath, programPath(), 'relay', 'start']
  const env = {...process.env, POSTERN_CONFIG_DIR: dirs.configDir, POSTERN_DATA_DIR: dirs.dataDir}
  const child = spawn('/bin/sh', args, {stdio: 'ignore', env})
  const ended = new Promise((resolve) => child.once('close', resolve))
  ends.push(() => child.kill('SIGKILL'))
  await expect
    .poll(() => readFileSync(log, {encoding: 'utf8', flag: 'a+'}), PATIENCE)
    .toMatch(/^<6>relay\.example\.org started/m)
  child.kill('SIGTERM')
  await ended
  expect(readFileSync(log, 'utf8')).toMatch(/^(<[346]>\S.*\n)+$/)
})
