import type {Clock} from '../mail/world.ts'
import type {MailPath} from '../path/path.ts'
import type {AttemptEvidence, AttemptVerdict} from '../policy/evidence.ts'
import {judgeAttempt} from '../policy/judge.ts'
import {type EffectiveProfile, LEVELS} from '../policy/profile.ts'

export type OpenPath = Extract<MailPath, {status: 'open'}>

/** An idle session ends after this long; peers close theirs after five minutes (RFC 5321 §4.5.3.2.7). */
const IDLE_MS = 5_000
/** The same where others wait for a connection to the address: long enough for a message that is on its way. */
const WANTED_IDLE_MS = 20
/** Messages on one connection, and its age: a peer behind a balancer wants to be chosen anew now and then. */
const MOST_MESSAGES = 100
const OLDEST_MS = 300_000

export interface Reusable {
  path: OpenPath
  /** What was seen when it was opened, and what the message's own profile makes of it. */
  attempt: AttemptEvidence
  verdict: AttemptVerdict
}

interface Pooled {
  path: OpenPath
  messages: number
  openedAt: number
  idleTimer?: NodeJS.Timeout
}

/** Sessions that may carry another message to the same destination. */
export class SessionPool {
  readonly #idle = new Map<string, Pooled[]>()
  readonly #lent = new Map<OpenPath, Pooled>()
  readonly #clock: Pick<Clock, 'now'>
  readonly #wanted: (address: string) => boolean

  /** `wanted`: somebody waits for a connection to the address. */
  constructor(clock: Pick<Clock, 'now'>, wanted: (address: string) => boolean = () => false) {
    this.#clock = clock
    this.#wanted = wanted
  }

  /**
   * An idle session that the message may use: one that was opened under an equal or stricter profile with the same trust
   * anchors, and whose evidence passes the message's own profile (and REQUIRETLS) too.
   */
  take(
    key: string,
    profileFor: (address: string) => EffectiveProfile,
    requireTls: boolean | 'unadvertised',
  ): Reusable | null {
    const waiting = this.#idle.get(key) ?? []
    for (const pooled of [...waiting].reverse()) {
      this.#unpark(key, pooled)
      if (!pooled.path.session.usable) {
        pooled.path.session.destroy()
        continue
      }
      const reusable = fitting(pooled.path, profileFor(pooled.path.attempt.address), requireTls)
      if (reusable) {
        this.#lent.set(pooled.path, pooled)
        return reusable
      }
      this.#park(key, pooled)
    }
    return null
  }

  /** Takes a session back after a message, and closes it when it has served enough. */
  giveBack(key: string, path: OpenPath): void {
    const pooled = this.#lent.get(path) ?? {path, messages: 0, openedAt: this.#clock.now()}
    this.#lent.delete(path)
    pooled.messages++
    const old = this.#clock.now() - pooled.openedAt > OLDEST_MS
    if (!path.session.usable) path.session.destroy()
    else if (pooled.messages >= MOST_MESSAGES || old) void path.session.quit()
    else this.#park(key, pooled)
  }

  /** Closes an idle session with this address, whoever it was opened for: somebody else needs the connection. */
  makeRoom(address: string): void {
    for (const [key, waiting] of this.#idle) {
      const idle = waiting.find(({path}) => path.attempt.address === address)
      if (!idle) continue
      this.#unpark(key, idle)
      return void idle.path.session.quit()
    }
  }

  /** Says goodbye to every idle session. */
  async close(): Promise<void> {
    const idle = [...this.#idle].flatMap(([key, waiting]) => waiting.map((pooled) => ({key, pooled})))
    await Promise.all(
      idle.map(({key, pooled}) => {
        this.#unpark(key, pooled)
        return pooled.path.session.quit()
      }),
    )
  }

  get size(): number {
    return [...this.#idle.values()].reduce((sum, {length}) => sum + length, 0)
  }

  #park(key: string, pooled: Pooled): void {
    const idle = this.#wanted(pooled.path.attempt.address) ? WANTED_IDLE_MS : IDLE_MS
    pooled.idleTimer = setTimeout(() => {
      this.#unpark(key, pooled)
      void pooled.path.session.quit()
    }, idle)
    this.#idle.set(key, [...(this.#idle.get(key) ?? []), pooled])
  }

  #unpark(key: string, pooled: Pooled): void {
    clearTimeout(pooled.idleTimer)
    const left = (this.#idle.get(key) ?? []).filter((other) => other !== pooled)
    if (left.length > 0) this.#idle.set(key, left)
    else this.#idle.delete(key)
  }
}

function fitting(path: OpenPath, profile: EffectiveProfile, requireTls: boolean | 'unadvertised'): Reusable | null {
  if (!atLeastAsStrict(path.profile, profile)) return null
  const attempt = {...path.attempt, requireTls}
  const verdict = judgeAttempt(attempt, path.evidence, profile)
  const passes = verdict.outcome !== 'refused' && verdict.outcome !== 'unreachable'
  return passes ? {path, attempt, verdict} : null
}

function atLeastAsStrict(opened: EffectiveProfile, wanted: EffectiveProfile): boolean {
  return (
    opened.anchors.id === wanted.anchors.id &&
    // Level none asks for clear text; it is no weaker kind of the others.
    (opened.level === 'none') === (wanted.level === 'none') &&
    LEVELS.indexOf(opened.level) >= LEVELS.indexOf(wanted.level) &&
    Number(opened.minTls) >= Number(wanted.minTls) &&
    opened.minStrength >= wanted.minStrength
  )
}
