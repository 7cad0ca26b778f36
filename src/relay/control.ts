import {chmod, lstat, mkdir, unlink} from 'node:fs/promises'
import {connect, createServer, type Server, type Socket} from 'node:net'
import {dirname} from 'node:path'
import {Exit, type ExitCode, PosternError} from '../mail/error.ts'
import {notReached, notRunning, socketName} from './socket-name.ts'

/**
 * The control protocol: over a Unix socket that only its owner may open, one JSON object a line each way, one request a
 * connection. `{"do":"status"}` is answered by `{"ok":true,"result":…}` or `{"ok":false,"error":{…}}`.
 */
export interface ControlRequest {
  do: string
  [argument: string]: unknown
}

type ControlAnswer =
  | {ok: true; result: unknown}
  | {ok: false; error: {code: string; message: string; hints: string[]; exit: ExitCode}}

/** Answers one request; what it throws is what the caller gets. */
export type ControlHandler = (request: ControlRequest) => Promise<unknown>

const LONGEST_REQUEST = 1024 * 1024
const LONGEST_ANSWER = 64 * 1024 * 1024
/** A request that is not there after this long will not come. */
const REQUEST_MS = 10_000
/** A stop waits for deliveries to end. */
const ANSWER_MS = 60_000

/** Listens on `path`, in a directory of its own; a socket left behind by a relay that died is replaced. */
export async function serveControl(path: string, handle: ControlHandler): Promise<{close(): Promise<void>}> {
  await ownDirectory(dirname(path))
  await unlink(path).catch(() => {})
  const server = createServer({allowHalfOpen: true}, (socket) => void answer(socket, handle))
  // The name is needed until the end, when the socket is removed by it.
  const name = await socketName(path)
  try {
    await listen(server, name.short, path)
  } catch (error) {
    await name.release()
    throw error
  }
  await chmod(path, 0o600)
  return {close: () => new Promise((resolve) => server.close(() => resolve(name.release())))}
}

/** The data directory may stand where others can write: this one must be ours, and no link that somebody else laid. */
async function ownDirectory(dir: string): Promise<void> {
  await mkdir(dir, {recursive: true, mode: 0o700})
  const found = await lstat(dir)
  if (!found.isDirectory() || (process.getuid && found.uid !== process.getuid())) {
    throw new PosternError('control-socket', `${dir} is not a directory of this user's own`, {
      exit: Exit.permission,
      hints: ['remove it, or choose another --data-dir'],
    })
  }
  await chmod(dir, 0o700)
}

/**
 * Asks the relay that listens on `path`, and waits `patience` milliseconds for the answer. Throws `relay-not-running`
 * (75), `control-request` (75) when no answer comes, or the error the relay answered.
 */
export async function askRelay<T>(path: string, request: ControlRequest, patience = ANSWER_MS): Promise<T> {
  const name = await socketName(path)
  const socket = await reach(name.short, path).finally(() => name.release())
  try {
    socket.write(`${JSON.stringify(request)}\n`)
    const line = await readLine(socket, LONGEST_ANSWER, patience)
    const answered = parse(line) as ControlAnswer | null
    if (answered === null) throw notRunning(new Error('the relay hung up'))
    if (answered.ok) return answered.result as T
    const {code, message, hints, exit} = answered.error
    throw new PosternError(code, message, {hints, exit})
  } finally {
    socket.destroy()
  }
}

/** Whether a relay answers on `path`. */
export async function relayAnswers(path: string): Promise<boolean> {
  try {
    await askRelay(path, {do: 'ping'})
    return true
  } catch (error) {
    return (error as {code?: string}).code !== 'relay-not-running'
  }
}

async function answer(socket: Socket, handle: ControlHandler): Promise<void> {
  socket.on('error', () => socket.destroy())
  let answered: ControlAnswer
  try {
    const request = parse(await readLine(socket, LONGEST_REQUEST, REQUEST_MS))
    if (!isRequest(request)) throw new PosternError('control-request', 'not a control request', {exit: Exit.usage})
    answered = {ok: true, result: (await handle(request)) ?? null}
  } catch (error) {
    answered = {ok: false, error: describe(error)}
  }
  socket.end(`${JSON.stringify(answered)}\n`)
}

function describe(error: unknown): Extract<ControlAnswer, {ok: false}>['error'] {
  if (error instanceof PosternError) {
    return {code: error.code, message: error.message, hints: [...error.hints], exit: error.exit}
  }
  return {code: 'bug', message: `unexpected: ${String(error)}`, hints: [], exit: Exit.bug}
}

function isRequest(value: unknown): value is ControlRequest {
  return typeof value === 'object' && value !== null && 'do' in value && typeof value.do === 'string'
}

function listen(server: Server, name: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new PosternError('control-socket', `cannot listen on ${path}: ${cause.code ?? cause.message}`, {
          exit: Exit.cannotCreate,
          hints: ['check owner and mode of the directory, or choose another --data-dir'],
          cause,
        }),
      ),
    )
    server.listen(name, resolve)
  })
}

function reach(name: string, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(name)
    socket.once('connect', () => resolve(socket))
    socket.once('error', (cause: NodeJS.ErrnoException) => reject(notReached(path, cause)))
  })
}

/** One line, '' when the other side closed without one. Bounded in size and time. */
function readLine(socket: Socket, most: number, ms: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const end = (outcome: () => void) => {
      clearTimeout(timer)
      socket.removeAllListeners('data')
      outcome()
    }
    const fail = (why: string) =>
      end(() =>
        reject(
          new PosternError('control-request', why, {
            exit: Exit.tryAgain,
            hints: ['the relay is busy or hangs; its last words: postern relay logs'],
          }),
        ),
      )
    const timer = setTimeout(() => fail(`no answer on the control socket within ${ms / 1000} s`), ms)
    socket.on('data', (chunk: Buffer) => {
      const at = chunk.indexOf(0x0a)
      chunks.push(at < 0 ? chunk : chunk.subarray(0, at))
      length += chunk.length
      if (at >= 0) end(() => resolve(Buffer.concat(chunks).toString('utf8')))
      else if (length > most) fail('a control line has no end')
    })
    socket.once('close', () => end(() => resolve('')))
    socket.once('end', () => end(() => resolve('')))
  })
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
