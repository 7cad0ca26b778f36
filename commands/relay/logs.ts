import {Flags} from '@oclif/core'
import type {LogRecord} from '../../src/app/relay-log.ts'
import {relayLogs} from '../../src/app/relay-logs.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {durationOf} from '../../src/cli/queue-flags.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class RelayLogs extends BaseCommand {
  static override summary = 'show the log of the relay in the background'
  static override description =
    `With --json the answer is one document with all records. With --follow it has no end: each record is written as it comes,
in a document of its own on a line of its own.`
  static override examples = [
    '<%= config.bin %> relay logs',
    '<%= config.bin %> relay logs --follow --since 1h',
    '<%= config.bin %> relay logs --queue 1M2P6WV5X0AB3CDE',
    '<%= config.bin %> relay logs --follow --json | jq .records[0].event',
  ]

  static override flags = {
    follow: Flags.boolean({
      char: 'f',
      description: 'go on as the log grows, until ctrl-C; with --json one document a line',
    }),
    queue: Flags.string({description: 'lines about this message alone', helpValue: 'ID'}),
    since: Flags.string({description: 'events of that last while, such as 90s, 30m, 1h or 2d', helpValue: 'DURATION'}),
  }

  #isWritten = false

  async run(): Promise<DocumentOf<'relay-logs'>> {
    const {flags} = await this.parse(RelayLogs)
    const end = new AbortController()
    if (flags.follow) process.once('SIGINT', () => end.abort())
    const records: LogRecord[] = []
    const world = await this.world()
    const from = flags.since === undefined ? undefined : world.now() - durationOf('since', flags.since)
    for await (const {text, record} of relayLogs(world, {...flags, since: from, signal: end.signal})) {
      if (!this.jsonEnabled()) this.print(text)
      else if (record && flags.follow) process.stdout.write(`${JSON.stringify(documentOf([record]))}\n`)
      else if (record) records.push(record)
    }
    this.#isWritten = flags.follow
    return documentOf(records)
  }

  /** Of a log that was followed there is nothing left to say. */
  override logJson(json: unknown): void {
    if (!this.#isWritten) super.logJson(json)
  }
}

function documentOf(records: LogRecord[]): DocumentOf<'relay-logs'> {
  return {schema: 'postern.relay-logs/1', records}
}
