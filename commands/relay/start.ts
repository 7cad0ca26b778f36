import {openSync} from 'node:fs'
import {Flags} from '@oclif/core'
import {type DetachedWord, detachRelay} from '../../src/app/relay-detach.ts'
import {jsonLog, readableLog} from '../../src/app/relay-log.ts'
import type {RunningRelay} from '../../src/app/start-relay.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {describeError} from '../../src/cli/errors.ts'
import type {RelayLog} from '../../src/relay/log.ts'
import type {RelayStatus} from '../../src/relay/relay.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class RelayStart extends BaseCommand {
  static override summary = 'start the relay: receive, queue and deliver mail'
  static override description =
    `In the foreground it logs to the terminal (JSON lines where stdout is no terminal) and ends with ctrl-C, after
deliveries under way have ended or gone back into the queue. SIGHUP reads the configuration anew.`
  static override examples = [
    '<%= config.bin %> relay start',
    '<%= config.bin %> relay start --detach',
    '<%= config.bin %> relay start --log /var/log/postern.log',
  ]

  static override flags = {
    detach: Flags.boolean({description: 'run in the background; returns when it listens', exclusive: ['log']}),
    log: Flags.string({description: 'append the log to this file, as JSON lines', helpValue: 'FILE'}),
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
      const log = await this.#log(logFile)
      const relay = await startRelay(world, {log, logFile: logFile ?? null})
      this.#heed(relay)
      tellParent({ready: relay.status()})
      await relay.ended
      // Whatever still hangs on this process, its work is done.
      setTimeout(() => process.exit(), 3_000).unref()
      return {schema: 'postern.relay-start/1', pid: process.pid, logFile: logFile ?? null, stopped: true}
    } catch (error) {
      tellParent({error: describeError(error)})
      throw error
    }
  }

  async #log(file: string | undefined): Promise<RelayLog> {
    if (file !== undefined) return jsonLog(openSync(file, 'a', 0o600))
    // Under --json stdout holds the one document.
    if (this.jsonEnabled()) return jsonLog(2)
    return process.stdout.isTTY ? readableLog((line) => this.log(line)) : jsonLog(1)
  }

  #heed(relay: RunningRelay): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void relay.stop(signal))
    // What went wrong is in the log.
    process.on('SIGHUP', () => void relay.reload().catch(() => {}))
  }
}

/** `relay start --detach` waits for one word, and is gone after it. */
function tellParent(word: DetachedWord): void {
  if (process.connected) process.send?.(word, () => process.connected && process.disconnect())
}

function listening({listeners}: RelayStatus): string {
  const doors = listeners.map(
    ({address, port, tls}) => `${address.includes(':') ? `[${address}]` : address}:${port} (${tls})`,
  )
  return `listening  ${doors.join(', ') || 'nowhere'}`
}
