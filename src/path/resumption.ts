import type {FullHandshake, Ticket, TicketOwner, TicketShelf} from './tickets.ts'

/** The TLS sessions of one connection: the one it resumes, and those it is handed, kept once the verdict is known. */
export class Resumption {
  /** The one that was offered to the peer; null: none, and a full handshake. */
  ticket: Ticket | null = null
  readonly #shelf: TicketShelf
  readonly #owner: TicketOwner
  readonly #resume: boolean
  #waiting: Buffer[] = []
  #full: FullHandshake | null = null
  #keeping = false

  constructor(shelf: TicketShelf, owner: TicketOwner, resume: boolean) {
    this.#shelf = shelf
    this.#owner = owner
    this.#resume = resume
  }

  /** What to resume. */
  offer(): Buffer | undefined {
    this.ticket = this.#resume ? this.#shelf.take(this.#owner) : null
    return this.ticket?.session
  }

  readonly onSession = (session: Buffer): void => {
    if (this.#keeping && this.#full) this.#shelf.put(this.#owner, {session, full: this.#full})
    else this.#waiting.push(session)
  }

  /** The handshake is over; `full` is the one in which the certificates were seen. */
  completed(full: FullHandshake, {version, resumed}: {version: string; resumed?: boolean}): void {
    this.#full = full
    // RFC 5077 §3.3: TLS 1.2 hands out no new ticket while the old one is good.
    if (resumed && version === 'TLSv1.2' && this.ticket) this.#waiting.push(this.ticket.session)
  }

  /** Mail may pass under the owner's profile: what the peer hands out, now and later, may be resumed. */
  keep(): void {
    this.#keeping = true
    for (const session of this.#waiting.splice(0)) this.onSession(session)
  }

  /** A handshake failed over a session of this owner. */
  forget(): void {
    this.#shelf.forget(this.#owner)
  }
}
