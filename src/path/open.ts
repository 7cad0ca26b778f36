import {mailDomainText} from '../mail/address.ts'
import type {AttemptEvidence, AttemptVerdict, PathEvidence} from '../policy/evidence.ts'
import {judgeAttempt, judgePath} from '../policy/judge.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import {passes} from '../policy/reading.ts'
import type {ClientSession} from '../smtp/client.ts'
import {type Attempted, attempt, type Manner, type Target} from './attempt.ts'
import {isDeadline} from './deadline.ts'
import {locate} from './locate.ts'
import {withoutOurselves} from './ourselves.ts'
import type {MailPath, Observe, PathRequest, PathWorld} from './path.ts'

/** Addresses of one domain that are looked at, over all its hosts. */
const MOST_TARGETS = 60
/** Addresses that are looked at side by side when all of them are. */
const SIDE_BY_SIDE = 4

/**
 * The path to a domain's mail host, found, dialled, upgraded and judged: the only walk over hosts in the product. What
 * went wrong on the way is evidence in the result; an abort that is no deadline is thrown.
 */
export async function openMailPath(
  world: PathWorld,
  request: PathRequest,
  observe: Observe = () => {},
): Promise<MailPath> {
  const route = withoutOurselves(world, await locate(world, request), placeDialled(world, request).port)
  observe({type: 'located', evidence: route})
  const walk = new Walk(world, request, observe, {domain: mailDomainText(request.domain), route, attempts: []})
  return request.visit === 'all' ? walk.survey() : walk.firstOpen()
}

interface Admitted extends Attempted {
  /** The place that `admit` gave is free again. Its socket may take a moment more to close. */
  leave: (() => void) | undefined
}

interface Judged extends Admitted {
  verdict: AttemptVerdict
}

class Walk {
  readonly #world: PathWorld
  readonly #request: PathRequest
  readonly #observe: Observe
  readonly #evidence: PathEvidence
  readonly #profiles = new Map<string, EffectiveProfile>()

  constructor(world: PathWorld, request: PathRequest, observe: Observe, evidence: PathEvidence) {
    this.#world = world
    this.#request = request
    this.#observe = observe
    this.#evidence = evidence
  }

  /** The relay's way: the first address that the profile lets mail pass to. Preference beats security. */
  async firstOpen(): Promise<MailPath> {
    for (const target of this.#targets()) {
      if (this.#request.passOver?.has(target.address)) continue
      const first = await this.#lookAndNote(target, {
        upgrade: target.profile.level !== 'none',
        fallback: false,
        resume: true,
      })
      const made = needsNewConnection(first) ? await this.#fallBack(target, first) : first
      if (made.session && passes(made.verdict.outcome)) return this.#opened(target, made, made.session)
      await made.session?.quit()
    }
    return this.#closed()
  }

  /** The probe's way: every address, upgraded wherever TLS is offered, and QUIT. Attempts keep the order of the hosts. */
  async survey(): Promise<MailPath> {
    const found: AttemptEvidence[] = []
    const waiting = this.#targets().entries()
    const surveyor = async () => {
      for (const [i, target] of waiting) {
        found[i] = await this.#visit(target)
      }
    }
    // All of them are over, and their sockets closed, before an abort is passed on.
    const ends = await Promise.allSettled(Array.from({length: SIDE_BY_SIDE}, surveyor))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    this.#evidence.attempts.push(...found)
    return this.#closed()
  }

  /** One look of a survey, when it is its turn. */
  async #visit(target: Target): Promise<AttemptEvidence> {
    const {turn, signal} = this.#request
    const leave = await turn?.(target.address, signal).catch(rethrowUnlessDeadline)
    try {
      const {evidence, session} = await this.#look(target, {upgrade: true, fallback: false, insist: true})
      await session?.quit()
      return evidence
    } finally {
      leave?.()
    }
  }

  /** docs/outcomes.md, note 1: clear text after TLS failed is always a new connection, and never silent. */
  async #fallBack(target: Target, failed: Judged): Promise<Judged> {
    await failed.session?.quit()
    failed.leave?.()
    const reason = failed.verdict.findings[0]?.message ?? 'TLS failed'
    this.#observe({type: 'falling-back', host: target.host.name, address: target.address, reason})
    return this.#lookAndNote(target, {upgrade: false, fallback: true})
  }

  async #lookAndNote(target: Target, manner: Manner): Promise<Judged> {
    const made = await this.#look(target, manner)
    this.#evidence.attempts.push(made.evidence)
    return made
  }

  async #look(target: Target, manner: Manner): Promise<Judged> {
    const made = await this.#attempt(target, manner)
    const verdict = judgeAttempt(made.evidence, this.#evidence, target.profile)
    // RFC 8446 §2.2: resuming skips the certificate. Only what was verified under this very profile may be resumed.
    if (verdict.outcome === 'verified' || verdict.outcome === 'tls') made.resumption?.keep()
    this.#observe({type: 'attempted', evidence: made.evidence, verdict})
    return {...made, verdict}
  }

  /** A handshake that fails over a session it was to resume says nothing of the peer: the next one starts from nothing. */
  async #attempt(target: Target, manner: Manner): Promise<Admitted> {
    const made = await this.#admitted(target, manner)
    if (!made.resumption?.ticket || made.evidence.handshake?.status !== 'failed') return made
    made.resumption.forget()
    await made.session?.quit()
    made.leave?.()
    return this.#admitted(target, {...manner, resume: false})
  }

  async #admitted(target: Target, manner: Manner): Promise<Admitted> {
    const {visit, admit} = this.#request
    const leave = visit === 'first' ? admit?.(target.address) : undefined
    const made = await attempt(this.#world, this.#request, target, {...manner, closed: leave}, this.#observe)
    return {...made, leave}
  }

  #targets(): Target[] {
    const {ports, visit} = this.#request
    const dialled = ports ?? [placeDialled(this.#world, this.#request)]
    // The probe looks at every host, and says which of them a relay passes over.
    const {hosts} = this.#evidence.route
    const wanted = visit === 'all' ? hosts : hosts.filter(({passedOver}) => !passedOver)
    const targets = wanted.flatMap((host) => {
      return host.addresses.flatMap((address) => {
        return dialled.map((at) => ({host, address, ...at, profile: this.#profileFor(address)}))
      })
    })
    return targets.slice(0, MOST_TARGETS * dialled.length)
  }

  #profileFor(address: string): EffectiveProfile {
    const profile = this.#profiles.get(address) ?? this.#request.profileFor(address)
    this.#profiles.set(address, profile)
    return profile
  }

  #judged() {
    const evidence = this.#evidence
    return {evidence, verdict: judgePath(evidence, ({address}) => this.#profileFor(address))}
  }

  #opened(target: Target, {evidence, verdict}: Judged, session: ClientSession): MailPath {
    session.release()
    return {
      ...this.#judged(),
      status: 'open',
      session,
      attempt: evidence,
      attemptVerdict: verdict,
      profile: target.profile,
    }
  }

  #closed(): MailPath {
    return {...this.#judged(), status: 'closed'}
  }
}

function placeDialled({ports}: PathWorld, request: PathRequest): {port: number; implicitTls: boolean} {
  const {fixed, route, port} = request
  const implicitTls = request.implicitTls ?? route?.implicitTls ?? false
  return {port: fixed?.port ?? route?.port ?? port ?? (implicitTls ? ports.smtps : ports.smtp), implicitTls}
}

/** A deadline that came while it waited ends the look at its first step, and is part of the evidence. */
function rethrowUnlessDeadline(reason: unknown): undefined {
  if (!isDeadline(reason)) throw reason
}

/** Clear text is allowed here, but this connection has seen TLS fail. */
function needsNewConnection({evidence, verdict}: Judged): boolean {
  return passes(verdict.outcome) && evidence.failedAttempts > 0
}
