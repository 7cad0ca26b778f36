import {Args} from '@oclif/core'
import {QueueCommand} from '../../src/cli/queue-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueRetry extends QueueCommand {
  static override summary = 'try messages again now instead of when they are due'
  static override examples = ['<%= config.bin %> queue retry', '<%= config.bin %> queue retry 1M2P6WV5X0AB3CDE']

  static override args = {
    id: Args.string({description: 'queue ids; none: every message', multiple: true}),
  }

  async run(): Promise<DocumentOf<'queue-retry'>> {
    const {args} = await this.parse(QueueRetry)
    const ids = args.id ?? []
    return this.change('retry', ids, true)
  }
}
