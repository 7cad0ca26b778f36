import {type RelayReport, relayReport} from '../../src/app/relay-status.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {counted} from '../../src/cli/counted.ts'
import {suspensionDocument} from '../../src/cli/queue-document.ts'
import {size as octets} from '../../src/cli/queue-text.ts'
import {endpoint} from '../../src/mail/address.ts'
import {printable} from '../../src/mail/domain.ts'
import {Exit} from '../../src/mail/error.ts'
import type {Suspension} from '../../src/queue/store.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class RelayStatus extends BaseCommand {
  static override summary = 'show whether the relay runs, where it listens and what it has done'
  static override description = 'Exit 0 when it runs, 1 when it does not.'
  static override examples = ['<%= config.bin %> relay status', '<%= config.bin %> relay status --json']

  async run(): Promise<DocumentOf<'relay-status'>> {
    await this.parse(RelayStatus)
    const report = await relayReport(await this.world())
    if (report === null) {
      this.print('no relay runs on this data directory')
      this.exitWith(Exit.no)
      return {schema: 'postern.relay-status/1', running: false}
    }
    this.print(lines(report).join('\n'))
    const {queue} = report
    const shown = queue && {...queue, suspended: queue.suspended.map(suspensionDocument)}
    return {schema: 'postern.relay-status/1', running: true, ...report, queue: shown}
  }
}

function lines(report: RelayReport): string[] {
  const {counters, queue, reloadFailure, tally} = report
  const doors = report.listeners.map(({address, port, tls}) => `${address}:${port} (${tls})`)
  return [
    `relay      ${report.hostname}, pid ${report.pid}, up ${duration(report.uptime)}, revision ${report.revision}`,
    ...(reloadFailure ? failureLines(reloadFailure) : []),
    `listening  ${doors.join(', ') || 'nowhere'}${report.tls ? '' : '; TLS is switched off'}`,
    ...report.certificates.map(certificateWords),
    ...(report.clientCertificate ? [`${certificateWords(report.clientCertificate)}, for next hops that ask`] : []),
    `fit        ${report.problems.length === 0 ? 'yes' : `no: ${report.problems.map((one) => printable(one, 200)).join('; ')}`}`,
    ...(report.metrics ? [`metrics    http://${endpoint(report.metrics)}/metrics, /healthz`] : []),
    `sessions   ${counters.sessions} in, ${counters.active} deliveries under way, ${counters.idleSessions} idle out`,
    `mail       ${counters.accepted} accepted, ${rejected(tally)} rejected, ${counters.delivered} delivered, ${counters.deferred} deferred, ${counters.bounced} bounced`,
    ...recipientLines(tally),
    `clients    ${counted(tally.connections.accepted, 'connection')}, ${tally.connections.refused} refused`,
    `queue      ${queue ? queueWords(queue) : 'not open'}`,
    ...(queue?.suspended ?? []).map(suspendedWords),
    `log        ${report.logFile ?? 'standard output'}`,
  ]
}

function rejected({rejected: all}: RelayReport['tally']): number {
  return all.reduce((sum, {count}) => sum + count, 0)
}

/** `delivered  12 secure:verified, 3 preferred:clear`. */
function recipientLines({recipients}: RelayReport['tally']): string[] {
  const by = Map.groupBy(recipients, ({result}) => result)
  return [...by].map(([result, all]) => {
    const words = all.map(
      ({level, outcome, count}) => `${count} ${level === null ? 'without a path' : `${level}:${outcome}`}`,
    )
    return `${result.padEnd(10)} ${words.join(', ')}`
  })
}

function certificateWords({identity, notAfter, daysLeft}: RelayReport['certificates'][number]): string {
  const left = daysLeft < 0 ? 'expired' : `${counted(Math.floor(daysLeft), 'day')} left`
  return `identity   ${identity}, until ${notAfter.slice(0, 10)}, ${left}`
}

/** The directory no longer says what the relay does: the second thing to read, after which relay it is. */
function failureLines({since, reason, hints}: NonNullable<RelayReport['reloadFailure']>): string[] {
  return [
    `config     cannot be taken over since ${since}; the revision above stays in force`,
    `           ${printable(reason, 500)}`,
    ...hints.map((hint) => `           hint: ${printable(hint, 500)}`),
  ]
}

function queueWords({messages, recipients, due, held, size}: NonNullable<RelayReport['queue']>): string {
  return `${counted(messages, 'message')}, ${counted(recipients, 'recipient')}, ${due} due, ${held} held, ${octets(size)}`
}

function suspendedWords({destination, until}: Suspension): string {
  return `suspended  ${destination}, until ${until === null ? 'queue resume' : new Date(until).toISOString()}`
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const [days, hours, minutes] = [
    Math.floor(seconds / 86400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ]
  if (days > 0) return `${days}d${hours}h`
  if (hours > 0) return `${hours}h${minutes}m`
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`
}
