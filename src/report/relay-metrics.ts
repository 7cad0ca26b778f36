import {metricLines, type Sample} from './exposition.ts'
import type {DocumentOf} from './schema/documents.ts'

type Told = Extract<DocumentOf<'relay-status'>, {running: true}>
type Status = Omit<Told, 'schema' | 'running' | 'queue'> & {
  queue: Pick<NonNullable<Told['queue']>, 'messages' | 'recipients' | 'due' | 'held' | 'size'> | null
}

interface Metric {
  name: string
  type: 'gauge' | 'counter'
  help: string
  samples(status: Status): Sample[]
}

/**
 * Every label's values come from a short list of ours (levels, outcomes, commands, codes) or from the configuration:
 * nothing that a client or a partner sends makes a new series.
 */
const METRICS: readonly Metric[] = [
  {
    name: 'postern_relay_info',
    type: 'gauge',
    help: 'The configuration in force; always 1.',
    samples: ({revision, hostname}) => [{labels: {revision, hostname}, value: 1}],
  },
  gauge('start_time_seconds', 'When the relay started, seconds since 1970.', (s) => Date.parse(s.startedAt) / 1000),
  gauge('fit', 'Whether the relay can do its work: 1 yes, 0 no, as /healthz.', (s) => Number(s.problems.length === 0)),
  gauge('accepting', 'Whether mail is taken in.', ({accepting}) => Number(accepting)),
  gauge('listeners', 'Sockets it listens on.', ({listeners}) => listeners.length),
  gauge('sessions', 'Clients that are connected.', ({counters}) => counters.sessions),
  gauge('deliveries_active', 'Deliveries under way.', ({counters}) => counters.active),
  gauge(
    'sessions_idle',
    'Connections to partners that wait for another message.',
    ({counters}) => counters.idleSessions,
  ),
  gauge('config_reload_failed', 'Whether the configuration on disk is not the one in force.', ({reloadFailure}) =>
    Number(reloadFailure !== null),
  ),
  {
    name: 'postern_relay_connections_total',
    type: 'counter',
    help: 'Connections of clients, those turned away included.',
    samples: ({tally}) => [{labels: {}, value: tally.connections.accepted}],
  },
  counter('connections_refused_total', 'Connections turned away.', ({tally}) => tally.connections.refused),
  {
    name: 'postern_relay_messages_received_total',
    type: 'counter',
    help: 'Messages taken into the queue, by how they came: clear, tls, or verified by a client certificate.',
    samples: ({tally}) => tally.received.map(({tls, messages}) => ({labels: {tls}, value: messages})),
  },
  {
    name: 'postern_relay_received_bytes_total',
    type: 'counter',
    help: 'Octets of the messages taken into the queue.',
    samples: ({tally}) => tally.received.map(({tls, octets}) => ({labels: {tls}, value: octets})),
  },
  {
    name: 'postern_relay_rejections_total',
    type: 'counter',
    help: 'Commands refused, by the code of the reply.',
    samples: ({tally}) => tally.rejected.map(({count, ...labels}) => ({labels, value: count})),
  },
  {
    name: 'postern_relay_recipients_total',
    type: 'counter',
    help: 'Recipients by what became of them, with level and outcome of the path; both empty where no path was open.',
    samples: ({tally}) =>
      tally.recipients.map(({result, level, outcome, count}) => ({
        labels: {result, level: level ?? '', outcome: outcome ?? ''},
        value: count,
      })),
  },
  {
    name: 'postern_relay_attempts_failed_total',
    type: 'counter',
    help: 'Attempts at an address that mail did not take, by level and outcome.',
    samples: ({tally}) => tally.attempts.map(({count, ...labels}) => ({labels, value: count})),
  },
  counter('auth_failures_total', 'Failed attempts of clients to authenticate.', ({tally}) => tally.authFailures),
  counter('held_back_total', 'Times a client asked for more than its limits.', ({tally}) => tally.heldBack),
  counter('would_refuse_total', 'Attempts that a rehearsed rule would have refused.', ({tally}) => tally.wouldRefuse),
  counter(
    'would_reject_total',
    'Recipients that a rehearsed receiving rule would have rejected.',
    ({tally}) => tally.wouldReject,
  ),
  {
    name: 'postern_relay_dsns_total',
    type: 'counter',
    help: 'DSNs made, by kind.',
    samples: ({tally}) => tally.dsns.map(({kind, count}) => ({labels: {kind}, value: count})),
  },
  counter('queue_failures_total', 'Times the queue could not read or write.', ({tally}) => tally.queueFailures),
  counter('reload_failures_total', 'Times a configuration was not taken over.', ({tally}) => tally.reloadFailures),
  counter('faults_total', 'Faults of the relay itself.', ({tally}) => tally.faults),
  gauge('queue_messages', 'Messages in the queue; absent while it is not open.', ({queue}) => queue?.messages ?? null),
  {
    name: 'postern_relay_queue_recipients',
    type: 'gauge',
    help: 'Recipients in the queue: due now, held, or waiting for their time.',
    samples: ({queue}) => (queue === null ? [] : queueStates(queue)),
  },
  gauge('queue_bytes', 'Octets of the bodies in the queue.', ({queue}) => queue?.size ?? null),
  {
    name: 'postern_relay_certificate_not_after_timestamp_seconds',
    type: 'gauge',
    help: 'When the certificate of an identity expires, seconds since 1970.',
    samples: ({certificates, clientCertificate}) => {
      const all = [...certificates, ...(clientCertificate ? [clientCertificate] : [])]
      const byIdentity = new Map(all.map(({identity, notAfter}) => [identity, Date.parse(notAfter) / 1000]))
      return [...byIdentity].map(([identity, value]) => ({labels: {identity}, value}))
    },
  },
]

/** The status of a relay as Prometheus reads it. */
export function relayMetrics(status: Status): string {
  return `${METRICS.flatMap(({name, help, type, samples}) => metricLines(name, help, samples(status), type)).join('\n')}\n`
}

function queueStates({recipients, due, held}: NonNullable<Status['queue']>): Sample[] {
  const states = {due, held, waiting: recipients - due - held}
  return Object.entries(states).map(([state, value]) => ({labels: {state}, value}))
}

type One = (status: Status) => number | null

function gauge(name: string, help: string, of: One): Metric {
  return {name: `postern_relay_${name}`, type: 'gauge', help, samples: (status) => one(of(status))}
}

function counter(name: string, help: string, of: One): Metric {
  return {name: `postern_relay_${name}`, type: 'counter', help, samples: (status) => one(of(status))}
}

/** null: it cannot be told, and there is no sample. */
function one(value: number | null): Sample[] {
  return value === null ? [] : [{labels: {}, value}]
}
