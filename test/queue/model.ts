import type {Lease, QueueCounts, QueueRecipient, RecipientSettlement} from '../../src/queue/store.ts'

export interface ModelRecipient {
  address: string
  destination: string
  state: 'waiting' | 'held' | 'delivered' | 'bounced'
  dueAt: number
  attempts: number
  warned: boolean
  lease: {token: number; expiresAt: number} | null
}

/** What a queue must seem to be, in a few lines and without a disk. Ids and tokens are those of the queue under test. */
export class QueueModel {
  now = 1000
  /** In the order of arrival. */
  readonly messages = new Map<string, ModelRecipient[]>()
  /** Every lease ever given, also those that are void. */
  leases: Lease[] = []

  claimable(limit: number, exclude: string[]): {id: string; destination: string; addresses: string[]}[] {
    const order = [...this.messages.keys()]
    const due = [...this.messages].flatMap(([id, recipients]) =>
      recipients
        .filter((r) => this.#isFree(r) && r.dueAt <= this.now && !exclude.includes(r.destination))
        .map((recipient) => ({id, recipient})),
    )
    due.sort(
      (a, b) =>
        a.recipient.dueAt - b.recipient.dueAt ||
        order.indexOf(a.id) - order.indexOf(b.id) ||
        (a.recipient.destination < b.recipient.destination ? -1 : 1),
    )
    const keys = [...new Set(due.map(({id, recipient}) => `${id} ${recipient.destination}`))].slice(0, limit)
    return keys.map((key) => {
      const [id, destination] = key.split(' ') as [string, string]
      const batch = this.messages.get(id)!.filter((r) => due.some(({recipient}) => recipient === r))
      return {id, destination, addresses: batch.filter((r) => r.destination === destination).map((r) => r.address)}
    })
  }

  lease(lease: Lease): void {
    this.leases.push(lease)
    for (const recipient of this.leased(lease)) recipient.lease = {token: lease.token, expiresAt: lease.expiresAt}
  }

  /** The recipients that the lease names, as far as the message is there. */
  leased(lease: Lease): ModelRecipient[] {
    const named = lease.recipients.map(({address}) => address)
    return this.messages.get(lease.messageId)?.filter((r) => named.includes(r.address)) ?? []
  }

  holds(lease: Lease): boolean {
    const recipients = this.leased(lease)
    return recipients.length > 0 && recipients.every((r) => r.lease?.token === lease.token)
  }

  settle(lease: Lease, settlements: RecipientSettlement[]): void {
    for (const [n, recipient] of this.leased(lease).entries()) {
      const {result, nextDueAt, warned} = settlements[n]!
      recipient.attempts += 1
      recipient.lease = null
      if (result !== 'deferred') recipient.state = result
      else Object.assign(recipient, {dueAt: nextDueAt, warned: recipient.warned || warned === true})
    }
    const open = this.messages.get(lease.messageId)!.some(({state}) => state === 'waiting' || state === 'held')
    if (!open) this.messages.delete(lease.messageId)
  }

  /** Recipients of these messages, or of all. */
  of(ids: string[]): ModelRecipient[] {
    const chosen = ids.length === 0 ? [...this.messages.keys()] : ids
    return chosen.flatMap((id) => this.messages.get(id) ?? [])
  }

  isLeased({lease}: ModelRecipient): boolean {
    return lease !== null && lease.expiresAt > this.now
  }

  #isFree(recipient: ModelRecipient): boolean {
    return recipient.state === 'waiting' && !this.isLeased(recipient)
  }

  seen(): {id: string; recipients: Omit<QueueRecipient, 'status' | 'reason'>[]}[] {
    return [...this.messages].map(([id, recipients]) => ({
      id,
      recipients: recipients.map((r) => ({
        address: r.address,
        destination: r.destination,
        state: this.isLeased(r) ? 'leased' : r.state,
        attempts: r.attempts,
        dueAt: r.dueAt,
      })),
    }))
  }

  nextDue(): number | null {
    const waiting = this.of([]).filter(({state}) => state === 'waiting')
    const times = waiting.map(({dueAt, lease}) => Math.max(dueAt, lease?.expiresAt ?? 0))
    return times.length > 0 ? Math.min(...times) : null
  }

  counts(): Omit<QueueCounts, 'size'> {
    const all = this.of([])
    return {
      messages: this.messages.size,
      recipients: all.filter(({state}) => state === 'waiting' || state === 'held').length,
      due: all.filter((r) => this.#isFree(r) && r.dueAt <= this.now).length,
      held: all.filter((r) => r.state === 'held' && !this.isLeased(r)).length,
    }
  }
}
