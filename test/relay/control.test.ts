import {mkdtemp, rm, stat} from 'node:fs/promises'
import {connect} from 'node:net'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {text} from 'node:stream/consumers'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {controlSocket} from '../../src/app/relay-files.ts'
import {Exit, PosternError} from '../../src/mail/error.ts'
import {askRelay, relayAnswers, serveControl} from '../../src/relay/control.ts'

let dir: string
let path: string
let hanging: PromiseWithResolvers<void>
let server: Awaited<ReturnType<typeof serveControl>>
beforeEach(async () => {
  hanging = Promise.withResolvers()
  dir = await mkdtemp(join(tmpdir(), 'postern-control-'))
  path = join(dir, 'run', 'relay.sock')
  server = await serveControl(path, async (request) => {
    if (request.do === 'echo') return request
    if (request.do === 'hang') return hanging.promise
    throw new PosternError('no-such', 'there is no such thing', {exit: Exit.missing, hints: ['look elsewhere']})
  })
})
afterEach(async () => {
  hanging.resolve()
  await server.close()
  await rm(dir, {recursive: true, force: true})
})

describe('the control socket', () => {
  test('may be opened by its owner alone', async () => {
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700)
  })

  test('answers a request, and hands an error on whole', async () => {
    expect(await askRelay(path, {do: 'echo', big: 'ü'.repeat(300_000)})).toMatchObject({do: 'echo'})
    await expect(askRelay(path, {do: 'fail'})).rejects.toMatchObject({
      code: 'no-such',
      message: 'there is no such thing',
      hints: ['look elsewhere'],
      exit: 66,
    })
  })

  test.each(['\n', 'not json\n', '[]\n', '{"do": 1}\n', 'null\n'])('answers %j with an error', async (line) => {
    const socket = connect(path)
    socket.end(line)
    expect(JSON.parse(await text(socket))).toMatchObject({ok: false, error: {code: 'control-request'}})
  })

  test('is not waited for without end when the relay hangs', async () => {
    await expect(askRelay(path, {do: 'hang'}, 50)).rejects.toMatchObject({code: 'control-request', exit: 75})
  })

  test('replaces one that a dead relay left behind', async () => {
    await server.close()
    server = await serveControl(path, async () => 'new')
    expect(await askRelay(path, {do: 'anything'})).toBe('new')
  })

  test('stands in its data directory and answers also where that has a long path', async () => {
    const dataDir = join(dir, 'd'.repeat(120), 'e'.repeat(120))
    const long = controlSocket({dataDir})
    expect(await relayAnswers(long)).toBe(false)
    const other = await serveControl(long, async () => 'far away')
    expect((await stat(long)).mode & 0o777).toBe(0o600)
    expect(await askRelay(long, {do: 'anything'})).toBe('far away')
    await expect(serveControl(join(long, 'x'), async () => null)).rejects.toThrow()
    await other.close()
    await expect(stat(long)).rejects.toThrow('ENOENT')
    expect(await relayAnswers(long)).toBe(false)
  })
})

describe('a relay that does not run', () => {
  test('is told apart', async () => {
    await expect(askRelay(join(dir, 'nothing.sock'), {do: 'status'})).rejects.toMatchObject({
      code: 'relay-not-running',
      exit: 75,
    })
    expect(await relayAnswers(join(dir, 'nothing.sock'))).toBe(false)
    expect(await relayAnswers(path)).toBe(true)
  })
})
