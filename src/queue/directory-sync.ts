import {type FileHandle, open} from 'node:fs/promises'

/**
 * Makes names in a directory durable: a new file survives a power cut only when its directory was synced as well.
 * Callers that arrive during one sync share the next, since the running one may have begun before their file was made.
 */
export class DirectorySync {
  readonly path: string
  readonly #handle: FileHandle
  #running: Promise<void> | null = null
  #next: Promise<void> | null = null

  private constructor(path: string, handle: FileHandle) {
    this.path = path
    this.#handle = handle
  }

  static async open(path: string): Promise<DirectorySync> {
    return new DirectorySync(path, await open(path, 'r'))
  }

  sync(): Promise<void> {
    if (!this.#running) return this.#start()
    this.#next ??= this.#running.catch(() => {}).then(() => this.#start())
    return this.#next
  }

  async close(): Promise<void> {
    await this.#next?.catch(() => {})
    await this.#running?.catch(() => {})
    await this.#handle.close()
  }

  #start(): Promise<void> {
    this.#next = null
    const sync = this.#handle.sync().finally(() => {
      if (this.#running === sync) this.#running = null
    })
    this.#running = sync
    return sync
  }
}
