import {printable} from '../mail/domain.ts'
import type {AttemptEvidence, PathEvidence} from '../policy/evidence.ts'
import type {AddressResult} from '../report/probe-schema.ts'
import type {HelloAnswer} from '../smtp/hello/answer.ts'
import {enumerate} from '../smtp/hello/enumerate.ts'
import type {Ask} from '../smtp/hello/ledger.ts'
import {suiteRank} from '../smtp/hello/suites.ts'
import type {Deadline} from './probe-deadline.ts'
import type {Prober} from './probe-domain.ts'
import {sayHello, takesInjectedCommand, Unwelcome} from './probe-hello.ts'
import type {LookedTwice} from './probe-second-look.ts'

export type Enumeration = NonNullable<AddressResult['enumeration']>

/** Connections to one address, all that the probe makes there included. */
const MOST_CONNECTIONS = 20
/** Addresses that are looked at side by side. */
const SIDE_BY_SIDE = 4
/** ClientHellos without an answer, after which no more are sent. */
const MOST_UNANSWERED = 2

/** By `address port`: what each peer can do that began TLS at all. */
export async function enumerateAll(
  prober: Pick<Prober, 'path' | 'turns'>,
  {attempts}: PathEvidence,
  earlier: ReadonlyMap<string, LookedTwice>,
  deadline: Deadline,
): Promise<Map<string, Enumeration>> {
  const found = new Map<string, Enumeration>()
  const waiting = [...new Map(attempts.filter(beganTls).map((one) => [`${one.address} ${one.port}`, one]))].values()
  const look = async () => {
    for (const [key, attempt] of waiting) {
      const used = 1 + (earlier.get(key)?.connections ?? 0)
      found.set(key, await new Enumerating(prober, attempt, deadline, used).run())
    }
  }
  await Promise.all(Array.from({length: SIDE_BY_SIDE}, look))
  return found
}

function beganTls({reach, starttls, mode, handshake}: AttemptEvidence): boolean {
  return reach.status === 'reached' && (mode === 'implicit' ? handshake !== null : starttls.accepted === true)
}

class Enumerating {
  readonly #prober: Pick<Prober, 'path' | 'turns'>
  readonly #attempt: AttemptEvidence
  readonly #deadline: Deadline
  readonly #before: number
  #connections: number
  #unanswered = 0
  #stopped: string | null = null

  constructor(prober: Pick<Prober, 'path' | 'turns'>, attempt: AttemptEvidence, deadline: Deadline, used: number) {
    this.#prober = prober
    this.#attempt = attempt
    this.#deadline = deadline
    this.#before = used
    this.#connections = used
  }

  async run(): Promise<Enumeration> {
    const {host, mode, starttls} = this.#attempt
    const commandInjection = mode === 'starttls' ? await this.#once((signal) => this.#inject(signal)) : null
    const {ciphers, alpn, ...rest} = await enumerate(this.#ask, host.startsWith('[') ? null : host)
    return {
      connections: this.#connections - this.#before,
      stopped: this.#stopped,
      ...rest,
      alpn: alpn && {...alpn, protocol: alpn.protocol === null ? null : printable(alpn.protocol)},
      ciphers: ciphers.map(({version, names, unseen}) => {
        const suites = names.map((name) => ({name, rank: suiteRank(name)}))
        return {version, suites, complete: unseen.length === 0, unseen}
      }),
      commandInjection,
      responseInjection: mode === 'starttls' ? starttls.injected : null,
    }
  }

  readonly #ask: Ask = async (offer) => {
    const {path} = this.#prober
    const answer = await this.#once((signal) => sayHello(path, this.#attempt, offer, signal))
    if (answer) this.#count(answer)
    return answer
  }

  #count({kind}: HelloAnswer): void {
    this.#unanswered = kind === 'silence' ? this.#unanswered + 1 : 0
    if (this.#unanswered >= MOST_UNANSWERED) this.#stopped = 'it does not answer any more'
  }

  #inject(signal: AbortSignal): Promise<boolean | null> {
    return takesInjectedCommand(this.#prober.path, this.#attempt, signal)
  }

  /** One connection, when it is its turn; null where there is none left, or the peer will have no more of them. */
  async #once<T>(look: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    if (this.#stopped !== null) return null
    if (this.#connections >= MOST_CONNECTIONS) this.#stopped = `${MOST_CONNECTIONS} connections were made`
    else if (this.#deadline.signal.aborted) this.#stopped = OUT_OF_TIME
    if (this.#stopped !== null) return null
    const {signal} = this.#deadline
    try {
      const leave = await this.#deadline.during(this.#prober.turns.take(this.#attempt.address, signal))
      this.#connections += 1
      return await look(signal).finally(leave)
    } catch (error) {
      if (error instanceof Unwelcome) this.#stopped = error.message
      else if (this.#deadline.over) this.#stopped = OUT_OF_TIME
      else throw error
      return null
    }
  }
}

const OUT_OF_TIME = 'the time for the whole look was over'
