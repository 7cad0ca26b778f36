import {printable} from '../mail/domain.ts'
import type {QueueDetail, QueueEntry, QueueRecipient, Suspension} from '../queue/store.ts'
import {hanging} from '../report/layout.ts'
import {counted} from './counted.ts'
import {evidenceLines} from './queue-evidence.ts'

/** `width`: columns of the terminal; null in a pipe, where a recipient and its reason are one line. */
export interface QueueView {
  now: number
  width: number | null
  suspensions: readonly Suspension[]
}

/** `postern queue list` for people: a line a message, below it its recipients. */
export function queueLines(messages: QueueEntry[], view: QueueView): string[] {
  return messages.flatMap((message) => [
    ...fitting(
      `${message.id}  ${age(view.now - message.receivedAt)}  ${size(message.size)}`,
      `from <${printable(message.reversePath)}>`,
      view.width,
    ),
    ...message.recipients.flatMap((recipient) => recipientLines(recipient, view)),
  ])
}

export interface ShownMessage {
  detail: QueueDetail
  headers: Buffer
  damage: string | null
}

/** `postern queue show ID` for people. */
export function detailLines({detail, headers, damage}: ShownMessage, view: QueueView): string[] {
  const {now, width} = view
  return [
    `id        ${detail.id}`,
    `from      <${printable(detail.reversePath)}>`,
    `received  ${time(detail.receivedAt)} (${age(now - detail.receivedAt)} ago) from ${printable(detail.origin)}`,
    `size      ${counted(detail.size, 'octet')}`,
    ...(damage === null ? [] : said('DAMAGED   ', `body-corrupt: ${damage}; it is never delivered`, width)),
    ...optionLines(detail),
    'recipients',
    ...detail.recipients.flatMap((recipient) => recipientLines(recipient, view)),
    ...(detail.history.length > 0 ? ['history'] : []),
    ...detail.history.flatMap(({at, address, result, status, reason, evidence}) => {
      const head = `  ${time(at)} `
      const text = `${printable(address)} ${result} ${status === null ? '' : `${status} `}${printable(reason, 500)}`
      return [...said(head, text, width), ...evidenceLines(evidence).flatMap((line) => said('    ', line, width))]
    }),
    ...headerLines(headers),
  ]
}

const MOST_HEADER_LINES = 40

function headerLines(headers: Buffer): string[] {
  const lines = headers.toString('utf8').split(/\r?\n/).filter(Boolean)
  if (lines.length === 0) return []
  const more = lines.length - MOST_HEADER_LINES
  return [
    'headers',
    ...lines.slice(0, MOST_HEADER_LINES).map((line) => `  ${printable(line.replaceAll('\t', ' '), 500)}`),
    ...(more > 0 ? [`  and ${counted(more, 'line')} more: --headers`] : []),
  ]
}

function optionLines({options}: QueueDetail): string[] {
  const words = [
    ...(options.body ? [options.body] : []),
    ...(options.smtputf8 ? ['SMTPUTF8'] : []),
    ...(options.requireTls ? ['REQUIRETLS'] : []),
    ...(options.ret ? [`RET=${options.ret.toUpperCase()}`] : []),
    ...(options.envid ? [`ENVID=${printable(options.envid)}`] : []),
  ]
  return words.length > 0 ? [`options   ${words.join(' ')}`] : []
}

function recipientLines(recipient: QueueRecipient, view: QueueView): string[] {
  const {address, attempts, status, reason} = recipient
  const words = `${stateWords(recipient, view)}, ${counted(attempts, 'attempt')}${next(recipient, view)}`
  const lines = fitting(`  ${printable(address)}`, words, view.width)
  if (reason === null) return lines
  const why = `${status === null ? '' : `${status} `}${printable(reason, 500)}`
  return view.width === null ? [`${lines[0]}: ${why}`] : [...lines, ...said('    ', why, view.width)]
}

function stateWords({state, destination}: QueueRecipient, {suspensions, now}: QueueView): string {
  const suspension = suspensions.find((one) => one.destination === destination)
  if (state !== 'waiting' || !suspension) return state
  return `suspended${suspension.until === null ? '' : ` for ${age(suspension.until - now)} more`}`
}

function next({state, dueAt, destination}: QueueRecipient, {suspensions, now}: QueueView): string {
  if (state !== 'waiting' || suspensions.some((one) => one.destination === destination)) return ''
  return dueAt <= now ? ', due now' : `, next in ${age(dueAt - now)}`
}

/** What does not fit beside an address goes below it: an address stays whole, so that it can be copied. */
function fitting(head: string, text: string, width: number | null): string[] {
  const line = `${head}  ${text}`
  return width === null || line.length <= width ? [line] : [head, ...hanging('    ', text, width)]
}

function said(head: string, text: string, width: number | null): string[] {
  return width === null ? [`${head}${text}`] : hanging(head, text, width)
}

/** Milliseconds in the largest unit that says enough: `90s`, `27m`, `4h`, `5d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)}m`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)}h` : `${Math.round(seconds / 86_400)}d`
}

export function size(octets: number): string {
  if (octets < 1024) return counted(octets, 'octet')
  return octets < 1024 ** 2 ? `${Math.round(octets / 1024)} KiB` : `${(octets / 1024 ** 2).toFixed(1)} MiB`
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
