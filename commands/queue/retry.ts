import {QueueCommand} from '../../src/cli/queue-command.ts'
import {choiceArgs, choiceFlags} from '../../src/cli/queue-flags.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueRetry extends QueueCommand {
  static override summary = 'try messages again now instead of when they are due; all of them when none is named'
  static override examples = [
    '<%= config.bin %> queue retry 1M2P6WV5X0AB3CDE',
    '<%= config.bin %> queue retry --domain example.mil',
    '<%= config.bin %> queue retry',
  ]

  static override args = choiceArgs
  static override flags = choiceFlags

  async run(): Promise<DocumentOf<'queue-retry'>> {
    const {args, flags} = await this.parse(QueueRetry)
    return this.change('retry', args.id ?? [], flags)
  }
}
