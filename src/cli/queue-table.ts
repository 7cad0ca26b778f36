import {printable} from '../mail/domain.ts'
import type {QueueDetail, QueueEntry} from '../queue/store.ts'

/** `postern queue list` for people: one line a message, one below it a recipient. */
export function queueLines(messages: QueueEntry[], now: number): string[] {
  return messages.flatMap((message) => [
    `${message.id}  ${age(now - message.receivedAt)}  ${message.size} octets  from <${printable(message.reversePath)}>`,
    ...message.recipients.map((recipient) => `  ${recipientLine(recipient, now)}`),
  ])
}

/** `postern queue show ID` for people. */
export function detailLines(detail: QueueDetail, now: number): string[] {
  return [
    `id        ${detail.id}`,
    `from      <${printable(detail.reversePath)}>`,
    `received  ${new Date(detail.receivedAt).toISOString()} from ${printable(detail.origin)}`,
    `size      ${detail.size} octets`,
    'recipients',
    ...detail.recipients.map((recipient) => `  ${recipientLine(recipient, now)}`),
    ...(detail.history.length > 0 ? ['history'] : []),
    ...detail.history.map(({at, address, result, status, reason}) => {
      const time = new Date(at).toISOString()
      return `  ${time} ${printable(address)} ${result} ${status ?? ''} ${printable(reason, 500)}`
    }),
  ]
}

function recipientLine(
  {address, state, attempts, dueAt, status, reason}: QueueEntry['recipients'][number],
  now: number,
) {
  const next = state === 'waiting' ? (dueAt <= now ? ', due now' : `, next in ${age(dueAt - now)}`) : ''
  const why = reason === null ? '' : `: ${status ?? ''} ${printable(reason, 500)}`
  return `${printable(address)}  ${state}, ${attempts} attempt${attempts === 1 ? '' : 's'}${next}${why}`
}

function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)}m`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)}h` : `${Math.round(seconds / 86_400)}d`
}
