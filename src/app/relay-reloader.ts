import {type FSWatcher, watch} from 'node:fs'
import {readdir, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {PosternError} from '../mail/error.ts'
import type {RelayLog} from '../relay/log.ts'
import type {Relay} from '../relay/relay.ts'
import {relaySnapshot} from './relay-snapshot.ts'
import type {AppWorld} from './world.ts'

/** Editors and commands write several files for one change: it is looked at when they are through. */
const SETTLE_MS = 200
/** Notification can be lost, or be about a directory that has been replaced: a look at this interval cannot. */
const LOOK_MS = 1_000

/** Brings a changed configuration into a running relay: all of it, or none and a line in the log that says why. */
export class RelayReloader {
  readonly #world: AppWorld
  readonly #relay: Relay
  readonly #log: RelayLog
  #watcher: FSWatcher | null = null
  #timer: NodeJS.Timeout | null = null
  #look: NodeJS.Timeout | null = null
  #seen: string | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(world: AppWorld, relay: Relay, log: RelayLog) {
    this.#world = world
    this.#relay = relay
    this.#log = log
  }

  /** One at a time, in order. Throws what is wrong with the configuration, which then changes nothing. */
  reload(): Promise<{revision: string; changed: boolean}> {
    const next = this.#last.then(() => this.#reload())
    this.#last = next.catch(() => {})
    return next
  }

  /** Follows the config directory, also one that is not there yet. */
  watch(): void {
    this.#look = setInterval(() => void this.#compare(), LOOK_MS)
    void this.#compare()
    try {
      this.#watcher = watch(this.#world.configDir, {recursive: true}, () => this.#noticed())
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      this.#watcher = null
    }
  }

  close(): void {
    this.#watcher?.close()
    if (this.#timer) clearTimeout(this.#timer)
    if (this.#look) clearInterval(this.#look)
  }

  async #compare(): Promise<void> {
    const now = await stamp(this.#world.configDir)
    if (this.#seen !== null && now !== this.#seen) this.#noticed()
    this.#seen = now
  }

  #noticed(): void {
    if (this.#timer) clearTimeout(this.#timer)
    // What went wrong is in the log.
    this.#timer = setTimeout(() => void this.reload().catch(() => {}), SETTLE_MS)
  }

  async #reload(): Promise<{revision: string; changed: boolean}> {
    const {revision} = this.#relay.status()
    try {
      const snapshot = await relaySnapshot(this.#world)
      const changed = await this.#relay.adopt(snapshot)
      return {revision: snapshot.revision, changed}
    } catch (error) {
      const [code, hints] = error instanceof PosternError ? [error.code, [...error.hints]] : ['bug', []]
      this.#log.event({event: 'reload-failed', revision, code, reason: (error as Error).message, hints})
      throw error
    }
  }
}

/** Changes whenever a file below the directory is written, replaced, added or removed. */
async function stamp(dir: string): Promise<string> {
  const entries = await readdir(dir, {recursive: true}).catch(() => [])
  const stamps = entries.sort().map(async (name) => {
    const found = await stat(join(dir, name)).catch(() => null)
    return found?.isFile() ? `${name} ${found.ino} ${found.size} ${found.mtimeMs}` : ''
  })
  return (await Promise.all(stamps)).join('\n')
}
