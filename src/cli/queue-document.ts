import type {DestinationSummary, QueueDetail, QueueEntry, Suspension} from '../queue/store.ts'

/** A message of the queue as `--json` has it: times as ISO 8601, as everywhere in our documents. */
export function entryDocument(entry: QueueEntry) {
  return {
    ...entry,
    receivedAt: iso(entry.receivedAt),
    recipients: entry.recipients.map((recipient) => ({...recipient, dueAt: iso(recipient.dueAt)})),
  }
}

/** The same with its history. */
export function detailDocument({history, ...detail}: QueueDetail) {
  const {origin, options} = detail
  return {...entryDocument(detail), origin, options, history: history.map((event) => ({...event, at: iso(event.at)}))}
}

export function summaryDocument(summary: DestinationSummary) {
  return {...summary, oldest: iso(summary.oldest)}
}

export function suspensionDocument({destination, since, until}: Suspension) {
  return {destination, since: iso(since), until: until === null ? null : iso(until)}
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
