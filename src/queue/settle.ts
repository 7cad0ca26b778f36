import type {Database} from './database.ts'
import {queueMisuse} from './errors.ts'
import type {Leases} from './leases.ts'
import type {Messages} from './messages.ts'
import type {LeaseClaim, StoredSettlement} from './protocol.ts'
import {State} from './schema.ts'
import type {RecipientSettlement} from './store.ts'

/** What an attempt came to, recipient by recipient, with the DSNs it causes. Runs inside one transaction. */
export function settle(
  {db, leases, messages}: {db: Database; leases: Leases; messages: Messages},
  lease: LeaseClaim,
  {at, recipients, dsns}: StoredSettlement,
): void {
  const held = recipients.map((settlement) => ({settlement, ...leases.check(lease, settlement.id)}))
  for (const {settlement, sequence, address} of held) {
    updateRecipient(db, settlement)
    db.run(
      'INSERT INTO history (message, at, address, result, status, reason, evidence) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[sequence, at, address, settlement.result, settlement.status, settlement.reason],
      settlement.evidence === undefined ? null : JSON.stringify(settlement.evidence),
    )
    db.run('DELETE FROM lease WHERE recipient = ?', settlement.id)
  }
  for (const dsn of dsns) messages.insert(dsn)
  for (const sequence of new Set(held.map((recipient) => recipient.sequence))) messages.deleteIfDone(sequence)
}

function updateRecipient(db: Database, {id, result, status, reason, nextDueAt, warned}: RecipientSettlement): void {
  if (result !== 'deferred') {
    db.run(
      'UPDATE recipient SET state = ?, attempts = attempts + 1, status = ?, reason = ? WHERE id = ?',
      ...[State[result], status, reason, id],
    )
    return
  }
  if (nextDueAt === undefined) throw queueMisuse('a deferral needs the time of the next attempt')
  // The state stays as it is: a recipient that was put on hold during the attempt is on hold after it.
  db.run(
    `UPDATE recipient SET attempts = attempts + 1, due_at = ?, warned = max(warned, ?), status = ?, reason = ?
     WHERE id = ?`,
    ...[nextDueAt, warned ? 1 : 0, status, reason, id],
  )
}

/**
 * Whether its caller may only hear of it when it is on disk. A crash that undoes a plain delivery costs a duplicate,
 * never a loss; so its caller need not wait, and can use the connection for the next message.
 */
export function mustBeDurable({recipients, dsns}: StoredSettlement): boolean {
  return dsns.length > 0 || recipients.some(({result}) => result !== 'delivered')
}
