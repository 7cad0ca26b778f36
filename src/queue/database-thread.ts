import {Worker} from 'node:worker_threads'
import type {PosternError} from '../mail/error.ts'
import type {DatabaseOptions} from './database.ts'
import {queueClosed, queueFailed} from './errors.ts'
import {type Answer, type Call, type Opened, type Operation, type Operations, unpackError} from './protocol.ts'

interface Pending {
  // biome-ignore lint/suspicious/noExplicitAny: what comes back is typed by the call that waits for it
  resolve: (value: any) => void
  reject: (error: PosternError) => void
}

/** The near end of the worker thread: a call is a message there, its promise settles with the message back. */
export class DatabaseThread {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  #calls = 0
  #closing = false
  #end: PosternError | null = null
  #failure: PosternError | null = null

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (answers: Answer[]) => {
      for (const answer of answers) this.#settle(answer)
    })
    worker.on('error', (error) => this.#stop(queueFailed(error)))
    worker.on('exit', () => this.#stop(this.#closing ? queueClosed() : queueFailed('its thread has ended')))
    // Nobody is kept from ending because the queue is open; while an answer is awaited the thread counts.
    worker.unref()
  }

  /** Resolves when the queue is open; rejects with the worker's reason. */
  static open(options: DatabaseOptions): Promise<DatabaseThread> {
    // From the sources the thread runs TypeScript as well; a bundle has its worker entry beside the chunk with this.
    const entry = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)
    const worker = new Worker(entry, {workerData: options, name: 'queue'})
    return new Promise((resolve, reject) => {
      const onError = (error: unknown) => reject(queueFailed(error))
      worker.once('error', onError)
      worker.once('message', ({error}: Opened) => {
        worker.off('error', onError)
        if (error) reject(unpackError(error))
        else resolve(new DatabaseThread(worker))
      })
    })
  }

  call<O extends Operation>(operation: O, ...args: Parameters<Operations[O]>): Promise<ReturnType<Operations[O]>> {
    return this.#send(operation, args)
  }

  /** `queue-failed`, once something came to that. */
  get failure(): PosternError | null {
    return this.#failure
  }

  /** Remembers an error when it is one that ends the store. */
  fail(error: PosternError): void {
    if (error.code === 'queue-failed') this.#failure ??= error
  }

  /** Resolves when the file is closed and its lock is free. */
  async close(): Promise<void> {
    if (this.#end) return
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve))
    this.#closing = true
    await this.#send('close', [])
    this.#worker.ref()
    await exited
  }

  #send<T>(operation: Call['operation'], args: unknown[]): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#end) return reject(this.#end)
      const call = ++this.#calls
      this.#pending.set(call, {resolve, reject})
      this.#worker.ref()
      this.#worker.postMessage({call, operation, args} satisfies Call)
    })
  }

  #settle({call, value, error}: Answer): void {
    const pending = this.#pending.get(call)
    this.#pending.delete(call)
    if (this.#pending.size === 0) this.#worker.unref()
    const reason = error && unpackError(error)
    if (reason) this.fail(reason)
    if (reason) pending?.reject(reason)
    else pending?.resolve(value)
  }

  #stop(error: PosternError): void {
    this.#end ??= error
    this.fail(this.#end)
    for (const {reject} of this.#pending.values()) reject(this.#end)
    this.#pending.clear()
  }
}
