import {Args, Flags} from '@oclif/core'
import {mailDomainText, parseMailDomain} from '../mail/address.ts'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import type {QueueFilter} from '../queue/store.ts'
import {parseDuration} from '../state/units.ts'

const STATES = ['due', 'waiting', 'held', 'leased'] as const

/** Which messages; several flags narrow it down. */
export const filterFlags = {
  domain: Flags.string({description: 'to this domain', helpValue: 'DOMAIN'}),
  state: Flags.string({description: 'in this state', options: STATES, helpValue: STATES.join('|')}),
  'older-than': Flags.string({description: 'that came longer ago than this, such as 4h', helpValue: 'DURATION'}),
  'newer-than': Flags.string({description: 'that came less long ago than this', helpValue: 'DURATION'}),
  reason: Flags.string({
    description: 'with this status (4.7.5, or 4.7 for all of them), or this text in the reason',
    helpValue: 'TEXT',
  }),
  sender: Flags.string({description: 'from this address or domain; "<>" for DSNs', helpValue: 'ADDRESS'}),
  recipient: Flags.string({description: 'to this address or domain', helpValue: 'ADDRESS'}),
}

export const choiceArgs = {
  id: Args.string({description: 'queue ids, as queue list prints them', multiple: true}),
}

/** For commands that change something. */
export const choiceFlags = {
  ...filterFlags,
  all: Flags.boolean({description: 'every message in the queue', exclusive: Object.keys(filterFlags)}),
}

export interface FilterFlags {
  domain?: string | undefined
  state?: string | undefined
  'older-than'?: string | undefined
  'newer-than'?: string | undefined
  reason?: string | undefined
  sender?: string | undefined
  recipient?: string | undefined
}

/** `now` in milliseconds, from which the ages count back. Throws `flag-invalid` (64). */
export function filterOf(flags: FilterFlags, now: number): QueueFilter {
  const {domain, state, reason, sender, recipient} = flags
  const [older, newer] = [flags['older-than'], flags['newer-than']]
  return {
    ...(domain !== undefined && {destination: destinationOf(domain)}),
    ...(state !== undefined && {state: state as (typeof STATES)[number]}),
    ...(older !== undefined && {receivedBefore: now - durationOf('older-than', older)}),
    ...(newer !== undefined && {receivedAfter: now - durationOf('newer-than', newer)}),
    ...(reason !== undefined && {reason}),
    ...(sender !== undefined && {sender: bare(sender)}),
    ...(recipient !== undefined && {recipient: bare(recipient)}),
  }
}

/**
 * The filter of a change. Throws (64) when nothing says what is meant, except for a retry: it costs nobody anything, and
 * alone means all.
 */
export function choiceOf(verb: string, ids: string[], flags: FilterFlags & {all: boolean}, now: number): QueueFilter {
  const filter = filterOf(flags, now)
  if (ids.length > 0 && flags.all) throw usage('ids and --all exclude each other', ['leave one of them out'])
  if (ids.length > 0) return {ids, ...filter}
  if (flags.all || verb === 'retry' || Object.keys(filter).length > 0) return filter
  throw new PosternError('argument-missing', `queue ${verb} needs to know which messages`, {
    exit: Exit.usage,
    hints: [
      `one: postern queue ${verb} ID, from postern queue list`,
      `those to a domain: postern queue ${verb} --domain example.mil`,
      `all of them: postern queue ${verb} --all`,
    ],
  })
}

/** A domain or an address literal as the queue has it. Throws (64). */
export function destinationOf(text: string): string {
  const domain = parseMailDomain(text)
  if (domain) return mailDomainText(domain)
  throw usage(`"${printable(text)}" is not a domain`, ['write it as it stands behind the @: example.mil'])
}

/** Milliseconds. Throws (64). */
export function durationOf(flag: string, text: string): number {
  const ms = parseDuration(text)
  if (ms !== null) return ms
  throw usage(`--${flag} "${printable(text)}" is not a duration`, ['write 90s, 27m, 4h or 5d'])
}

function bare(address: string): string {
  return /^<.*>$/.test(address) ? address.slice(1, -1) : address
}

function usage(message: string, hints: string[]): PosternError {
  return new PosternError('flag-invalid', message, {exit: Exit.usage, hints})
}
