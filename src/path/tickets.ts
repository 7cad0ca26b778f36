import type {X509Certificate} from 'node:crypto'
import type {Clock} from '../mail/world.ts'
import type {EffectiveProfile} from '../policy/profile.ts'

/** What a full handshake showed, which a resumed one does not show again (RFC 8446 §2.2). */
export interface FullHandshake {
  /** As OpenSSL built it, leaf first. */
  chain: X509Certificate[]
  trusted: boolean
  error: string | null
  /** The OCSP response that was stapled, DER. */
  ocsp: Buffer | null
  group: string | null
  /** Milliseconds since the epoch. */
  madeAt: number
}

export interface Ticket {
  session: Buffer
  full: FullHandshake
}

/** Whose tickets they are: who may resume a session is decided by everything that its verdict was drawn from. */
export interface TicketOwner {
  /** Revision of the policy, and destination. */
  scope: string
  host: string
  address: string
  port: number
  mode: 'starttls' | 'implicit'
  profile: EffectiveProfile
}

const MOST_OWNERS = 1_000
const MOST_TICKETS = 4
/** RFC 8446 §4.6.1 allows a week. What was revoked or withdrawn meanwhile is to be noticed sooner. */
const OLDEST_MS = 3_600_000

/**
 * TLS sessions that may be resumed, each once (RFC 8446 appendix C.4). A ticket is only put here by the engine, after
 * the full handshake was judged under the owner's profile and mail may pass over it; and it is not handed out once a
 * certificate of that handshake has expired.
 */
export class TicketShelf {
  readonly #clock: Pick<Clock, 'now'>
  readonly #tickets = new Map<string, Ticket[]>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** The newest ticket, which is gone from here on. */
  take(owner: TicketOwner): Ticket | null {
    const key = keyOf(owner)
    const good = (this.#tickets.get(key) ?? []).filter(({full}) => isGood(full, this.#clock.now()))
    const taken = good.pop() ?? null
    this.#keep(key, good)
    return taken
  }

  put(owner: TicketOwner, ticket: Ticket): void {
    const key = keyOf(owner)
    this.#keep(key, [...(this.#tickets.get(key) ?? []), ticket].slice(-MOST_TICKETS))
  }

  forget(owner: TicketOwner): void {
    this.#tickets.delete(keyOf(owner))
  }

  #keep(key: string, tickets: Ticket[]): void {
    this.#tickets.delete(key)
    if (tickets.length > 0) this.#tickets.set(key, tickets)
    if (this.#tickets.size > MOST_OWNERS) this.#tickets.delete(this.#tickets.keys().next().value!)
  }
}

function isGood({chain, madeAt}: FullHandshake, now: number): boolean {
  if (now < madeAt || now - madeAt > OLDEST_MS || chain.length === 0) return false
  return chain.every(({validTo}) => now < Date.parse(validTo))
}

function keyOf({scope, host, address, port, mode, profile}: TicketOwner): string {
  const {anchors, comment: _, ...checks} = profile
  return JSON.stringify([scope, host, address, port, mode, checks, anchors.id, anchors.issuers])
}
