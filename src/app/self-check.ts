import {stat} from 'node:fs/promises'
import {dial} from '../path/dial.ts'
import type {PathWorld} from '../path/path.ts'
import type {AttemptEvidence, Finding, PathEvidence} from '../policy/evidence.ts'
import {addressRange} from '../policy/remarks/address-range.ts'
import {isLostInSilence, type LocalFacts, localRemarks} from '../policy/remarks/local.ts'

/** RFC 5737 §3: for documentation, nobody has it. */
const NOBODY = '192.0.2.1'
const SMTP = 25
/** Ports that a machine with a mail host is likely to answer at, if only with a refusal. */
const OTHER_PORTS = [443, 587, 465]
const KNOCK_MS = 2_000
/** What a living machine writes now and then. */
const FILES = ['/var/log', '/var/log/wtmp', '/var/lib', '/etc/resolv.conf', '/etc/ld.so.cache', '/etc']

/**
 * Whether a failure is of our own making: looked at only where something failed, and once for all targets where it is
 * the same for all. Nobody is asked who has no part in it: not another partner, not a third party.
 */
export class SelfCheck {
  readonly #path: PathWorld
  readonly #files: readonly string[]
  #smtpReached = false
  #proxied: Promise<boolean> | null = null

  /** `dirs`: the program's own directories, whose files tell the time as well. */
  constructor(path: PathWorld, dirs: readonly string[]) {
    this.#path = path
    this.#files = [...FILES, ...dirs, import.meta.filename]
  }

  /** Remembers of any look, good or bad, that SMTP gets out of here. */
  note({attempts}: PathEvidence): void {
    this.#smtpReached ||= attempts.some(isPublicSuccess)
  }

  async look(evidence: PathEvidence, signal: AbortSignal): Promise<Finding[]> {
    const {attempts} = evidence
    const atSmtpPort = attempts.some(({port, address}) => port === SMTP && addressRange(address).kind === 'public')
    const facts: LocalFacts = {
      proxied: atSmtpPort && attempts.some(isReached) && (await this.#isProxied(signal)),
      smtpReached: this.#smtpReached,
      otherPort: atSmtpPort && attempts.every(isLostInSilence) ? await this.#otherPort(attempts, signal) : null,
      resolver: await this.#resolver(evidence, signal),
      newestFile: attempts.some(({handshake}) => handshake?.status === 'completed') ? await this.#newestFile() : null,
      now: this.#path.now(),
    }
    return localRemarks(evidence, facts)
  }

  #isProxied(signal: AbortSignal): Promise<boolean> {
    this.#proxied ??= this.#knock(NOBODY, SMTP, signal).then((answer) => answer === 'taken')
    return this.#proxied
  }

  async #otherPort(attempts: readonly AttemptEvidence[], signal: AbortSignal): Promise<string | null> {
    const address = attempts[0]?.address
    if (address === undefined) return null
    const answers = await Promise.all(OTHER_PORTS.map((port) => this.#knock(address, port, signal)))
    const open = OTHER_PORTS.find((_, i) => answers[i] !== 'silent')
    return open === undefined ? null : `${address} port ${open}`
  }

  /** Whether anything answers; the connection is closed at once. */
  async #knock(address: string, port: number, signal: AbortSignal): Promise<'taken' | 'refused' | 'silent'> {
    try {
      const socket = await dial(this.#path, address, port, {ms: KNOCK_MS, signal})
      socket.destroy()
      return 'taken'
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'refused' : 'silent'
    }
  }

  /** The top-level domain is nobody's fault but that of the DNS server, or of the way to it. */
  async #resolver({domain, route}: PathEvidence, signal: AbortSignal): Promise<LocalFacts['resolver']> {
    const failed = [route.failure, ...route.hosts.map(({failure}) => failure)].some((it) => it?.kind === 'dns-failed')
    if (!failed || signal.aborted) return null
    try {
      const answer = await this.#path.resolver.txt(domain.slice(domain.lastIndexOf('.') + 1), signal)
      if (answer.status !== 'failed') return 'works'
      return /: (SERVFAIL|REFUSED|FORMERR|NOTIMP|rcode)/.test(answer.reason) ? 'broken' : 'silent'
    } catch {
      return null
    }
  }

  async #newestFile(): Promise<number | null> {
    const times = await Promise.all(
      this.#files.map((file) =>
        stat(file).then(
          ({mtimeMs}) => mtimeMs,
          () => 0,
        ),
      ),
    )
    return Math.max(...times) || null
  }
}

function isReached({reach}: AttemptEvidence): boolean {
  return reach.status === 'reached'
}

function isPublicSuccess({reach, address, port, banner}: AttemptEvidence): boolean {
  return port === SMTP && (reach.status === 'reached' || banner !== null) && addressRange(address).kind === 'public'
}
