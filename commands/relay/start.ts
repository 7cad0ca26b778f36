import {resolve} from 'node:path'
import {Flags} from '@oclif/core'
import {passedSockets} from '../../src/app/activation.ts'
import {tellStarter} from '../../src/app/detach.ts'
import {detachRelay} from '../../src/app/relay-detach.ts'
import {fileLog, isJournal, journalLog, jsonLog, logLimits, readableLog} from '../../src/app/relay-log.ts'
import type {RunningRelay} from '../../src/app/start-relay.ts'
import type {AppWorld} from '../../src/app/world.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {describeError} from '../../src/cli/errors.ts'
import type {RelayLog} from '../../src/relay/log.ts'
import type {RelayStatus} from '../../src/relay/relay.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class RelayStart extends BaseCommand {
  static override summary = 'start the relay: receive, queue and deliver mail'
  static override description =
    `In the foreground it logs to the terminal, to the journal as lines with a priority, or as JSON lines where stdout is
neither. It ends with ctrl-C or SIGTERM, after deliveries under way have ended or gone back into the queue; a second
signal does not wait for them. SIGHUP reads the configuration and opens the log file anew. Started by root with user: in
relay.yaml it becomes that user once its ports are bound. Sockets that systemd passes (LISTEN_FDS) stand for the listeners
with the same address and port.`
  static override examples = [
    '<%= config.bin %> relay start',
    '<%= config.bin %> relay start --detach',
    '<%= config.bin %> relay start --log /var/log/postern.log',
  ]

  static override flags = {
    detach: Flags.boolean({description: 'run in the background; returns when it listens', exclusive: ['log']}),
    log: Flags.string({
      description: 'write the log to this file, as JSON lines; it is rotated by size (log: in relay.yaml)',
      helpValue: 'FILE',
    }),
  }

  async run(): Promise<DocumentOf<'relay-start'>> {
    const {flags} = await this.parse(RelayStart)
    return flags.detach ? this.#detach() : this.#stay(flags.log)
  }

  async #detach(): Promise<DocumentOf<'relay-start'>> {
    const {pid, logFile, status} = await detachRelay(await this.world(), [
      process.execPath,
      ...process.execArgv,
      process.argv[1]!,
    ])
    this.print(`relay started, pid ${pid}, revision ${status.revision}\n${listening(status)}\nlog        ${logFile}`)
    return {schema: 'postern.relay-start/1', pid, logFile, revision: status.revision, listeners: status.listeners}
  }

  async #stay(logFile: string | undefined): Promise<DocumentOf<'relay-start'>> {
    try {
      const world = await this.world()
      const {startRelay} = await import('../../src/app/start-relay.ts')
      const log = await this.#log(logFile, world)
      const inherited = passedSockets(process.env, process.pid)
      const relay = await startRelay(world, {log, logFile: logFile ?? null, inherited})
      this.#heed(relay, log)
      tellStarter<RelayStatus>({ready: relay.status()})
      await relay.ended
      // Whatever still hangs on this process, its work is done.
      setTimeout(() => process.exit(), 3_000).unref()
      return {schema: 'postern.relay-start/1', pid: process.pid, logFile: logFile ?? null, stopped: true}
    } catch (error) {
      tellStarter({error: describeError(error)})
      throw error
    }
  }

  async #log(file: string | undefined, world: AppWorld): Promise<RelayLog & {reopen?(): void}> {
    if (file !== undefined) return fileLog(resolve(file), await logLimits(world))
    // Under --json stdout holds the one document.
    if (this.jsonEnabled()) return jsonLog(2)
    if (isJournal(1, process.env.JOURNAL_STREAM)) return journalLog((line) => this.log(line))
    return process.stdout.isTTY ? readableLog((line) => this.log(line)) : jsonLog(1)
  }

  #heed(relay: RunningRelay, log: {reopen?(): void}): void {
    let asked = 0
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => (asked++ === 0 ? void relay.stop(signal) : relay.hurry()))
    }
    process.on('SIGHUP', () => {
      log.reopen?.()
      // What went wrong is in the log.
      relay.reload().catch(() => {})
    })
  }
}

function listening({listeners}: RelayStatus): string {
  const doors = listeners.map(
    ({address, port, tls}) => `${address.includes(':') ? `[${address}]` : address}:${port} (${tls})`,
  )
  return `listening  ${doors.join(', ') || 'nowhere'}`
}
