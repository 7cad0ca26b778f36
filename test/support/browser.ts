import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Readable, Writable} from 'node:stream'

/** Debian's package `chromium`. */
export const CHROMIUM = ['chromium', 'chromium-browser'].find((name) => !spawnSync(name, ['--version']).error) ?? null

// Of its own accord a browser talks to its maker; here it is told not to, and has no way out but a closed port.
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--hide-scrollbars'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-extensions'],
  ...['--disable-dev-shm-usage', '--proxy-server=127.0.0.1:9', '--remote-debugging-pipe'],
]

type Params = Record<string, unknown>
interface Message {
  id?: number
  method?: string
  params?: Params
  result?: Params
  error?: {message: string}
}

export interface Page extends AsyncDisposable {
  /** URLs that the page asked for, itself included. */
  requests: string[]
  /** What the console, and the content security policy, complained of. */
  complaints: string[]
  open(url: string, view: {width: number; dark?: boolean; print?: boolean}): Promise<void>
  /** Value of a JavaScript expression in the page, which may have scripts forbidden to itself. */
  evaluate<T>(expression: string): Promise<T>
  /** The page as PNG, whole or a part of it. */
  screenshot(area?: {x: number; y: number; width: number; height: number}): Promise<Buffer>
}

/** A fresh browser with one page, driven over the DevTools protocol. */
export async function browserPage(): Promise<Page> {
  const profile = await mkdtemp(join(tmpdir(), 'postern-browser-'))
  const child = spawn(CHROMIUM!, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  const wire = connectTo(child)
  const {targetInfos} = (await wire.call('Target.getTargets')) as {targetInfos: {type: string; targetId: string}[]}
  const {targetId} = targetInfos.find(({type}) => type === 'page')!
  const {sessionId} = (await wire.call('Target.attachToTarget', {targetId, flatten: true})) as {sessionId: string}
  const call = (method: string, params: Params = {}) => wire.call(method, params, sessionId)
  const page = {requests: [] as string[], complaints: [] as string[]}
  wire.on('Network.requestWillBeSent', ({request}) => page.requests.push((request as {url: string}).url))
  wire.on('Log.entryAdded', ({entry}) => page.complaints.push((entry as {text: string}).text))
  wire.on('Runtime.exceptionThrown', (params) => page.complaints.push(JSON.stringify(params)))
  for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await call(`${domain}.enable`)
  return {
    ...page,
    async open(url, {width, dark = false, print = false}) {
      await call('Emulation.setDeviceMetricsOverride', {width, height: 800, deviceScaleFactor: 1, mobile: false})
      const features = [{name: 'prefers-color-scheme', value: dark ? 'dark' : 'light'}]
      await call('Emulation.setEmulatedMedia', {media: print ? 'print' : 'screen', features})
      const loaded = wire.next('Page.loadEventFired')
      await call('Page.navigate', {url})
      await loaded
    },
    async evaluate<T>(expression: string) {
      const answer = await call('Runtime.evaluate', {expression, returnByValue: true, awaitPromise: true})
      if (answer.exceptionDetails) throw new Error(JSON.stringify(answer.exceptionDetails))
      return (answer.result as {value: T}).value
    },
    async screenshot(area) {
      const clip = area && {...area, scale: 1}
      const {data} = await call('Page.captureScreenshot', {captureBeyondViewport: true, ...(clip && {clip})})
      return Buffer.from(data as string, 'base64')
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit')
      if (child.exitCode === null && child.kill('SIGKILL')) await gone
      await rm(profile, {recursive: true, force: true, maxRetries: 10, retryDelay: 100})
    },
  }
}

/** Messages of JSON, each ended by a zero octet, over descriptors 3 and 4. */
function connectTo(child: ChildProcess) {
  const [, , , input, output] = child.stdio as unknown as [null, null, null, Writable, Readable]
  const waiting = new Map<number, {resolve(result: Params): void; reject(error: Error): void}>()
  const listeners: Record<string, ((params: Params) => unknown)[]> = {}
  let last = 0
  let buffered = ''
  const on = (method: string, listener: (params: Params) => unknown) => {
    listeners[method] = [...(listeners[method] ?? []), listener]
  }
  output.setEncoding('utf8').on('data', (chunk: string) => {
    const messages = `${buffered}${chunk}`.split('\0')
    buffered = messages.pop()!
    for (const message of messages) take(JSON.parse(message))
  })
  const take = ({id, method, params = {}, result = {}, error}: Message) => {
    if (method) for (const listener of listeners[method] ?? []) listener(params)
    const asked = waiting.get(id ?? 0)
    waiting.delete(id ?? 0)
    if (error) asked?.reject(new Error(error.message))
    else asked?.resolve(result)
  }
  child.on('exit', () => {
    for (const {reject} of waiting.values()) reject(new Error('the browser ended'))
  })
  return {
    on,
    next: (method: string) => new Promise<Params>((resolve) => on(method, resolve)),
    call: (method: string, params: Params = {}, sessionId?: string) =>
      new Promise<Params>((resolve, reject) => {
        waiting.set(++last, {resolve, reject})
        input.write(`${JSON.stringify({id: last, method, params, sessionId})}\0`)
      }),
  }
}
