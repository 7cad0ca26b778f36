import {Flags} from '@oclif/core'
import type {LogRecord} from '../../src/app/relay-log.ts'
import {relayLogs} from '../../src/app/relay-logs.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {durationOf} from '../../src/cli/queue-flags.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class RelayLogs extends BaseCommand {
  static override summary = 'show the log of the relay in the background'
  static override examples = [
    '<%= config.bin %> relay logs',
    '<%= config.bin %> relay logs --follow --since 1h',
    '<%= config.bin %> relay logs --queue 1M2P6WV5X0AB3CDE',
  ]

  static override flags = {
    follow: Flags.boolean({char: 'f', description: 'go on as the log grows, until ctrl-C'}),
    queue: Flags.string({description: 'lines about this message alone', helpValue: 'ID'}),
    since: Flags.string({description: 'events of that last while, such as 90s, 30m, 1h or 2d', helpValue: 'DURATION'}),
  }

  async run(): Promise<DocumentOf<'relay-logs'>> {
    const {flags} = await this.parse(RelayLogs)
    const end = new AbortController()
    if (flags.follow) process.once('SIGINT', () => end.abort())
    const records: LogRecord[] = []
    const world = await this.world()
    const from = flags.since === undefined ? undefined : world.now() - durationOf('since', flags.since)
    for await (const {text, record} of relayLogs(world, {...flags, since: from, signal: end.signal})) {
      if (!this.jsonEnabled()) this.print(text)
      else if (record) records.push(record)
    }
    return {schema: 'postern.relay-logs/1', records}
  }
}
