import {Administration} from './administration.ts'
import type {Database} from './database.ts'
import {Leases} from './leases.ts'
import {Listing} from './listing.ts'
import type {Messages} from './messages.ts'
import type {Operation, Operations} from './protocol.ts'
import {settle} from './settle.ts'

/** Every operation of the protocol on an open database. */
export function queueOperations(db: Database, messages: Messages): Operations {
  const leases = new Leases(db)
  const listing = new Listing(db)
  const administration = new Administration(db, messages)
  return {
    insert: (message) => messages.insert(message),
    settle: (lease, settlement) => settle({db, leases, messages}, lease, settlement),
    retryNow: (ids, now) => administration.retryNow(ids, now),
    hold: (ids) => administration.hold(ids),
    unhold: (ids) => administration.unhold(ids),
    remove: (ids) => administration.remove(ids),
    claim: (options) => leases.claim(options),
    renew: (lease, until) => leases.renew(lease, until),
    release: (lease) => leases.release(lease),
    nextDue: () => leases.nextDue(),
    body: (messageId) => messages.body(messageId),
    list: (filter, now) => listing.list(filter, now),
    show: (messageId, now) => listing.show(messageId, now),
    counts: (now) => listing.counts(now),
  }
}

const WRITES: readonly string[] = ['insert', 'settle', 'retryNow', 'hold', 'unhold', 'remove'] satisfies Operation[]

export function isWrite(operation: string): boolean {
  return WRITES.includes(operation)
}
