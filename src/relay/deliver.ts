import {MailAddress, parseMailDomain} from '../mail/address.ts'
import type {MailOptions} from '../mail/envelope.ts'
import {openMailPath} from '../path/open.ts'
import type {PathRequest} from '../path/path.ts'
import type {AttemptEvidence, AttemptVerdict, PathEvidence, PathVerdict} from '../policy/evidence.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import type {LeasedRecipient} from '../queue/store.ts'
import type {TransactionResult} from '../smtp/client.ts'
import {SmtpError} from '../smtp/error.ts'
import {failedFates, fatesOfClosedPath, fatesOfLostSession, fatesOfTransaction} from './ending.ts'
import type {FailureMemory} from './failure-memory.ts'
import type {RecipientFate} from './fate.ts'
import type {PathFacts, RelayEvent} from './log.ts'
import {pathFacts, rehearsedRefusals} from './path-facts.ts'
import {routeFor} from './route.ts'
import type {OpenPath, SessionPool} from './session-pool.ts'
import type {RelaySnapshot} from './snapshot.ts'

/** One message for recipients that share destination and profile: they share one transaction. */
export interface OutgoingGroup {
  queueId: string
  destination: string
  /** '' is the null sender. */
  reversePath: string
  options: MailOptions
  size: number
  recipients: LeasedRecipient[]
  body(): AsyncIterable<Buffer>
}

export interface DeliveryHouse {
  snapshot: Pick<RelaySnapshot, 'revision' | 'routes' | 'path' | 'policy'>
  pool: SessionPool
  memory: FailureMemory
  log(event: RelayEvent): void
  signal: AbortSignal
}

export interface Delivered {
  fates: RecipientFate[]
  /** The path that the transaction took; null: none was open. */
  path: PathFacts | null
  /** All that was seen on the way. */
  seen: {evidence: PathEvidence; verdict: PathVerdict}
}

/** One delivery attempt for one group. Never throws for what a peer does; throws when the signal aborts. */
export async function deliverGroup(house: DeliveryHouse, group: OutgoingGroup): Promise<Delivered> {
  const attempt = new GroupDelivery(house, group)
  return (await attempt.overIdleSession()) ?? (await attempt.overNewPath())
}

class GroupDelivery {
  readonly #house: DeliveryHouse
  readonly #group: OutgoingGroup
  readonly #poolKey: string
  readonly #policies = new Map<string, {profile: EffectiveProfile; rehearsed: EffectiveProfile[]}>()

  constructor(house: DeliveryHouse, group: OutgoingGroup) {
    this.#house = house
    this.#group = group
    this.#poolKey = `${house.snapshot.revision} ${group.destination}`
  }

  /** null: there is no session to reuse, or the peer had closed it before it took anything. */
  async overIdleSession(): Promise<Delivered | null> {
    for (;;) {
      const requireTls = this.#group.options.requireTls === true
      const found = this.#house.pool.take(this.#poolKey, (address) => this.#policy(address).profile, requireTls)
      if (!found) return null
      const done = await this.#send(found.path, found.attempt, found.verdict, true)
      if (done) return done
    }
  }

  async overNewPath(): Promise<Delivered> {
    const path = await openMailPath(this.#house.snapshot.path, this.#request())
    this.#house.memory.learn(path.evidence)
    this.#logRehearsals(path.evidence)
    const {attempts} = path.evidence
    attempts.forEach((attempt, i) => {
      const taken = path.status === 'open' && attempt === path.attempt
      if (!taken) this.#logAttempt(attempt, path.verdict.attempts[i]!)
    })
    if (path.status === 'closed')
      return {fates: fatesOfClosedPath(this.#group.recipients, path), path: null, seen: path}
    path.session.release()
    return (await this.#send(path, path.attempt, path.attemptVerdict, false))!
  }

  /** null: a reused session was lost before the message went out, so that nothing can have been delivered. */
  async #send(
    path: OpenPath,
    attempt: AttemptEvidence,
    verdict: AttemptVerdict,
    reused: boolean,
  ): Promise<Delivered | null> {
    const {recipients} = this.#group
    const facts = pathFacts(attempt, verdict, this.#policy(attempt.address).profile, reused)
    let begun = false
    try {
      const result = await this.#transaction(path, () => {
        begun = true
        return this.#group.body()
      })
      return {fates: fatesOfTransaction(recipients, result, facts, path.evidence), path: facts, seen: path}
    } catch (error) {
      if (isStopped(this.#house.signal)) throw error
      if (!(error instanceof SmtpError)) return {fates: failedFates(recipients, error, facts), path: facts, seen: path}
      const untouched = !begun && error.settled.every((settled) => settled === null)
      if (reused && untouched) return null
      return {fates: fatesOfLostSession(recipients, error, facts, path.evidence), path: facts, seen: path}
    } finally {
      this.#house.pool.giveBack(this.#poolKey, path)
    }
  }

  async #transaction({session}: OpenPath, body: () => AsyncIterable<Buffer>): Promise<TransactionResult> {
    const {reversePath, options, size, recipients} = this.#group
    const end = () => session.destroy()
    this.#house.signal.addEventListener('abort', end, {once: true})
    try {
      return await session.send({
        reversePath: reversePath === '' ? null : MailAddress.parse(reversePath),
        options,
        recipients: recipients.map(({address, options}) => ({address: MailAddress.parse(address), options})),
        size,
        body,
      })
    } finally {
      this.#house.signal.removeEventListener('abort', end)
    }
  }

  #request(): PathRequest {
    const {snapshot, memory, signal} = this.#house
    const {destination, options, reversePath: sender, recipients} = this.#group
    const recipient = recipients[0]!.address
    const route = routeFor(snapshot.routes, destination)
    return {
      domain: parseMailDomain(destination)!,
      route,
      profileFor: (address) => this.#policy(address).profile,
      visit: 'first',
      failedBefore: (address) => memory.count(address),
      alsoVerify: snapshot.policy.mayRehearse({recipient, sender}),
      ...(options.requireTls ? {requireTls: true} : {}),
      signal,
    }
  }

  /** The first recipient stands for all: the group was made of recipients whose policy cannot differ. */
  #policy(address: string): {profile: EffectiveProfile; rehearsed: EffectiveProfile[]} {
    const known = this.#policies.get(address)
    if (known) return known
    const recipient = this.#group.recipients[0]!.address
    const found = this.#house.snapshot.policy.delivery({recipient, sender: this.#group.reversePath, address})
    this.#policies.set(address, found)
    return found
  }

  #logAttempt(attempt: AttemptEvidence, verdict: AttemptVerdict): void {
    const {queueId: queue, destination} = this.#group
    const path = pathFacts(attempt, verdict, this.#policy(attempt.address).profile)
    this.#house.log({event: 'attempt', queue, destination, path})
  }

  #logRehearsals(evidence: PathEvidence): void {
    const {queueId: queue, destination} = this.#group
    for (const path of rehearsedRefusals(evidence, (address) => this.#policy(address).rehearsed)) {
      this.#house.log({event: 'would-refuse', queue, destination, path})
    }
  }
}

/** A deadline is one more way to lose a session; anything else that ends the signal ends the relay. */
function isStopped(signal: AbortSignal): boolean {
  return signal.aborted && (signal.reason as Error)?.name !== 'TimeoutError'
}
