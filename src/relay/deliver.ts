import {openMailPath} from '../path/open.ts'
import type {TicketShelf} from '../path/tickets.ts'
import type {AttemptEvidence, AttemptVerdict, PathEvidence, PathVerdict} from '../policy/evidence.ts'
import type {LeasedRecipient} from '../queue/store.ts'
import type {RecipientResult} from '../smtp/client.ts'
import {SmtpError} from '../smtp/error.ts'
import {deferUnasked, failedFates, fatesOfClosedPath, fatesOfLostSession, fatesOfTransaction} from './ending.ts'
import type {FailureMemory} from './failure-memory.ts'
import type {RecipientFate} from './fate.ts'
import {GroupPolicy, type OutgoingGroup, outgoing, pathRequest, requireTlsOf} from './group.ts'
import type {PathFacts, RelayEvent} from './log.ts'
import {pathFacts, rehearsedRefusals} from './path-facts.ts'
import type {OpenPath, SessionPool} from './session-pool.ts'
import type {RelaySnapshot} from './snapshot.ts'

export interface DeliveryHouse {
  snapshot: Pick<RelaySnapshot, 'revision' | 'routes' | 'path' | 'policy'>
  pool: SessionPool
  memory: FailureMemory
  /** Absent: no TLS session is resumed. */
  tickets?: TicketShelf
  /** As in PathRequest. */
  admit?(address: string): () => void
  log(event: RelayEvent): void
  signal: AbortSignal
}

export interface Delivered {
  fates: RecipientFate[]
  /** The path on which each fate was decided, by the recipient's number; none: nobody was reached. */
  paths: ReadonlyMap<number, PathFacts>
  /** The path of the last transaction; null: none was open. */
  path: PathFacts | null
  /** Some host greeted us; false: the destination is dead, or DNS is. */
  reached: boolean
  /** All that was seen on the way. */
  seen: {evidence: PathEvidence; verdict: PathVerdict}
}

/** Hosts that are given the message in one delivery. RFC 5321 §5.1 asks for two at least. */
const MOST_SESSIONS = 5

/**
 * One delivery of one group: over an idle session or along the path that the engine opens, and on to the next host for
 * the recipients that the first neither took nor refused for good (RFC 5321 §5.1). Never throws for what a peer does;
 * throws when the signal aborts before anything was settled.
 */
export async function deliverGroup(house: DeliveryHouse, group: OutgoingGroup): Promise<Delivered> {
  return new GroupDelivery(house, group).run()
}

type Seen = Delivered['seen']

class GroupDelivery {
  readonly #house: DeliveryHouse
  readonly #group: OutgoingGroup
  readonly #policy: GroupPolicy
  readonly #poolKey: string
  readonly #fates = new Map<number, RecipientFate>()
  readonly #paths = new Map<number, PathFacts>()
  /** Recipients whose last refusal was our own: the host lacked what the message needs. */
  readonly #unasked = new Set<number>()
  readonly #tried = new Set<string>()
  /** Recipients that another host may still take. */
  #waiting: readonly LeasedRecipient[]
  #sessions = 0
  #path: PathFacts | null = null
  #seen: Seen | null = null

  constructor(house: DeliveryHouse, group: OutgoingGroup) {
    this.#house = house
    this.#group = group
    this.#policy = new GroupPolicy(house, group)
    this.#poolKey = `${house.snapshot.revision} ${group.destination}`
    this.#waiting = group.recipients
  }

  async run(): Promise<Delivered> {
    try {
      await this.#overIdleSession()
      while (this.#goesOn()) await this.#overNewPath()
    } catch (error) {
      // What one host has settled stands, whatever keeps us from asking the next.
      if (this.#fates.size === 0) throw error
    }
    const seen = this.#seen!
    const fates = [...this.#fates.values()].map((fate) => {
      return this.#unasked.has(fate.id) ? deferUnasked(fate, seen.evidence) : fate
    })
    const reached = this.#sessions > 0 || seen.evidence.attempts.some(({reach}) => reach.status === 'reached')
    return {fates, paths: this.#paths, path: this.#path, reached, seen}
  }

  #goesOn(): boolean {
    if (this.#waiting.length === 0 || this.#sessions >= MOST_SESSIONS) return false
    return (
      !this.#seen || this.#seen.evidence.route.hosts.some((host) => host.addresses.some((a) => !this.#tried.has(a)))
    )
  }

  /** Nothing has happened where there is none, or the peer had closed it before it took anything. */
  async #overIdleSession(): Promise<void> {
    const profileFor = (address: string) => this.#policy.at(address).profile
    for (let idle = true; idle && this.#sessions === 0; ) {
      const found = this.#house.pool.take(this.#poolKey, profileFor, requireTlsOf(this.#group))
      idle = found !== null
      if (found) await this.#over(found.path, found.attempt, found.verdict, true)
    }
  }

  async #overNewPath(): Promise<void> {
    const request = {...pathRequest(this.#house, this.#group, this.#policy), passOver: this.#tried}
    const path = await openMailPath(this.#house.snapshot.path, request)
    this.#house.memory.learn(path.evidence)
    this.#logRehearsals(path.evidence)
    const {attempts} = path.evidence
    attempts.forEach((attempt, i) => {
      const taken = path.status === 'open' && attempt === path.attempt
      if (!taken) this.#logAttempt(attempt, path.verdict.attempts[i]!)
      this.#tried.add(attempt.address)
    })
    if (path.status === 'open') return this.#over(path, path.attempt, path.attemptVerdict, false)
    this.#see(path)
    if (this.#fates.size === 0) this.#record(fatesOfClosedPath(this.#waiting, path))
    this.#waiting = []
  }

  /** The transactions over one session: a second one where the peer takes no more recipients in the first. */
  async #over(path: OpenPath, attempt: AttemptEvidence, verdict: AttemptVerdict, reused: boolean): Promise<void> {
    const facts = pathFacts(attempt, verdict, this.#policy.at(attempt.address).profile, reused)
    try {
      let left = this.#waiting
      const open: LeasedRecipient[] = []
      while (left.length > 0) {
        const sent = await this.#send(path, facts, left)
        if (sent === 'untouched') return
        open.push(...sent.open)
        left = path.session.usable ? sent.overflow : []
        if (left.length === 0) open.push(...sent.overflow)
      }
      this.#waiting = open
    } finally {
      this.#house.pool.giveBack(this.#poolKey, path)
    }
    this.#sessions++
    this.#tried.add(attempt.address)
    this.#path = facts
    this.#see(path)
    if (this.#goesOn()) this.#logGoingOn(facts)
  }

  /** `untouched`: a reused session was lost before the message went out, so that nothing can have been delivered. */
  async #send(
    path: OpenPath,
    facts: PathFacts,
    recipients: readonly LeasedRecipient[],
  ): Promise<'untouched' | {open: LeasedRecipient[]; overflow: LeasedRecipient[]}> {
    let begun = false
    const message = outgoing(this.#group, recipients)
    const body = () => {
      begun = true
      return message.body()
    }
    try {
      const result = await this.#transaction(path, {...message, body})
      const dsnOffered = path.session.extensions.has('DSN')
      this.#record(fatesOfTransaction(recipients, result, facts, path.evidence, dsnOffered), facts, result.recipients)
      return sorted(recipients, result.recipients)
    } catch (error) {
      if (isStopped(this.#house.signal)) throw error
      if (!(error instanceof SmtpError)) {
        this.#record(failedFates(recipients, error, facts), facts)
        return {open: [], overflow: []}
      }
      const untouched = !begun && error.settled.every((settled) => settled === null)
      if (facts.reused && untouched && !this.#fates.size) return 'untouched'
      this.#record(fatesOfLostSession(recipients, error, facts, path.evidence), facts, error.settled)
      const open = recipients.filter((_, i) => {
        const settled = error.settled[i]
        return settled ? isOpen(settled) : !error.mayHaveArrived
      })
      return {open, overflow: []}
    }
  }

  async #transaction({session}: OpenPath, message: Parameters<OpenPath['session']['send']>[0]) {
    const end = () => session.destroy()
    this.#house.signal.addEventListener('abort', end, {once: true})
    try {
      return await session.send(message)
    } finally {
      this.#house.signal.removeEventListener('abort', end)
    }
  }

  /** The last word counts, but what one host put off may still be taken there, whatever another lacks. */
  #record(fates: RecipientFate[], facts?: PathFacts, results: readonly (RecipientResult | null)[] = []): void {
    fates.forEach((fate, i) => {
      const unasked = results[i]?.unasked === true
      const before = this.#fates.get(fate.id)
      if (before && unasked && !this.#unasked.has(fate.id)) return
      this.#fates.set(fate.id, before ? {...fate, failures: [...before.failures, ...fate.failures]} : fate)
      if (facts) this.#paths.set(fate.id, facts)
      if (unasked) this.#unasked.add(fate.id)
      else this.#unasked.delete(fate.id)
    })
  }

  #see({evidence, verdict}: Seen): void {
    const before = this.#seen
    if (!before) this.#seen = {evidence, verdict}
    else {
      const attempts = [...before.evidence.attempts, ...evidence.attempts]
      const verdicts = [...before.verdict.attempts, ...verdict.attempts]
      this.#seen = {evidence: {...evidence, attempts}, verdict: {...before.verdict, attempts: verdicts}}
    }
  }

  #logAttempt(attempt: AttemptEvidence, verdict: AttemptVerdict): void {
    this.#logPath(pathFacts(attempt, verdict, this.#policy.at(attempt.address).profile))
  }

  #logGoingOn(facts: PathFacts): void {
    const reason = this.#fates.get(this.#waiting[0]!.id)?.reason ?? 'it did not take the message'
    this.#logPath({...facts, reason: `${reason}; the next host is asked`})
  }

  #logPath(path: PathFacts): void {
    const {queueId: queue, destination} = this.#group
    this.#house.log({event: 'attempt', queue, destination, path})
  }

  #logRehearsals(evidence: PathEvidence): void {
    const {queueId: queue, destination} = this.#group
    for (const path of rehearsedRefusals(evidence, (address) => this.#policy.at(address).rehearsed)) {
      this.#house.log({event: 'would-refuse', queue, destination, path})
    }
  }
}

/** Whether another host may still take it: it was neither taken nor refused for good by a host that was asked. */
function isOpen({accepted, reply, unasked}: RecipientResult): boolean {
  return !accepted && (unasked === true || reply.code < 500)
}

/**
 * RFC 5321 §4.5.3.1.10: a 452 to a recipient behind others that were taken means that the transaction is full, and that
 * the rest is to be sent at once in another. RFC 3463 §3.6: x.5.3 says so outright, and any other status says otherwise.
 */
function sorted(recipients: readonly LeasedRecipient[], results: readonly RecipientResult[]) {
  const someTaken = results.some(({accepted}) => accepted)
  const isOverflow = ({reply, command, accepted}: RecipientResult) => {
    const full = command === 'RCPT' && reply.code === 452 && !/^4\.(?!5\.3\b)\d+\.\d+\b/.test(reply.lines[0] ?? '')
    return someTaken && !accepted && full
  }
  return {
    open: recipients.filter((_, i) => isOpen(results[i]!) && !isOverflow(results[i]!)),
    overflow: recipients.filter((_, i) => isOverflow(results[i]!)),
  }
}

/** A deadline is one more way to lose a session; anything else that ends the signal ends the relay. */
function isStopped(signal: AbortSignal): boolean {
  return signal.aborted && (signal.reason as Error)?.name !== 'TimeoutError'
}
