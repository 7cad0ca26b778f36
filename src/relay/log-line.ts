import {endpoint, hostEndpoint} from '../mail/address.ts'
import {printable} from '../mail/domain.ts'
import type {PathFacts, RelayEvent} from './log.ts'
import type {ReceivedPath} from './received-facts.ts'

/** An event as one line for people, without the time. Everything from outside is made safe to print. */
export function logLine(event: RelayEvent): string {
  return printable(words(event).filter(Boolean).join(' '), 2000)
}

/** `tls=secure:verified`, and what was negotiated; for a path that mail does not take, why. */
function tlsWords(path: PathFacts): string {
  const findings = path.outcome === 'refused' && path.findings.length > 0 ? `findings=${path.findings.join(',')}` : ''
  const reason = path.reason === null ? '' : `reason=${quoted(path.reason)}`
  const policy = policyWords(path.rule === null ? [] : [path.rule], [path.profile])
  const words = [`tls=${path.level}:${path.outcome}`, ...negotiated(path), policy, findings, reason]
  return words.filter(Boolean).join(' ')
}

/** `tls=encrypt:tls` and what was negotiated, for a message that came in; without a rule there is no level to name. */
function receivedWords(path: ReceivedPath): string {
  const level = path.level === null ? '' : `${path.level}:`
  const words = [`tls=${level}${path.outcome}`, ...negotiated(path), policyWords(path.rules, path.profiles)]
  return words.filter(Boolean).join(' ')
}

function negotiated({version, cipher, group, fingerprint}: PathFacts | ReceivedPath): (string | null)[] {
  return [version, cipher, group, fingerprint && `cert=sha256:${fingerprint}`]
}

function policyWords(rules: readonly string[], profiles: readonly string[]): string {
  const rule = rules.length === 0 ? '' : `rule=${rules.join(',')}`
  const profile = profiles.length === 0 ? '' : `profile=${profiles.join(',')}`
  return [rule, profile].filter(Boolean).join(' ')
}

function words(event: RelayEvent): (string | null | false)[] {
  switch (event.event) {
    case 'started':
      return [`${event.hostname} started, revision ${event.revision}, pid ${event.pid}`]
    case 'listening':
    case 'closed':
      return [`${event.event} ${endpoint(event)} (TLS: ${event.tls})`]
    case 'stopping':
    case 'stopped':
      return [`${event.event}: ${event.reason}`]
    case 'reloaded':
      return [`reloaded, revision ${event.revision}`]
    case 'reload-failed':
      return [`reload failed, keeping revision ${event.revision}: ${event.reason}`]
    case 'connection-refused':
    case 'held-back':
      return [`${event.client}: ${event.reason}`, ...countWords(event.count)]
    case 'rejected':
      return rejectedWords(event)
    case 'auth-failed':
      return [
        event.session,
        event.client,
        'auth-failed',
        event.mechanism,
        ...userWords(event.user),
        `reason=${quoted(event.reason)}`,
        ...countWords(event.count),
      ]
    case 'would-reject':
      return [
        event.session,
        event.client,
        'would-reject',
        policyWords(event.rule === null ? [] : [event.rule], [event.profile]),
        `reason=${quoted(event.reason)}`,
        ...countWords(event.count),
      ]
    case 'accepted':
      return acceptedWords(event)
    case 'attempt':
      return [event.queue, '→', event.destination, hostWords(event.path), tlsWords(event.path)]
    case 'would-refuse':
      return [event.queue, '→', event.destination, hostWords(event.path), 'would-refuse', tlsWords(event.path)]
    case 'delivered':
    case 'deferred':
    case 'bounced':
      return fateWords(event)
    case 'dsn':
      return [event.queue, `${event.kind} DSN about ${event.about} to <${event.to}>, ${event.recipients} recipient(s)`]
    case 'queue-failed':
      return [`queue failed: ${event.reason}; nothing is accepted until it works again`]
    case 'queue-full':
      return [`queue full: ${event.reason}; messages are answered 452 until there is room`]
    case 'queue-recovered':
      return [`queue works again: ${event.reason}`]
    case 'notice':
      return [event.reason, ...event.hints.map((hint) => `(hint: ${hint})`)]
    case 'lines-lost':
      return [`${event.lines} lines of this log could not be written`]
    case 'fault':
      return [`fault in ${event.where}: ${event.reason}`]
  }
}

/** What others said may hold quotation marks of its own: they are escaped as in JSON. */
function quoted(text: string): string {
  return JSON.stringify(text)
}

function countWords(count = 1): string[] {
  return count > 1 ? [`count=${count}`] : []
}

function userWords(user: string | null): string[] {
  return user === null ? [] : [`user=${quoted(user)}`]
}

function rejectedWords(event: Extract<RelayEvent, {event: 'rejected'}>): string[] {
  const {session, client, command, argument, reply, path, reason, count} = event
  const why = [`reply=${quoted(reply)}`, receivedWords(path), `reason=${quoted(reason)}`]
  return [session, client, command, argument, ...why, ...countWords(count)]
}

function acceptedWords(event: Extract<RelayEvent, {event: 'accepted'}>): string[] {
  const how = receivedWords(event.path)
  const from = `${event.client} (${event.hello ?? 'no name'})`
  const user = userWords(event.user)
  return [
    event.queue,
    '←',
    from,
    how,
    ...user,
    `from=<${event.from}>`,
    `recipients=${event.recipients}`,
    `size=${event.size}`,
  ]
}

function fateWords(event: Extract<RelayEvent, {event: 'delivered' | 'deferred' | 'bounced'}>): string[] {
  const path = event.path ? [hostWords(event.path), tlsWords(event.path)] : []
  const next = event.next === null ? '' : `next=${event.next}`
  // Where the path says why, the fate need not repeat it.
  const reason = event.path?.reason === event.reason ? '' : quoted(event.reason)
  return [event.queue, '→', event.recipient, ...path, event.event, event.status, reason, next]
}

function hostWords(path: PathFacts): string {
  return `${hostEndpoint(path)}${path.reused ? ' reused' : ''}${path.resumed ? ' resumed' : ''}`
}
