import {Administration} from './administration.ts'
import type {Database} from './database.ts'
import {Leases} from './leases.ts'
import {Listing} from './listing.ts'
import type {Messages} from './messages.ts'
import {Postponement} from './postponement.ts'
import type {Operation, Operations} from './protocol.ts'
import {settle} from './settle.ts'
import {Suspensions} from './suspensions.ts'

/** Every operation of the protocol on an open database. */
export function queueOperations(db: Database, messages: Messages): Operations {
  const leases = new Leases(db)
  const listing = new Listing(db)
  const administration = new Administration(db, messages)
  const postponement = new Postponement(db)
  const suspensions = new Suspensions(db)
  return {
    insert: (message) => messages.insert(message),
    settle: (lease, settlement) => settle({db, leases, messages}, lease, settlement),
    postpone: (destination, until, ages, now) => postponement.postpone(destination, until, ages, now),
    advance: (destination, postponedTo, now) => postponement.advance(destination, postponedTo, now),
    retryNow: (filter, now) => administration.retryNow(filter, now),
    hold: (filter, now) => administration.hold(filter, now),
    unhold: (filter, now) => administration.unhold(filter, now),
    remove: (filter, limit, now) => administration.remove(filter, limit, now),
    suspend: (destination, until, now) => suspensions.suspend(destination, until, now),
    resume: (destination, now) => suspensions.resume(destination, now),
    claim: (options) => leases.claim(options),
    renew: (lease, until) => leases.renew(lease, until),
    release: (lease) => leases.release(lease),
    nextDue: () => leases.nextDue(),
    body: (messageId) => messages.body(messageId),
    list: (filter, now) => listing.list(filter, now),
    summary: (filter, now) => listing.summary(filter, now),
    suspensions: (now) => suspensions.inForce(now),
    show: (messageId, now) => listing.show(messageId, now),
    counts: (now) => listing.counts(now),
  }
}

const WRITES: readonly string[] = [
  'insert',
  'settle',
  'postpone',
  'advance',
  'retryNow',
  'hold',
  'unhold',
  'remove',
  'suspend',
  'resume',
] satisfies Operation[]

/** Whether it goes through the group commit. */
export function isWrite(operation: string): boolean {
  return WRITES.includes(operation)
}
