import type {Level} from '../policy/profile.ts'
import type {PathFacts, RelayEvent, RelayLog} from './log.ts'

/** How many, by the words that tell them apart. Every word comes from a short list of ours, so that the table stays small. */
export interface RelayTally {
  /** Messages taken in, by how they came. */
  received: {tls: 'clear' | 'tls' | 'verified'; messages: number; octets: number}[]
  /** Commands refused by policy, relaying or the queue, by the code of the reply. */
  rejected: {command: string; code: string; count: number}[]
  /** Recipients by what became of them, at which level, over what; null where no path was open. */
  recipients: {
    result: 'delivered' | 'deferred' | 'bounced'
    level: Level | null
    outcome: string | null
    count: number
  }[]
  /** Attempts that mail did not take, and what a rehearsed rule would have refused. */
  attempts: {level: Level; outcome: string; count: number}[]
  wouldRefuse: number
  wouldReject: number
  connections: {accepted: number; refused: number}
  dsns: {kind: string; count: number}[]
  authFailures: number
  /** Commands answered with 421, 450 or late, because a client asked for too much. */
  heldBack: number
  queueFailures: number
  reloadFailures: number
  faults: number
}

type Key = readonly (string | null)[]

/** Counts what the log tells, on its way there. */
export class Tally implements RelayLog {
  readonly #log: RelayLog
  readonly #counts = new Map<string, {key: Key; count: number; octets: number}>()

  constructor(log: RelayLog) {
    this.#log = log
  }

  event(event: RelayEvent): void {
    const {key, count = 1, octets = 0} = counted(event)
    this.#add(key, count, octets)
    this.#log.event(event)
  }

  /** A connection is no event: one a line would be too many. */
  connected(): void {
    this.#add(['connected'], 1, 0)
  }

  get counts(): RelayTally {
    return {
      received: this.#of('accepted').map(({key, count, octets}) => ({
        tls: key[1] as RelayTally['received'][number]['tls'],
        messages: count,
        octets,
      })),
      rejected: this.#of('rejected').map(({key, count}) => ({command: key[1]!, code: key[2]!, count})),
      recipients: (['delivered', 'deferred', 'bounced'] as const).flatMap((result) =>
        this.#of(result).map(({key, count}) => ({
          result,
          level: key[1] as Level | null,
          outcome: key[2] ?? null,
          count,
        })),
      ),
      attempts: this.#of('attempt').map(({key, count}) => ({level: key[1] as Level, outcome: key[2]!, count})),
      wouldRefuse: this.#sum('would-refuse'),
      wouldReject: this.#sum('would-reject'),
      connections: {accepted: this.#sum('connected'), refused: this.#sum('connection-refused')},
      dsns: this.#of('dsn').map(({key, count}) => ({kind: key[1]!, count})),
      authFailures: this.#sum('auth-failed'),
      heldBack: this.#sum('held-back'),
      queueFailures: this.#sum('queue-failed') + this.#sum('queue-full'),
      reloadFailures: this.#sum('reload-failed'),
      faults: this.#sum('fault'),
    }
  }

  #add(key: Key, count: number, octets: number): void {
    const name = key.join(' ')
    const found = this.#counts.get(name) ?? {key, count: 0, octets: 0}
    found.count += count
    found.octets += octets
    this.#counts.set(name, found)
  }

  #of(...first: string[]) {
    return [...this.#counts.values()].filter(({key}) => first.every((word, i) => key[i] === word))
  }

  #sum(...first: string[]): number {
    return this.#of(...first).reduce((sum, {count}) => sum + count, 0)
  }
}

function counted(event: RelayEvent): {key: Key; count?: number; octets?: number} {
  switch (event.event) {
    case 'accepted':
      return {key: [event.event, event.path.outcome], octets: event.size}
    case 'rejected':
      return {key: [event.event, event.command, event.reply.slice(0, 3)]}
    case 'delivered':
    case 'deferred':
    case 'bounced':
      return {key: [event.event, ...pathKey(event.path)]}
    case 'attempt':
      return {key: [event.event, ...pathKey(event.path)]}
    case 'dsn':
      return {key: [event.event, event.kind]}
    case 'connection-refused':
    case 'held-back':
      return {key: [event.event], count: event.count}
    default:
      return {key: [event.event]}
  }
}

function pathKey(path: PathFacts | null): Key {
  return path === null ? [null, null] : [path.level, path.outcome]
}
