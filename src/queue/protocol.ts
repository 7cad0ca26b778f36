import type {ExitCode} from '../mail/error.ts'
import {PosternError} from '../mail/error.ts'
import {messageOf} from './errors.ts'
import type {
  Ages,
  DestinationSummary,
  Lease,
  NewMessage,
  QueueCounts,
  QueueDetail,
  QueueEntry,
  QueueFilter,
  QueuePage,
  Settlement,
  Suspension,
} from './store.ts'

/** What the thread that has the sockets asks of the thread that has the database, and what it hears back. */

/** A body as the message's row has it: its octets, or the name of the segment file with them. */
export interface StoredBody {
  size: number
  /** CRC-32 of the octets. */
  crc: number
  octets: Uint8Array | null
  segment: string | null
}

/** A message that has its id and its body. */
export type InsertedMessage = NewMessage & {id: string; body: StoredBody}

/** A lease as far as the database has to know it. */
export type LeaseClaim = Pick<Lease, 'messageId' | 'token'> & {recipients: number[]}

export type StoredSettlement = Omit<Settlement, 'dsns'> & {dsns: InsertedMessage[]}

/** Operations that write. They share transactions, in the order in which they came. */
export interface Writes {
  insert(message: InsertedMessage): void
  settle(lease: LeaseClaim, settlement: StoredSettlement): void
  postpone(destination: string, until: number, ages: Ages, now: number): number
  advance(destination: string, postponedTo: number, now: number): number
  retryNow(filter: QueueFilter, now: number): number
  hold(filter: QueueFilter, now: number): number
  unhold(filter: QueueFilter, now: number): number
  remove(filter: QueueFilter, limit: number, now: number): number
  suspend(destination: string, until: number | null, now: number): void
  resume(destination: string, now: number): boolean
}

/** Operations that leave the file as it is. Leases are in memory. */
export interface Reads {
  claim(options: {
    now: number
    limit: number
    leaseMs: number
    exclude: string[]
    only?: QueueFilter
    perDestination?: number
  }): Lease[]
  renew(lease: LeaseClaim, until: number): void
  release(lease: LeaseClaim): void
  nextDue(): number | null
  body(messageId: string): StoredBody
  list(filter: QueueFilter & QueuePage, now: number): {messages: QueueEntry[]; cursor: string | null}
  summary(filter: QueueFilter, now: number): DestinationSummary[]
  suspensions(now: number): Suspension[]
  show(messageId: string, now: number): QueueDetail | null
  counts(now: number): QueueCounts
}

export type Operations = Writes & Reads
export type Operation = keyof Operations

export interface Call {
  call: number
  operation: Operation | 'close'
  args: unknown[]
}

export interface Answer {
  call: number
  value?: unknown
  error?: TransportedError
}

/** The worker's first word: it has the queue open, or why it could not. */
export interface Opened {
  opened: true
  error?: TransportedError
}

/** A structured clone would keep an error's message alone. */
export interface TransportedError {
  code: string
  message: string
  exit: ExitCode
  hints: readonly string[]
  persistence: 'temporary' | 'permanent'
  cause: string | null
}

/** An error as it crosses between threads, which keep neither its class nor its cause. */
export function packError(error: PosternError): TransportedError {
  const {code, message, exit, hints, persistence, cause} = error
  return {code, message, exit, hints, persistence, cause: cause === undefined ? null : messageOf(cause)}
}

/** The other end of `packError`. */
export function unpackError({code, message, cause, ...options}: TransportedError): PosternError {
  return new PosternError(code, message, {...options, cause: cause === null ? undefined : new Error(cause)})
}
