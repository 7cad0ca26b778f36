import {QueueCommand} from '../../src/cli/queue-command.ts'
import {choiceArgs, choiceFlags} from '../../src/cli/queue-flags.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueHold extends QueueCommand {
  static override summary = 'keep messages back until they are released'
  static override examples = [
    '<%= config.bin %> queue hold 1M2P6WV5X0AB3CDE',
    '<%= config.bin %> queue hold --sender batch@example.org',
    '<%= config.bin %> queue hold --all',
  ]

  static override args = choiceArgs
  static override flags = choiceFlags

  async run(): Promise<DocumentOf<'queue-hold'>> {
    const {args, flags} = await this.parse(QueueHold)
    return this.change('hold', args.id ?? [], flags)
  }
}
