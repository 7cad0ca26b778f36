import {existsSync, type FSWatcher, watch} from 'node:fs'
import {readdir, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {Exit, PosternError} from '../mail/error.ts'
import type {RelayLog} from '../relay/log.ts'
import type {Relay} from '../relay/relay.ts'
import {relaySnapshot} from './relay-snapshot.ts'
import type {AppWorld} from './world.ts'

/** Editors and commands write several files for one change: it is looked at when they are through. */
const SETTLE_MS = 200
/** Notification can be lost, or be about a directory that has been replaced: a look at this interval cannot. */
const LOOK_MS = 1_000

/** Why the relay does not run by what the config directory says now. */
export interface ReloadFailure {
  /** ISO 8601: since when. */
  since: string
  reason: string
  hints: string[]
}

/** Brings a changed configuration into a running relay: all of it, or none and a line in the log that says why. */
export class RelayReloader {
  readonly #world: AppWorld
  readonly #relay: Relay
  readonly #log: RelayLog
  #watcher: FSWatcher | null = null
  #timer: NodeJS.Timeout | null = null
  #look: NodeJS.Timeout | null = null
  #seen: string | null = null
  #present = false
  #failure: ReloadFailure | null = null
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

  /** null: the relay runs by the configuration as it is. */
  get failure(): ReloadFailure | null {
    return this.#failure
  }

  /** Follows the config directory, also one that is not there yet. */
  watch(): void {
    this.#present = existsSync(this.#world.configDir)
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
    this.#timer = setTimeout(() => void this.#follow().catch(() => {}), SETTLE_MS)
  }

  // Notification and look see the same change: it is tried, and told of, once.
  async #follow(): Promise<void> {
    this.#seen = await stamp(this.#world.configDir)
    await this.reload()
  }

  async #reload(): Promise<{revision: string; changed: boolean}> {
    const {revision} = this.#relay.status()
    try {
      this.#mustBeThere()
      const snapshot = await relaySnapshot(this.#world)
      const changed = await this.#relay.adopt(snapshot)
      // Who read of the failure wants to read that it is over, also where the revision is the old one.
      if (this.#failure && !changed) this.#log.event({event: 'reloaded', revision: snapshot.revision})
      this.#failure = null
      return {revision: snapshot.revision, changed}
    } catch (error) {
      const [code, hints] = error instanceof PosternError ? [error.code, [...error.hints]] : ['bug', []]
      const reason = (error as Error).message
      const since = this.#failure?.since ?? new Date(this.#world.now()).toISOString()
      this.#failure = {since, reason, hints}
      this.#log.event({event: 'reload-failed', revision, code, reason, hints})
      throw error
    }
  }

  // A directory that was never there means the defaults; one that is gone, as an unmounted one, must not mean "no policy".
  #mustBeThere(): void {
    const {configDir} = this.#world
    const there = existsSync(configDir)
    if (this.#present && !there) {
      throw new PosternError('config-gone', `the config directory ${configDir} is gone`, {
        exit: Exit.badState,
        hints: ['put it back; the relay looks for it by itself'],
      })
    }
    this.#present = there
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
