import type {MailOptions, RecipientOptions} from '../mail/envelope.ts'

/**
 * The promises of the queue. A message is in it from the moment `commit` resolves, which is after its data is on disk
 * and not before; it leaves only by `settle` or `remove`. Delivery is claimed by lease, so that a worker that dies
 * gives its work back, and a worker that was presumed dead cannot settle what another has taken over (fencing token).
 */
export interface QueueStore {
  /** Starts taking in a body. Memory is bounded: large bodies go to a segment file while they arrive. */
  receive(): Promise<IncomingBody>
  /**
   * Work that is due, the oldest first: at most `limit` batches, one message × destination each, leased for `leaseMs`.
   * Destinations that are suspended are passed over. `exclude`: others to pass over, for one because they have all the
   * connections they may have. `only`: what fits, whether it is due, on hold, suspended or not, in the order of arrival.
   */
  claim(options: {
    now: number
    limit: number
    leaseMs: number
    exclude?: string[]
    only?: QueueFilter
    /** Batches of one destination at most, so that none takes the turn of the others. */
    perDestination?: number
  }): Promise<Lease[]>
  /** Prolongs a lease; throws `lease-lost` when another has it. One that expired and was not taken is still good. */
  renew(lease: Lease, until: number): Promise<void>
  /** The body, streamed. Throws `body-corrupt` when a checksum fails: never delivered. */
  openBody(messageId: string): AsyncIterable<Buffer>
  /** What of a damaged body passes its checksums, from the start up to the damage; to be looked at, never delivered. */
  salvageBody(messageId: string): AsyncIterable<Buffer>
  /**
   * Ends or postpones recipients of the lease, writes what was seen, and enqueues the DSNs that it causes: all or
   * nothing. Recipients that are not named stay leased. Resolves when it is durable; where every result is `delivered`
   * and there is no DSN, before that: a crash may then cost a duplicate. Throws `lease-lost`.
   */
  settle(lease: Lease, settlement: Settlement): Promise<void>
  /** Gives a lease back untouched (shutdown). */
  release(lease: Lease): Promise<void>
  /**
   * Nobody at the destination could be reached: all that waits for it is due at `until`, save what is to be warned of or
   * ends before. Returns how many recipients.
   */
  postpone(destination: string, until: number, ages: Ages): Promise<number>
  /** Recipients of the destination that were postponed to just that time are due now. Returns how many. */
  advance(destination: string, postponedTo: number): Promise<number>
  /** When the next recipient is due or its lease ends, milliseconds since the epoch; null: nothing waits. */
  nextDue(): Promise<number | null>
  /** Called when something new may be due (a commit, a retry by hand, a lease given back). Several may listen. */
  onWake(callback: () => void): void

  /** Messages with a recipient that fits, in the order of arrival, each with all its recipients. */
  list(filter: QueueFilter & QueuePage): Promise<{messages: QueueEntry[]; cursor: string | null}>
  /** What fits by destination, those with most messages first. */
  summary(filter: QueueFilter): Promise<DestinationSummary[]>
  show(messageId: string): Promise<QueueDetail | null>
  /** Makes recipients due now, save those on hold or leased. Returns how many. */
  retryNow(filter: QueueFilter): Promise<number>
  /** No delivery until `unhold`; an attempt under way goes on. Returns how many recipients. */
  hold(filter: QueueFilter): Promise<number>
  /** Returns how many recipients. */
  unhold(filter: QueueFilter): Promise<number>
  /**
   * Deletes without a DSN; returns of how many messages something was deleted, at most `limit`. By nothing but ids:
   * whole messages, and a lease on one is lost. Else the recipients that fit, save those that are leased.
   */
  remove(filter: QueueFilter, limit?: number): Promise<number>
  /** Nothing is claimed for the destination until that time, milliseconds since the epoch; null: until `resume`. */
  suspend(destination: string, until: number | null): Promise<void>
  /** False when it was not suspended. */
  resume(destination: string): Promise<boolean>
  /** Those in force, by destination. */
  suspensions(): Promise<Suspension[]>
  counts(): Promise<QueueCounts>
  /** Whether the disk has the free space that `receive` asks for; else it throws `queue-full`. */
  hasRoom(): Promise<boolean>
  /** Takes nothing more, ends what runs, and lets another process open the queue. */
  close(): Promise<void>
}

/**
 * Errors of `write` and `commit`: `queue-full` (nothing was stored, try again later), `queue-failed` (exit 74; the disk
 * failed, this store takes nothing more and must be opened anew; whether the message is stored is not known).
 */
export interface IncomingBody {
  /** Resolves when it may be given more. */
  write(chunk: Buffer): Promise<void>
  /** Resolves with the queue id once body and envelope are durable (group commit). */
  commit(message: NewMessage): Promise<string>
  abort(): Promise<void>
}

export interface NewMessage {
  /** Queue id; made by `newQueueId()` when absent, so that a Received header can name it before the commit. */
  id?: string
  /** Milliseconds since the epoch. */
  receivedAt: number
  /** As received, without angle brackets; '' is the null sender. */
  reversePath: string
  options: MailOptions
  recipients: NewRecipient[]
  /** How it came: `127.0.0.1 (swaks) ESMTPS TLSv1.3`, for `queue show`. */
  origin: string
}

export interface NewRecipient {
  /** As received, without angle brackets. */
  address: string
  options: RecipientOptions
  /** Where it goes, for batching: the domain's A-labels or a bracketed literal. */
  destination: string
  /** First due time; default `receivedAt`. */
  dueAt?: number
}

/** Of a message, milliseconds since it was received. */
export interface Ages {
  warnAfter: number
  lifetime: number
  /** The same for a message of the null sender. */
  dsnLifetime: number
}

export interface Lease {
  messageId: string
  destination: string
  recipients: LeasedRecipient[]
  /** Grows with every claim of these recipients. */
  token: number
  expiresAt: number
  message: {reversePath: string; options: MailOptions; receivedAt: number; size: number; origin: string}
}

export interface LeasedRecipient {
  id: number
  address: string
  options: RecipientOptions
  /** Attempts before this one. */
  attempts: number
  /** A delay DSN was sent. */
  warned: boolean
}

export interface Settlement {
  at: number
  recipients: RecipientSettlement[]
  /** DSNs this causes, body included, small by construction. */
  dsns: {message: NewMessage; body: Buffer}[]
}

export interface RecipientSettlement {
  id: number
  result: 'delivered' | 'deferred' | 'bounced'
  /** `4.7.5`. */
  status: string | null
  /** One line: the reply, or the finding. */
  reason: string
  /** For `deferred`: milliseconds since the epoch. */
  nextDueAt?: number
  /** Set when this settlement carries a delay DSN for it. */
  warned?: boolean
  /** JSON of what was seen, kept as the recipient's history. */
  evidence?: unknown
}

/** Which recipients: those that fit all of it and are neither delivered nor bounced; {} is every one. */
export interface QueueFilter {
  /** Queue ids; an empty list is no message. */
  ids?: string[]
  destination?: string
  /** As in QueueRecipient; `due`: the waiting whose time has come. */
  state?: 'due' | 'waiting' | 'held' | 'leased'
  /** Milliseconds since the epoch, itself not included. */
  receivedBefore?: number
  receivedAfter?: number
  /** An enhanced status (`4.7.5`), the beginning of one (`4.7`), or a text in the reason, whatever its case. */
  reason?: string
  /** An address, whatever its case, or a domain for every address in it; '' is the null sender. */
  sender?: string
  recipient?: string
}

export interface QueuePage {
  /** Messages on a page: default 100, at most 1000. */
  limit?: number
  /** From the page before. */
  cursor?: string
}

export interface DestinationSummary {
  destination: string
  messages: number
  recipients: number
  /** When the oldest came, milliseconds since the epoch. */
  oldest: number
  /** The status that most of those that were tried have, and the reason of one of them; null: none was. */
  status: string | null
  reason: string | null
}

export interface Suspension {
  destination: string
  since: number
  /** null: until it is resumed by hand. */
  until: number | null
}

export interface QueueEntry {
  id: string
  reversePath: string
  size: number
  receivedAt: number
  recipients: QueueRecipient[]
}

export interface QueueRecipient {
  address: string
  destination: string
  state: 'waiting' | 'leased' | 'held' | 'delivered' | 'bounced'
  attempts: number
  dueAt: number
  status: string | null
  reason: string | null
}

export interface QueueDetail extends QueueEntry {
  origin: string
  options: MailOptions
  /** Oldest first. */
  history: {at: number; address: string; result: string; status: string | null; reason: string; evidence: unknown}[]
}

export interface QueueCounts {
  messages: number
  /** Those that are neither delivered nor bounced. */
  recipients: number
  due: number
  held: number
  /** Octets of bodies. */
  size: number
}
